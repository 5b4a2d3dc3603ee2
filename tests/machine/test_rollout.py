"""Many mailboxes of one tenant, found and connected."""

from contextlib import suppress
from typing import Any

import httpx
import pytest

from shared.api.app import create_app
from shared.errors import Refused
from shared.onboarding.rollouts import requests
from shared.store.records import RolloutSource, RolloutState, State
from tests.machine.rollout_stage import RolloutStage
from tests.machine.stage import ENTRA, TENANT, Crash, crash_points

EVERYBODY = {"anna": "live", "ben": "live", "carol": "live"}


async def test_everybody_is_connected():
    """Found in the directory, looked at, subscribed, read, counted."""
    stage = RolloutStage()
    rollout = await stage.finished()

    assert await stage.stages(rollout) == EVERYBODY
    assert rollout.state is RolloutState.DONE
    assert rollout.counts == {"live": 3, "live.reachable": 3}
    assert stage.subscriptions() == ["anna", "ben", "carol"]
    assert await stage.state_of("ben") == (State.ACTIVE, "")


async def test_who_cannot_be_reached_is_told_why():
    stage = RolloutStage()
    stage.hires("gil", licensed=False)
    stage.hires("hal", mailbox="onprem")
    stage.hires("ida", enabled=False)
    stage.hires("desk", kind="shared")
    stage.twin.world.create_room(ENTRA, "rainier@contoso.test", "Rainier")
    stage.hires("joe").apps_blocked = True
    rollout = await stage.finished()

    assert await stage.stages(rollout) == EVERYBODY | {
        "gil": "unreachable no_licence",
        "hal": "unreachable on_premises",
        "ida": "unreachable disabled",
        "desk": "unreachable shared",
        "rainier": "unreachable room",
        "joe": "unreachable denied",
    }


async def test_a_list_is_found_by_any_name():
    """By user principal name, address or object id; who is named twice is connected once."""
    stage = RolloutStage()
    stage.hires("lou", aliases=["lou.old@contoso.test"], mail="lou.new@contoso.test")
    desk = stage.hires("desk", kind="shared")
    named = ("ANNA@contoso.test", stage.people["ben"].id, "lou.old@contoso.test",
             "lou@contoso.test", desk.upn, "nobody@contoso.test")  # fmt: skip
    rollout = await stage.finished(requests.Wanted(RolloutSource.LIST, mailboxes=named))

    assert await stage.stages(rollout) == {
        "anna": "live",
        "ben": "live",
        "lou.new": "live",
        "desk": "live",
        "nobody": "unreachable not_found",
    }


async def test_a_group_is_connected_with_the_groups_in_it():
    stage = RolloutStage()
    roster = stage.twin.world.roster
    inner = roster.create_group(ENTRA, "Nurses", members=[stage.people["anna"].id])
    outer = roster.create_group(ENTRA, "Care", members=[inner.id, stage.people["ben"].id])
    group = requests.Wanted(RolloutSource.GROUP, group=outer.id)
    rollout = await stage.finished(group)

    assert await stage.stages(rollout) == {"anna": "live", "ben": "live"}

    outer.members = [stage.people["ben"].id, stage.people["carol"].id]
    await stage.next_day()

    assert await stage.stages(rollout) == {"anna": "left", "ben": "live", "carol": "live"}
    assert await stage.state_of("anna") == (State.DISCONNECTED, "left-group")
    assert stage.subscriptions() == ["ben", "carol"]


async def test_an_unknown_group_is_refused():
    stage = RolloutStage()
    with pytest.raises(Refused) as refused:
        await stage.begin(requests.Wanted(RolloutSource.GROUP, group=ENTRA))
    assert refused.value.problem.code == "group-unknown"


@pytest.mark.parametrize("expired", [False, True], ids=["by delta", "by comparison"])
async def test_staff_comes_and_goes(expired: bool):
    """New people are connected, who was deleted or disabled is disconnected with the cause, and
    who comes back is connected again.
    """
    stage = RolloutStage()
    rollout = await stage.finished()
    stage.hires("gil")
    stage.people["ben"].enabled = False
    stage.twin.world.soft_delete(stage.people["carol"].id)
    if expired:
        stage.twin.world.roster.generations[ENTRA] = 1
    await stage.next_day()

    assert await stage.stages(rollout) == {
        "anna": "live",
        "gil": "live",
        "ben": "left",
        "carol": "left",
    }
    assert await stage.state_of("ben") == (State.DISCONNECTED, "user-disabled")
    assert await stage.state_of("carol") == (State.DISCONNECTED, "mailbox-unknown")
    assert stage.subscriptions() == ["anna", "gil"]

    stage.people["ben"].enabled = True
    stage.twin.world.restore(stage.people["carol"].id)
    await stage.next_day()

    assert await stage.stages(rollout) == EVERYBODY | {"gil": "live"}
    assert stage.subscriptions() == ["anna", "ben", "carol", "gil"]
    assert (await stage.rollout(rollout.id)).state is RolloutState.DONE


