"""What keeps connections alive, and says so when one is not."""

from dataclasses import replace
from datetime import timedelta

from shared.errors import Reconnect
from shared.store.records import Connection, DueKind, State
from shared.sync.checking import check
from shared.sync.standing import shown
from shared.sync.timers import catch_up
from tests.machine.stage import TENANT, Stage
from tests.machine.telling import begun, state_of, told


async def grant_of(stage: Stage) -> Connection:
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    return connection


async def states_told(stage: Stage) -> list[tuple[str, str, str]]:
    return [
        (one.type.split(".")[1], one.data["state"], one.data["cause"])
        for one in await told(stage)
        if one.type.endswith(".state")
    ]


async def refused(stage: Stage) -> None:
    """Graph takes no token any more, and one of the calendars finds out."""
    stage.twin.faults.add({"match": {}, "action": {"status": 401}, "times": None})
    await stage.wake.dirty(stage.key("anna"), stage.now)
    while stage.queues.sent:
        await stage.take_message()


async def test_a_grant_that_ends_is_told_once_for_all_its_calendars():
    """At once by whichever notices it, and none of the others fails by itself."""
    stage = await begun("anna", "ben", "carol")
    before = await states_told(stage)
    await refused(stage)
    now = await states_told(stage)
    for name in ("ben", "carol"):
        await stage.wake.dirty(stage.key(name), stage.now)
    while stage.queues.sent:
        await stage.take_message()

    assert now[len(before) :] == [("connection", "action_required", "token-refused")]
    assert await states_told(stage) == now
    for name in ("anna", "ben", "carol"):
        calendar = await stage.memory.calendar(stage.key(name))
        assert calendar is not None
        assert calendar.state is State.ACTIVE
        assert shown(calendar, await grant_of(stage)).cause == "token-refused"


async def test_what_is_mended_in_entra_is_found_within_the_hour():
    """By one look at the connection, after which all its calendars are read again."""
    stage = await begun("anna", "ben")
    await refused(stage)
    stage.twin.faults.clear()
    stage.now += timedelta(minutes=61)
    await catch_up(stage.engine, stage.now)

    assert (await grant_of(stage)).state is State.ACTIVE
    assert {key for _, key in stage.queues.sent} >= {
        str(stage.key("anna")),
        str(stage.key("ben")),
    }
    await stage.settle_down()
    assert (await stage.tenant()).state is State.ACTIVE


async def test_a_connection_can_be_tried_at_once():
    """And says what is wrong with it, or that it works."""
    stage = await begun("anna")
    await refused(stage)
    assert (await check(stage.engine, await grant_of(stage))).cause == "token-refused"
    stage.twin.faults.clear()

    assert (await check(stage.engine, await grant_of(stage))).state is State.ACTIVE


async def test_a_closed_mailbox_says_nothing_of_the_grant():
    """403 of one mailbox is that mailbox's trouble; the tenant works in part."""
    stage = await begun("anna", "ben")
    person = stage.people["anna"].id
    stage.twin.faults.add({"match": {"path": person}, "action": {"status": 403}, "times": None})
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.settle_down()

    assert await state_of(stage, "anna") is State.ACTION_REQUIRED
    assert await state_of(stage, "ben") is State.ACTIVE
    assert (await grant_of(stage)).state is State.ACTIVE
    tenant = await stage.tenant()
    assert (tenant.state, tenant.cause) == (State.DEGRADED, "partly-working")


async def test_a_mailbox_that_is_open_again_is_found_by_trying_its_connection():
    """Though its connection was well all the time; the others are left alone."""
    stage = await begun("anna", "ben")
    person = stage.people["anna"].id
    stage.twin.faults.add({"match": {"path": person}, "action": {"status": 403}, "times": None})
    await stage.wake.dirty(stage.key("anna"), stage.now)
    while stage.queues.sent:
        await stage.take_message()
    assert await state_of(stage, "anna") is State.ACTION_REQUIRED
    stage.twin.faults.clear()
    await check(stage.engine, await grant_of(stage))
    woken = {key for _, key in stage.queues.sent}
    while stage.queues.sent:
        await stage.take_message()

    assert str(stage.key("anna")) in woken
    assert str(stage.key("ben")) not in woken
    assert await state_of(stage, "anna") is State.ACTIVE


async def test_a_grant_is_exercised_though_its_calendars_are_paused():
    """Once in thirty days; a refresh token that lies idle for ninety is lost."""
    stage = await begun("anna")
    used: list[str] = []

    async def exercise(connection: Connection) -> None:
        used.append(connection.id)

    stage.engine = replace(stage.engine, exercise_grant=exercise)
    grant = await grant_of(stage)
    grant = await stage.memory.put_connection(replace(grant, state=State.PAUSED))
    await check(stage.engine, grant)
    for _ in range(90):
        stage.now += timedelta(days=1)
        await catch_up(stage.engine, stage.now)

    assert len(used) == 1 + 2
    assert (await grant_of(stage)).state is State.PAUSED


async def test_a_grant_whose_refresh_token_is_gone_is_told():
    """By the check itself: nothing else has to happen."""
    stage = await begun("anna")

    async def ended(connection: Connection) -> None:
        del connection
        raise Reconnect("user-disabled")

    stage.engine = replace(stage.engine, exercise_grant=ended)
    await check(stage.engine, await grant_of(stage))

    assert (await states_told(stage))[-1] == ("connection", "action_required", "user-disabled")


# Subscriptions.


async def test_a_mailbox_without_a_subscription_is_polled_and_says_so():
    """And is whole again by itself once Graph accepts one."""
    stage = await begun("anna")
    stage.twin.faults.add(
        {
            "match": {"method": "POST", "path": "/subscriptions$"},
            "action": {"status": 403, "code": "ErrorAccessDenied"},
            "times": None,
        }
    )
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, subscription="", subscription_expires=None))
    await stage.settle_down()
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None

    assert (calendar.state, calendar.cause) == (State.DEGRADED, "subscription-refused")
    assert calendar.last_round is not None
    assert stage.now - calendar.last_round < timedelta(hours=2)


async def test_a_wish_for_renewal_is_not_met_twice_in_ten_minutes():
    """However often Graph repeats it: the second one waits."""
    stage = await begun("anna")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, subscription_renewed=stage.now))
    await stage.engine.lifecycle(stage.key("anna"), "reauthorizationRequired")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None

    assert calendar.subscription_due == stage.now + timedelta(minutes=10)
    assert await stage.memory.due(DueKind.RENEW, stage.now + timedelta(minutes=9)) == []
    assert len(await stage.memory.due(DueKind.RENEW, stage.now + timedelta(minutes=11))) == 1


async def test_long_patience_is_told_and_passes():
    """A calendar that Microsoft keeps waiting says so, until a round goes through."""
    stage = await begun("anna")
    stage.twin.faults.add(
        {"match": {}, "action": {"status": 429, "retry_after": 5}, "times": None}
    )
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.take_message()
    assert await state_of(stage, "anna") is State.ACTIVE
    stage.now += timedelta(minutes=16)
    await stage.take_message()
    assert await state_of(stage, "anna") is State.DEGRADED
    stage.twin.faults.clear()
    await stage.settle_down()

    assert await state_of(stage, "anna") is State.ACTIVE
