"""A dry rollout reads and counts; going live does what was counted, and mails no more."""

from shared.onboarding.rollouts import requests
from shared.store.records import OperationState, RolloutSource, RolloutState
from tests.machine.rollout_stage import RolloutStage
from tests.machine.telling import COFFEE, WITH_BEN, outcome, put, shown

DRY = requests.Wanted(RolloutSource.ALL, dry=True, ring="pilot")


async def rehearsed() -> tuple[RolloutStage, str]:
    """Coffee is in Outlook, lunch with Ben is wanted by the host app."""
    stage = RolloutStage()
    stage.outlook("anna").create_event(COFFEE)
    rollout = await stage.finished(DRY)
    await put(stage, WITH_BEN)
    await stage.settle_down()
    return stage, rollout.id


async def test_a_dry_rollout_writes_and_tells_nothing():
    stage, name = await rehearsed()

    assert (await stage.rollout(name)).state is RolloutState.DONE
    assert shown(stage) == ["Coffee"]
    assert stage.twin.exchange.outbox == []
    assert stage.host.appointments.keys() == {"lunch"}
    assert await stage.memory.links(stage.key("ben")) == []
    assert stage.subscriptions() == []


async def test_a_dry_rollout_says_what_it_would_do():
    stage, name = await rehearsed()

    told = await requests.rehearsal(stage.services, await stage.tenant(), name)

    assert told["calendars"] == 3
    assert told["events"] == {"imported": 1, "left_alone": 0, "left_out": 0}
    assert told["writes"]["create"] == 1
    assert (told["mails"], told["people"]) == (1, 1)


async def test_going_live_does_what_was_rehearsed():
    """What waited is written, what was there is linked silently, and one mail is sent."""
    stage, name = await rehearsed()
    tenant = await stage.tenant()

    await requests.go_live(stage.services, tenant, name)
    await stage.settle_down()

    rollout = await stage.rollout(name)
    assert (rollout.state, rollout.dry) == (RolloutState.DONE, False)
    assert await stage.stages(rollout) == dict.fromkeys(("anna", "ben", "carol"), "live")
    assert shown(stage) == ["Coffee", "Lunch"]
    assert len(stage.twin.exchange.outbox) == 1
    assert stage.subscriptions() == ["anna", "ben", "carol"]
    assert (await requests.rehearsal(stage.services, tenant, name))["calendars"] == 0


async def test_what_is_in_sync_is_not_made_dry():
    stage = RolloutStage()
    await stage.finished()
    await stage.finished(DRY)
    operation = await put(stage, WITH_BEN)
    await stage.settle_down()

    assert await outcome(stage, operation) is OperationState.APPLIED