async def test_who_gets_a_licence_is_connected_the_next_day():
    stage = RolloutStage()
    gil = stage.hires("gil", licensed=False)
    rollout = await stage.finished(requests.Wanted(RolloutSource.LIST, mailboxes=[gil.upn]))
    assert await stage.stages(rollout) == {"gil": "unreachable no_licence"}

    gil.licensed = True
    await stage.next_day()

    assert await stage.stages(rollout) == {"gil": "live"}


async def test_whom_another_rollout_wants_stays_connected():
    """Who leaves the pilot's group is still one of all."""
    stage = RolloutStage()
    group = stage.twin.world.roster.create_group(ENTRA, "Pilot", members=[stage.people["anna"].id])
    pilot = await stage.finished(requests.Wanted(RolloutSource.GROUP, group=group.id))
    await stage.finished()
    group.members = []
    await stage.next_day()

    assert await stage.stages(pilot) == {"anna": "left"}
    assert (await stage.state_of("anna"))[0] is State.ACTIVE


async def test_a_rollout_that_may_not_read_the_directory_says_so_and_goes_on_later():
    stage = RolloutStage()
    stage.roles = frozenset({"Calendars.ReadWrite", "Calendars.Read"})
    stage.start_process()
    rollout = await stage.finished()
    assert (rollout.state, rollout.cause) == (RolloutState.ACTION_REQUIRED, "directory-denied")

    stage.roles = RolloutStage.roles
    stage.start_process()
    await stage.next_day()

    assert await stage.stages(await stage.rollout(rollout.id)) == EVERYBODY


async def test_a_paused_rollout_connects_nobody_until_it_is_resumed():
    stage = RolloutStage()
    rollout = await stage.begin()
    tenant = await stage.tenant()
    await requests.pause(stage.services, tenant, rollout.id)
    await stage.settle_down()
    assert stage.subscriptions() == []

    await requests.resume(stage.services, tenant, rollout.id)
    await stage.settle_down()
    assert await stage.stages(rollout) == EVERYBODY


async def test_a_cancelled_rollout_does_not_go_on():
    stage = RolloutStage()
    rollout = await stage.begin()
    tenant = await stage.tenant()
    await requests.cancel(stage.services, tenant, rollout.id)
    await stage.settle_down()

    assert stage.subscriptions() == []
    with pytest.raises(Refused):
        await requests.resume(stage.services, tenant, rollout.id)


async def test_its_states_are_told_once_each():
    stage = RolloutStage()
    await stage.finished()
    await stage.next_day()

    log = await stage.memory.changes("contoso", 0, 1000)
    told = [change.data["state"] for change in log if change.type == "calbridge.rollout.state"]
    assert told == ["created", "discovering", "connecting", "done"]


async def test_a_tenants_status_says_how_far_its_rollouts_are():
    stage = RolloutStage()
    rollout = await stage.begin()
    assert (await status(stage))["rollouts"] == [
        {"id": rollout.id, "state": "created", "percent": 0, "seconds_left": None}
    ]

    await stage.settle_down()
    assert (await status(stage))["rollouts"] == []


async def status(stage: RolloutStage) -> Any:
    app = create_app(lambda: stage.services)
    key = stage.services.settings.api_keys[0].reveal()
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://x", headers=headers
    ) as api:
        return (await api.get(f"/v1/tenants/{TENANT}/status")).json()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_list_is_connected_as_a_whole_or_not_at_all(after: bool):
    """Whatever dies while it is stored: what was not stored to its end is called off."""
    named = requests.Wanted(
        RolloutSource.LIST, mailboxes=("anna@contoso.test", "ben@contoso.test")
    )
    seen: set[tuple[str, int]] = set()
    for effect in range(12):
        stage = RolloutStage()
        await stage.connect(policy={"backfill": "window"})
        stage.fuse.left, stage.fuse.after = effect, after
        with suppress(Crash):
            await stage.begin(named)
        stage.fuse.left = None
        stage.crash()
        await stage.settle_down()
        for rollout in await stage.memory.rollouts(TENANT):
            seen.add((rollout.state.value, len(stage.subscriptions())))
    assert seen == {("cancelled", 0), ("done", 2)}


async def effects_of_a_rollout() -> int:
    stage = RolloutStage()
    await stage.begin()
    stage.fuse.count = 0
    while stage.queues.sent:
        await stage.take_message()
    return stage.fuse.count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_effect_leaves_nobody_out_and_nobody_twice(after: bool):
    effects = await effects_of_a_rollout()
    assert effects > 60
    for effect in crash_points(effects):
        stage = RolloutStage()
        rollout = await stage.begin()
        stage.fuse.left, stage.fuse.after = effect, after
        while stage.queues.sent:
            await stage.take_message()
        await stage.settle_down()
        rollout = await stage.rollout(rollout.id)
        assert await stage.stages(rollout) == EVERYBODY, effect
        assert rollout.counts == {"live": 3, "live.reachable": 3}
        assert stage.subscriptions() == ["anna", "ben", "carol"], effect
