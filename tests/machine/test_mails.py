"""Stories of who is mailed, and how often: by the twin's outbox."""

from dataclasses import replace
from datetime import timedelta

from shared.calendar.event import Attendee
from shared.store.records import Operation, OperationState, State
from shared.sync.accept import Accepted
from tests.machine.stage import Stage
from tests.machine.telling import (
    LUNCH,
    WITH_BEN,
    begun,
    delete,
    link_of,
    outcome,
    put,
    shown,
    state_of,
)


async def work(stage: Stage) -> None:
    """One look of a worker, without any time passing."""
    now = stage.now
    if stage.queues.sent:
        await stage.take_message()
    stage.now = now


async def operation_of(stage: Stage, accepted: Accepted) -> Operation:
    found = await stage.memory.operation(
        stage.key("anna"), accepted.operation.appointment, accepted.operation.version
    )
    assert found is not None
    return found


async def invited(**policy: int) -> Stage:
    """Ben is invited to lunch, and all is quiet again."""
    stage = await begun("anna", "ben", **policy)
    await put(stage, WITH_BEN)
    await stage.settle_down()
    stage.twin.exchange.outbox.clear()
    return stage


async def test_a_burst_of_edits_makes_two_mails():
    """The first goes at once; those that follow are one."""
    stage = await invited(mail_pause_seconds=30)
    for number in range(8):
        await put(stage, replace(WITH_BEN, subject=f"Lunch {number}"))
        await work(stage)
        stage.now += timedelta(seconds=2)
    await stage.settle_down()

    assert len(stage.twin.exchange.outbox) == 2
    assert shown(stage) == ["Lunch 7"]


async def test_an_invitation_and_the_edits_after_it_make_two_mails():
    stage = await begun("anna", "ben")
    for number in range(5):
        await put(stage, replace(WITH_BEN, subject=f"Lunch {number}"))
        await work(stage)
    await stage.settle_down()

    assert len(stage.twin.exchange.outbox) == 2
    assert shown(stage) == ["Lunch 4"]


async def test_a_write_that_waits_says_until_when():
    """And is done then."""
    stage = await invited(mail_pause_seconds=30)
    first = await put(stage, replace(WITH_BEN, subject="Brunch"))
    await work(stage)
    mailed = (await link_of(stage)).mailed
    second = await put(stage, replace(WITH_BEN, subject="Dinner"))
    await work(stage)

    waiting = await operation_of(stage, second)
    assert mailed is not None
    assert await outcome(stage, first) is OperationState.APPLIED
    assert (waiting.state, waiting.not_before) == (
        OperationState.PENDING,
        mailed + timedelta(seconds=30),
    )
    stage.now = mailed + timedelta(seconds=30)
    await work(stage)
    assert (await operation_of(stage, second)).not_before is None
    assert await outcome(stage, second) is OperationState.APPLIED


async def test_other_appointments_do_not_wait_with_it():
    """However many wait."""
    stage = await begun("anna", "ben")
    for number in range(6):
        await put(stage, replace(WITH_BEN, subject=f"m{number}"), f"m{number}")
    await stage.settle_down()
    for subject in ("x", "y"):
        for number in range(6):
            await put(stage, replace(WITH_BEN, subject=f"{subject}{number}"), f"m{number}")
        await work(stage)
    other = await put(stage, LUNCH, "other")
    await work(stage)

    assert await outcome(stage, other) is OperationState.APPLIED
    assert "y0" not in shown(stage)


async def test_what_mails_nobody_does_not_wait():
    """No attendees, or nothing that they would be told of."""
    stage = await invited()
    await put(stage, LUNCH, "alone")
    await put(stage, replace(WITH_BEN, subject="Brunch"))
    await work(stage)
    alone = await put(stage, replace(LUNCH, subject="Alone"), "alone")
    silent = await put(stage, replace(WITH_BEN, subject="Brunch", categories=("Blue",)))
    await work(stage)

    assert await outcome(stage, alone) is OperationState.APPLIED
    assert await outcome(stage, silent) is OperationState.APPLIED
    assert len(stage.twin.exchange.outbox) == 1


async def test_deletions_do_not_wait():
    stage = await invited()
    await put(stage, replace(WITH_BEN, subject="Brunch"))
    await work(stage)
    deletion = await delete(stage)
    await work(stage)

    assert await outcome(stage, deletion) is OperationState.APPLIED


async def test_without_a_pause_nothing_waits():
    stage = await invited(mail_pause_seconds=0)
    for number in range(3):
        await put(stage, replace(WITH_BEN, subject=f"Lunch {number}"))
        await work(stage)

    assert len(stage.twin.exchange.outbox) == 3


async def test_attendees_are_not_written_with_another_field():
    """An edit of the place tells them of the place, and asks nobody anew."""
    stage = await invited()
    answered = replace(
        WITH_BEN, attendees=(Attendee("BEN@contoso.test", "Ben"),), location="Canteen"
    )
    await put(stage, answered)
    await work(stage)

    assert [mail.kind for mail in stage.twin.exchange.outbox] == ["update"]


async def test_a_first_round_mails_nobody():
    """Whatever it imports."""
    stage = await invited()
    stage.outlook("ben").create_event(
        {
            "subject": "Coffee",
            "start": {"dateTime": "2026-03-11T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-11T11:00:00", "timeZone": "UTC"},
            "attendees": [{"emailAddress": {"address": "anna@contoso.test"}, "type": "required"}],
        }
    )
    by_person = len(stage.twin.exchange.outbox)
    for name in ("anna", "ben"):
        stage.twin.world.mailboxes[stage.people[name].id].generation += 1
    await stage.settle_down()

    assert len(stage.twin.exchange.outbox) == by_person


# One bad event.


def denied(stage: Stage, times: int, **match: str) -> None:
    action = {"status": 403, "code": "ErrorAccessDenied"}
    stage.twin.faults.add({"match": match, "action": action, "times": times})


async def test_an_event_that_is_denied_does_not_stop_its_calendar():
    """Its write is refused; the calendar goes on."""
    stage = await begun("anna", mail_pause_seconds=0)
    await put(stage, LUNCH)
    await put(stage, LUNCH, "other")
    await stage.settle_down()
    denied(stage, 2, method="PATCH")
    bad = await put(stage, replace(LUNCH, subject="Bad"))
    good = await put(stage, replace(LUNCH, subject="Good"), "other")
    await stage.settle_down()

    assert await outcome(stage, bad) is OperationState.REFUSED
    assert await outcome(stage, good) is OperationState.APPLIED
    assert await state_of(stage, "anna") is State.ACTIVE


async def test_a_denial_that_a_fresh_token_ends_refuses_nothing():
    stage = await begun("anna")
    denied(stage, 1, method="POST", path="/events$")
    accepted = await put(stage, LUNCH)
    await stage.settle_down()

    assert await outcome(stage, accepted) is OperationState.APPLIED


async def test_a_calendar_that_cannot_be_read_either_waits_for_somebody():
    """Then nothing is refused: the write is done once access is back."""
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    denied(stage, 20)
    edit = await put(stage, replace(LUNCH, subject="Brunch"))
    while stage.queues.sent:
        await stage.take_message()
    assert await state_of(stage, "anna") is State.ACTION_REQUIRED
    assert await outcome(stage, edit) is OperationState.PENDING

    stage.twin.faults.clear()
    await stage.settle_down()
    assert await outcome(stage, edit) is OperationState.APPLIED
