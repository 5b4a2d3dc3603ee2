"""Many mailboxes connected at once, while the processes that do it die."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.store.records import CalendarKey, DueKind
from tests.journeys.scene import Customer, Scene, eventually
from tests.stack import LEASE_SECONDS

PEOPLE, EVENTS, KILLS = 16, 10, 3
PATIENCE = 120.0


class Rolling:
    """A rollout on its way, in a world in which lost messages are missed at once."""

    def __init__(self, scene: Scene, customer: Customer, name: str) -> None:
        self.scene, self.customer, self.name = scene, customer, name

    async def shown(self) -> dict[str, Any]:
        answer = await self.customer.api("GET", f"/rollouts/{self.name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def watched(self) -> Counter[str]:
        """How many subscriptions there are, by mailbox."""
        found = await self.scene.control("GET", f"/subscriptions?tenant={self.customer.entra}")
        return Counter(one["userId"] for one in found["value"])

    async def die_at(self, count: int) -> None:
        """As soon as so many mailboxes are subscribed."""

        async def look() -> bool:
            await self.let_time_pass()
            return len(await self.watched()) >= count

        await eventually(look, f"{count} mailboxes are subscribed", PATIENCE)
        await asyncio.to_thread(self.scene.stack.kill_app)
        await self.free_lease()
        await asyncio.to_thread(self.scene.stack.start_app)

    async def free_lease(self) -> None:
        """That of the dead process is over."""
        now = datetime.now(UTC)
        place = CalendarKey(self.customer.name, f"rollout-{self.name}")
        lease = await self.scene.store.acquire(place, "time", now + timedelta(hours=1), 0)
        assert lease
        await self.scene.store.release(lease)

    async def let_time_pass(self) -> None:
        """Whose worker has died is missed now, and not in a minute."""
        now = datetime.now(UTC)
        for kind in (DueKind.WORK, DueKind.ROLLOUT):
            for due in await self.scene.store.due(kind, now + timedelta(hours=2)):
                if due.name.startswith(f"{self.customer.name}~"):
                    await self.scene.store.remind(replace(due, at=now - timedelta(minutes=5)))
                    await self.scene.store.forget(due)
        await self.scene.run("sweep")
        await asyncio.sleep(LEASE_SECONDS / 5)

    async def done(self) -> dict[str, Any]:
        async def look() -> Any:
            await self.let_time_pass()
            shown = await self.shown()
            return shown if shown["state"] == "done" else None

        return await eventually(look, "the rollout is done", PATIENCE)


async def begun(scene: Scene) -> Rolling:
    customer = await scene.customer(policy={"backfill": "window"})
    crowd = {"tenant": customer.entra, "people": PEOPLE, "events": EVENTS}
    await scene.control("POST", "/population", crowd)
    link = await scene.consent_link(customer, "organisation")
    page = await scene.consent(link["url"], customer.address("root"))
    assert page.status_code == 200, page.text
    answer = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    assert answer.status_code in {201, 202}, answer.text
    return Rolling(scene, customer, answer.json()["id"])


@pytest.mark.long
async def test_a_rollout_that_is_killed_three_times_connects_everybody_once(scene: Scene):
    """Everybody is live with one subscription, each event is one appointment, and what was told
    was told once.
    """
    rolling = await begun(scene)
    for count in sorted(random.sample(range(1, PEOPLE), KILLS)):
        await rolling.die_at(count)
    shown = await rolling.done()
    everybody = PEOPLE + 1  # and the administrator

    assert shown["mailboxes"]["by_stage"]["live"] == everybody == shown["mailboxes"]["total"]
    assert list((await rolling.watched()).values()) == [1] * everybody
    await rolling.customer.idle()
    changes = await rolling.customer.changes()
    told = Counter((one["type"], one["subject"], str(one["data"])) for one in changes)
    assert max(told.values()) == 1
    subjects = Counter(one["subject"] for one in changes if one["type"].endswith("calendar.state"))
    assert len(await rolling.customer.appointments()) == PEOPLE * EVENTS
    assert subjects == dict.fromkeys(subjects, 1)
