"""An appointment moves to another mailbox: gone there, created here, one operation."""

from dataclasses import replace
from typing import Any

import pytest

from shared.calendar.event import Attendee
from shared.errors import Refused
from shared.store.records import AppointmentStatus, OperationState, State
from shared.sync.home import home_of
from tests.machine.stage import TENANT, Crash, Stage, crash_points
from tests.machine.telling import (
    LUNCH,
    begun,
    delete,
    link_of,
    outcome,
    put,
    shown,
    told,
)

WITH_CAROL = replace(LUNCH, attendees=(Attendee("carol@partner.example"),))


async def lives_at(stage: Stage, name: str, appointment: str = "lunch") -> None:
    """It is claimed, linked and shown there, and nowhere else is anything left of it."""
    assert await home_of(stage.memory, TENANT, appointment) == stage.key(name)
    assert await stage.memory.located(TENANT, appointment) == stage.key(name)
    for person in stage.people:
        link = await stage.memory.link(stage.key(person), appointment)
        is_here = person == name
        assert await stage.memory.pendings(stage.key(person)) == []
        if link is not None:
            assert not (is_here and link.home)
            assert bool(link.event_id) == is_here
            assert bool(link.app) == is_here


async def kinds(stage: Stage) -> list[str]:
    return [change.type.removeprefix("calbridge.") for change in await told(stage)]


async def test_a_move_is_one_operation_and_one_outcome():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    before = await kinds(stage)
    moved = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == ([], ["Lunch"])
    assert (await kinds(stage))[len(before) :] == ["operation.applied"]
    assert await outcome(stage, moved, "ben") is OperationState.APPLIED
    assert moved.link.version == (await link_of(stage, mailbox="ben")).version == 2
    await lives_at(stage, "ben")


async def test_a_move_takes_along_what_is_changed_with_it_and_goes_on_counting():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH, project="home", revision=3)
    await stage.settle_down()
    await put(stage, replace(LUNCH, subject="Tea"), mailbox="ben", project="home", revision=4)
    await stage.settle_down()
    edited = await put(stage, replace(LUNCH, subject="Cake"), mailbox="ben", project="home")
    await stage.settle_down()
    assert shown(stage, "ben") == ["Cake"]
    assert edited.link.version == 3
    link = await link_of(stage, mailbox="ben")
    assert (link.project, link.revision) == ("home", 4)
    await lives_at(stage, "ben")


async def test_what_a_person_edited_before_the_move_moves_along():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    event = (await link_of(stage)).event_id
    stage.outlook("anna").update_event(event, {"location": {"displayName": "Garden"}})
    await put(stage, replace(LUNCH, subject="Tea"), mailbox="ben")
    await stage.settle_down()
    link = await link_of(stage, mailbox="ben")
    assert link.outlook is not None
    assert (link.outlook.subject, link.outlook.location) == ("Tea", "Garden")
    assert stage.host.appointments["lunch"]["location"] == "Garden"
    assert stage.host.echoes == []
    await lives_at(stage, "ben")


async def test_what_a_person_edits_while_it_arrives_is_told():
    """The new mailbox's owner is quicker than the old one's calendar."""
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    await put(stage, LUNCH, mailbox="ben")
    while not shown(stage, "ben"):
        await stage.take_message()
    event = (await link_of(stage, mailbox="ben")).event_id
    stage.outlook("ben").update_event(event, {"location": {"displayName": "Garden"}})
    await stage.settle_down()
    assert stage.host.appointments["lunch"]["location"] == "Garden"
    await lives_at(stage, "ben")


async def test_a_deletion_in_outlook_beats_the_move():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    moved = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == ([], [])
    assert await outcome(stage, moved) is OperationState.REFUSED
    assert "lunch" not in stage.host.appointments


async def test_a_move_while_the_first_write_is_pending():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == ([], ["Lunch"])
    await lives_at(stage, "ben")


@pytest.mark.parametrize("messages", range(6))
async def test_a_move_there_and_back(messages: int):
    """However far the first has come, the second stands."""
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    await put(stage, LUNCH, mailbox="ben")
    for _ in range(messages):
        await stage.take_message()
    await put(stage, LUNCH, mailbox="anna")
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == (["Lunch"], [])
    assert stage.host.echoes == []
    await lives_at(stage, "anna")


@pytest.mark.parametrize("messages", range(6))
async def test_a_move_on_to_a_third_mailbox(messages: int):
    stage = await begun("anna", "ben", "carol")
    await put(stage, LUNCH)
    await stage.settle_down()
    await put(stage, LUNCH, mailbox="ben")
    for _ in range(messages):
        await stage.take_message()
    await put(stage, LUNCH, mailbox="carol")
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben"), shown(stage, "carol")) == ([], [], ["Lunch"])
    await lives_at(stage, "carol")


@pytest.mark.parametrize("messages", range(6))
async def test_a_deletion_of_what_is_moving(messages: int):
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    await put(stage, LUNCH, mailbox="ben")
    for _ in range(messages):
        await stage.take_message()
    await delete(stage)
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == ([], [])
    assert stage.host.appointments == {}


