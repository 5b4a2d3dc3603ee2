"""Stories of calendars that are paused, or disconnected under a receipt."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.store.records import (
    Copies,
    DueKind,
    Ended,
    OperationState,
    Receipt,
    ReceiptPart,
    State,
)
from shared.sync.fates import MARK
from shared.sync.refilling import REFILLED, begin_refill
from shared.sync.timers import sweep
from tests.machine.stage import TENANT, Stage, crash_points
from tests.machine.telling import (
    COFFEE,
    LUNCH,
    begun,
    furnish,
    link_of,
    outcome,
    put,
    shown,
    state_of,
    told,
)

# Pausing.


async def pause_tenant(stage: Stage, state: State) -> None:
    await stage.memory.put_tenant(replace(await stage.tenant(), state=state))


async def pause_connection(stage: Stage, state: State) -> None:
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await stage.memory.put_connection(replace(connection, state=state))


async def pause_calendar(stage: Stage, state: State) -> None:
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, state=state))


@pytest.mark.parametrize("pause", [pause_tenant, pause_connection, pause_calendar])
async def test_a_pause_loses_nothing(pause: Callable[[Stage, State], Awaitable[None]]):
    """While it lasts nothing crosses and Graph is not asked; afterwards each side gets what the
    other did meanwhile, told once, and nobody a mail that a person's change did not cause.
    """
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    await pause(stage, State.PAUSED)
    edit = await put(stage, replace(LUNCH, location="Garden"))
    stage.outlook("anna").create_event(COFFEE)
    before, asked = len(await told(stage)), stage.fuse.count
    key = stage.key("anna")
    await stage.notify()
    await stage.engine.work(key)
    await sweep(stage.engine, stage.now)
    assert shown(stage) == ["Coffee", "Lunch"]
    assert (await outcome(stage, edit), len(await told(stage))) == (OperationState.PENDING, before)
    assert await stage.memory.marked(key) is None
    assert stage.fuse.count - asked < 12, "a paused calendar is worked on"

    await pause(stage, State.PROVISIONING if pause is pause_calendar else State.ACTIVE)
    await stage.wake.dirty(key, stage.now)
    await stage.settle_down()
    kinds = [c.type for c in (await told(stage))[before:]]
    assert await outcome(stage, edit) is OperationState.APPLIED
    assert kinds.count("calbridge.appointment.created") == 1
    assert kinds.count("calbridge.operation.applied") == 1
    assert stage.twin.exchange.outbox == []


async def test_a_paused_calendar_that_waits_is_left_alone_by_the_sweep():
    """What is pending there wakes nobody every minute."""
    stage = await begun("anna")
    await pause_tenant(stage, State.PAUSED)
    await put(stage, LUNCH)
    stage.queues.sent.clear()
    stage.now = stage.now.replace(hour=23)
    await sweep(stage.engine, stage.now)
    assert not stage.queues.sent


# Disconnecting under a receipt.


async def furnished() -> Stage:
    stage = await begun("anna", "ben")
    await furnish(stage)
    return stage


async def end(stage: Stage, copies: Copies, *, notify: bool = False) -> None:
    receipt = await stage.memory.receipt("r")
    if receipt is None:
        receipt = Receipt("r", Ended.CALENDAR, stage.now, copies, notify)
        await stage.memory.put_receipt(receipt)
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.engine.end(calendar, "r")


async def part(stage: Stage) -> ReceiptPart:
    (found,) = await stage.memory.parts("r")
    return found


def counts(found: ReceiptPart) -> dict[str, Any]:
    names = ("left", "marked", "removed", "with_guests", "of_others", "refused", "unreachable")
    return {name: n for name in names if (n := getattr(found, name))}


ENDS = [
    (Copies.LEAVE, False, {"left": 2}, ["Coffee", "Lunch", "Lunch"], 0),
    (Copies.MARK, False, {"marked": 2}, ["Coffee", "Lunch", "Lunch"], 0),
    (
        Copies.REMOVE,
        False,
        {"left": 1, "removed": 1, "with_guests": 1},
        ["Coffee", "Lunch"],
        0,
    ),
    (Copies.REMOVE, True, {"removed": 2}, ["Coffee"], 1),
]


@pytest.mark.parametrize(("copies", "notify", "counted", "left", "mails"), ENDS)
async def test_copies_end_as_chosen(
    copies: Copies, notify: bool, counted: dict[str, int], left: list[str], mails: int
):
    """Only what the host app made is touched, and attendees are mailed only if that was asked."""
    stage = await furnished()
    await end(stage, copies, notify=notify)
    await stage.settle_down()
    assert counts(await part(stage)) == counted
    assert shown(stage) == left
    assert len(stage.twin.exchange.outbox) == mails
    assert await state_of(stage, "anna") is State.DISCONNECTED
    receipt = await stage.memory.receipt("r")
    assert receipt is not None
    assert receipt.ended is not None
    marks = [
        event.subject
        for event in stage.twin.world.mailboxes[stage.people["anna"].id].events.values()
        if MARK in event.categories
    ]
    assert len(marks) == counted.get("marked", 0)


async def test_an_end_works_when_microsoft_lets_us_in_no_more():
    """What could not be removed is counted with its reason, and the calendar ends all the same."""
    stage = await furnished()
    waiting = await put(stage, replace(LUNCH, location="Garden"), "solo")
    stage.twin.faults.add({"match": {}, "action": {"status": 403}, "times": None})
    await end(stage, Copies.REMOVE, notify=True)
    await stage.settle_down()
    found = await part(stage)
    assert counts(found) == {"left": 2, "unreachable": 2}
    assert (found.refused_writes, found.subscriptions) == (1, 1)
    assert found.subscription_until is not None
    assert await outcome(stage, waiting) is OperationState.REFUSED
    assert await state_of(stage, "anna") is State.DISCONNECTED


async def test_somebody_invited_since_is_not_mailed():
    """Outlook is looked at before anything is removed there."""
    stage = await furnished()
    guests = [{"emailAddress": {"address": "ben@contoso.test"}}]
    stage.outlook("anna").update_event(
        (await link_of(stage, "solo")).event_id, {"attendees": guests}
    )
    stage.deaf.heard.clear()
    stage.twin.exchange.outbox.clear()
    await end(stage, Copies.REMOVE)
    await stage.settle_down()
    assert counts(await part(stage)) == {"left": 2, "with_guests": 2}
    assert stage.twin.exchange.outbox == []


@pytest.mark.parametrize("copies", [Copies.MARK, Copies.REMOVE])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_an_end_that_is_cut_off_goes_on(copies: Copies, after: bool):
    """Whatever the moment, the same is gone, counted the same, told once, and nobody is mailed."""

    async def ended(effect: int | None) -> tuple[Stage, int]:
        stage = await furnished()
        await end(stage, copies)
        stage.fuse.count = 0
        stage.fuse.left, stage.fuse.after = effect, after
        while stage.queues.sent:
            await stage.take_message()
        count = stage.fuse.count
        await stage.settle_down()
        return stage, count

    whole, effects = await ended(None)
    expected = await part(whole)
    for effect in crash_points(effects):
        stage, _ = await ended(effect)
        assert await part(stage) == expected, effect
        assert shown(stage) == shown(whole), effect
        assert stage.twin.exchange.outbox == []
        states = [c.data["state"] for c in await told(stage) if c.type.endswith("calendar.state")]
        assert states.count("disconnected") == 1, effect


# Reconnecting.


async def test_what_a_broken_connection_missed_is_named_once_it_is_caught_up():
    """From the last round before it broke; told once, after the changes themselves."""
    stage = await begun("anna")
    was = await stage.memory.connection(TENANT, "grant")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert was is not None
    assert calendar is not None
    was = await stage.memory.put_connection(replace(was, state=State.ACTION_REQUIRED))
    stage.outlook("anna").create_event(COFFEE)
    mended = replace(was, state=State.ACTIVE, since=stage.now)
    await stage.memory.put_connection(await begin_refill(stage.memory, was, mended))
    stage.now += timedelta(seconds=5)
    await stage.wake.dirty(stage.key("anna"), stage.now)
    while stage.queues.sent:
        await stage.take_message()
    await stage.settle_down()

    (refilled,) = [one for one in await told(stage) if one.type == REFILLED]
    last = calendar.last_round
    assert last is not None
    assert refilled.data == {
        "connection": "grant",
        "from": last.isoformat(),
        "to": mended.since.isoformat(),
        "calendars": 1,
        "changes": 1,
    }
    created = [one.number for one in await told(stage) if one.type.endswith(".created")]
    assert created[0] < refilled.number
    assert await stage.memory.due(DueKind.REFILL, stage.now.replace(year=2030)) == []
