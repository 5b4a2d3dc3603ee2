"""A stage on which mailboxes are connected by a rollout, and subscriptions are real."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from local.twin.notify import Notifier
from local.twin.world import Person
from shared.errors import TryAgain
from shared.onboarding.rollouts import requests, worker
from shared.onboarding.rollouts.following import remind
from shared.services import Services, assemble
from shared.store.records import Rollout, RolloutSource, State
from shared.store.records import Stage as At
from shared.sync.timers import sweep
from shared.sync.wake import CONNECT
from tests.machine.stage import ENTRA, SETTINGS, TENANT, Crash, Stage
from tests.unit.api.stage import MemoryVault, NoGraph

ALL = requests.Wanted(RolloutSource.ALL)


class Handshake(httpx.AsyncBaseTransport):
    """Our notification endpoint, as far as Graph asks whether it is there."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("validationToken", "")
        return httpx.Response(200, text=token, headers={"content-type": "text/plain"})


class RolloutStage(Stage):
    roles = frozenset(
        {
            "Calendars.ReadWrite",
            "Calendars.Read",
            "User.Read.All",
            "GroupMember.Read.All",
            "MailboxSettings.Read",
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self.twin.notifier = Notifier(self.twin, transport=Handshake())
        self.twin.notifier.changed = self.deaf.changed
        self.twin.clock.advance((self.now - self.twin.clock.now()).total_seconds())

    def start_process(self) -> None:
        super().start_process()
        made = assemble(
            SETTINGS,
            self.store,  # pyright: ignore[reportArgumentType]
            self.queues,
            MemoryVault(),
            clock=lambda: self.now,
            graph_transport=NoGraph(),
        )
        self.services: Services = replace(
            made, graph=self.engine.graph, wake=self.wake, engine=self.engine
        )

    async def begin(self, wanted: requests.Wanted = ALL, **policy: Any) -> Rollout:
        """Asked for, and nothing done yet."""
        if await self.memory.tenant(TENANT) is None:
            await self.connect(policy={"backfill": "window", **policy})
        return await requests.begin(self.services, await self.tenant(), wanted)

    async def finished(self, wanted: requests.Wanted = ALL, **policy: Any) -> Rollout:
        rollout = await self.begin(wanted, **policy)
        await self.settle_down()
        return await self.rollout(rollout.id)

    async def rollout(self, name: str) -> Rollout:
        found = await self.memory.rollout(TENANT, name)
        assert found is not None
        return found

    async def stages(self, rollout: Rollout) -> dict[str, str]:
        """By the first part of the address, or of the name that was given."""
        found: dict[str, str] = {}
        for stage in At:
            for one in await self.memory.rollout_mailboxes(rollout, stage):
                name = (one.address or one.name or one.id).partition("@")[0]
                found[name] = stage.value + (f" {one.kind}" if stage is At.UNREACHABLE else "")
        return found

    async def state_of(self, name: str) -> tuple[State, str]:
        calendar = await self.memory.calendar(self.key(name))
        assert calendar is not None
        return calendar.state, calendar.cause

    def subscriptions(self) -> list[str]:
        """Whose mailboxes are watched, once for each subscription."""
        watched = self.twin.notifier.subscriptions.all(self.twin.clock.now())
        return sorted(self.twin.world.people[one.user_id].upn.partition("@")[0] for one in watched)

    def hires(self, name: str, **how: Any) -> Person:
        made = self.twin.world.create_person(ENTRA, f"{name}@contoso.test", name.title(), **how)
        self.people[name] = made
        return made

    async def next_day(self) -> None:
        self.now += timedelta(days=1, minutes=5)
        self.twin.clock.advance(24 * 3600 + 300)
        await remind(self.services)
        await self.settle_down()

    async def take_message(self) -> None:
        if not self.queues.sent:
            return None
        queue, message = self.queues.sent.popleft()
        if queue != CONNECT:
            return await self._run(queue, message)
        try:
            await worker.work(self.services, message)
        except TryAgain as later:
            await self._wait(max(1.0, later.after))
            self.queues.sent.append((queue, message))
        except Crash:
            self.crash()
        return None

    async def _wait(self, seconds: float) -> None:
        """With the timers of each minute that goes by."""
        before = self.now.replace(second=0)
        self.now += timedelta(seconds=seconds)
        if self.now.replace(second=0) != before and self.fuse.left is None:
            await sweep(self.engine, self.now)
            await remind(self.services)

    async def settle_down(self, *, polls: bool = True) -> None:
        """Twice: a worker that was lost is missed a minute later."""
        await super().settle_down(polls=polls)
        await remind(self.services)
        await super().settle_down(polls=polls)