async def test_what_was_moved_and_deleted_can_be_put_in_either_mailbox():
    for mailbox in ("anna", "ben"):
        stage = await begun("anna", "ben")
        await put(stage, LUNCH)
        await put(stage, LUNCH, mailbox="ben")
        await stage.settle_down()
        await delete(stage)
        await stage.settle_down()
        again = await put(stage, LUNCH, mailbox=mailbox)
        await stage.settle_down()
        assert shown(stage, mailbox) == ["Lunch"]
        assert await outcome(stage, again, mailbox) is OperationState.APPLIED
        await lives_at(stage, mailbox)


async def test_a_mailbox_disconnected_in_between_leaves_it_where_it_was():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    moved = await put(stage, LUNCH, mailbox="ben")
    await set_state(stage, "ben", State.DISCONNECTED)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, moved) is OperationState.REFUSED
    assert await stage.memory.located(TENANT, "lunch") == stage.key("anna")


async def test_a_mailbox_that_refuses_leaves_it_where_it_was_and_can_be_asked_again():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    ben = f"/users/{stage.people['ben'].id}/"
    stage.twin.faults.add(
        {"match": {"method": "POST", "path": ben}, "action": {"status": 400}, "times": 1}
    )
    moved = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert await outcome(stage, moved) is OperationState.REFUSED
    assert (shown(stage), shown(stage, "ben")) == (["Lunch"], [])
    again = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert await outcome(stage, again, "ben") is OperationState.APPLIED
    await lives_at(stage, "ben")


async def test_a_cancellation_with_another_mailbox_cancels():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    await put(stage, LUNCH, mailbox="ben", status=AppointmentStatus.CANCELLED)
    await stage.settle_down()
    assert (shown(stage), shown(stage, "ben")) == ([], [])


async def test_an_attendees_copy_does_not_move():
    stage = await begun("ben", "carol")
    stage.outlook("anna").create_event(
        {
            "subject": "Theirs",
            "start": {"dateTime": "2026-03-11T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-11T11:00:00", "timeZone": "UTC"},
            "attendees": [{"emailAddress": {"address": "ben@contoso.test"}}],
        }
    )
    await stage.settle_down()
    (link,) = await stage.memory.links(stage.key("ben"))
    assert link.app is not None
    with pytest.raises(Refused, match="not-organizer"):
        await put(stage, link.app, link.appointment, "carol")


async def test_many_moves_wait_for_the_new_calendar_without_holding_up_others():
    stage = await begun("anna", "ben")
    for n in range(6):
        await put(stage, replace(LUNCH, subject=f"L{n}"), f"l{n}")
    await stage.settle_down()
    for n in range(6):
        await put(stage, replace(LUNCH, subject=f"L{n}"), f"l{n}", "ben")
    await put(stage, replace(LUNCH, subject="Other"), "other")
    await stage.take_message()
    assert "Other" in shown(stage)
    await stage.settle_down()
    assert shown(stage, "ben") == [f"L{n}" for n in range(6)]


async def test_a_moved_meeting_is_cancelled_and_invited_to_anew():
    """What Exchange mails for it cannot be helped: one invitation, one cancellation."""
    stage = await begun("anna", "ben")
    await put(stage, WITH_CAROL)
    await stage.settle_down()
    before = len(stage.twin.exchange.outbox)
    await put(stage, WITH_CAROL, mailbox="ben")
    await stage.settle_down()
    assert len(stage.twin.exchange.outbox) - before == 2


async def set_state(stage: Stage, name: str, state: State) -> None:
    calendar = await stage.memory.calendar(stage.key(name))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, state=state))


async def move(stage: Stage, event: Any = LUNCH) -> None:
    await put(stage, event)
    await stage.settle_down()
    await put(stage, replace(event, subject="Tea"), mailbox="ben")


async def moved_and_edited(stage: Stage) -> None:
    await put(stage, LUNCH)
    await stage.settle_down()
    event = (await link_of(stage)).event_id
    stage.outlook("anna").update_event(event, {"location": {"displayName": "Garden"}})
    await put(stage, replace(LUNCH, subject="Tea"), mailbox="ben")


async def moved_back(stage: Stage) -> None:
    await put(stage, LUNCH)
    await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    await put(stage, replace(LUNCH, subject="Tea"), mailbox="anna")


STORIES = {move: "ben", moved_and_edited: "ben", moved_back: "anna"}


async def crashed(story: Any, effect: int | None, *, after: bool) -> tuple[Stage, int]:
    stage = await begun("anna", "ben")
    await story(stage)
    stage.fuse.count, stage.fuse.left, stage.fuse.after = 0, effect, after
    try:
        while stage.queues.sent:
            await stage.take_message()
    except Crash:
        stage.crash()
    count = stage.fuse.count
    stage.fuse.left = None
    await stage.settle_down(polls=False)
    return stage, count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_at_any_effect_of_a_move_does_no_harm(story: Any, after: bool):
    """It lives in one mailbox in the end, applied once, and nothing of it is left elsewhere."""
    _, effects = await crashed(story, None, after=False)
    assert effects > 10
    for effect in crash_points(effects):
        stage, _ = await crashed(story, effect, after=after)
        there = STORIES[story]
        assert (await link_of(stage, mailbox=there)).event_id
        assert shown(stage, there) == ["Tea"]
        assert shown(stage, "ben" if there == "anna" else "anna") == []
        assert (await kinds(stage)).count("operation.applied") == 2
        assert stage.host.echoes == []
        await lives_at(stage, there)
