"""A series as single events: each is written when it comes near, and stays one appointment."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.calendar.event import Event
from shared.calendar.recurrence import Frequency, Rule
from shared.store.records import AppointmentStatus, CalendarKey, Link, OperationState
from shared.sync.report import appointment_json
from shared.sync.timers import catch_up, sweep
from tests.machine.series_telling import (
    DAYS,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    WEEKLY,
    WITH_BEN,
    at,
    cancelled,
    is_cancelled,
    later,
    moved,
    named,
    ruled,
)
from tests.machine.stage import Crash, Stage, crash_points
from tests.machine.telling import begun as with_policy
from tests.machine.telling import delete, link_of, outcome, put, set_policy, told

LEAD = 14
NEAR = [FIRST, SECOND]
MADE_SINGLY = {"series_out": "occurrences", "lead_days": LEAD}


async def begun(*names: str, **policy: Any) -> Stage:
    return await with_policy(*(names or ("anna",)), **{**MADE_SINGLY, **policy})


def events(stage: Stage, mailbox: str = "anna") -> dict[date, Any]:
    """What is in Outlook, by the day it is on; fails where two are."""
    stored = stage.twin.world.mailboxes[stage.people[mailbox].id].events.values()
    found = {event.start.local.date(): event for event in stored}
    assert len(found) == len(stored)
    return found


def subjects(stage: Stage) -> dict[date, str]:
    return {day: event.subject for day, event in events(stage).items()}


async def child_of(stage: Stage, day: date, mailbox: str = "anna") -> Link:
    return await link_of(stage, f"lunch/{day}", mailbox)


async def edit(stage: Stage, day: date, patch: dict[str, Any]) -> None:
    stage.outlook("anna").update_event((await child_of(stage, day)).event_id, patch)


async def remove(stage: Stage, day: date) -> None:
    stage.outlook("anna").delete_event((await child_of(stage, day)).event_id)


async def sleep_until(stage: Stage, day: date) -> None:
    """Nobody does anything until noon of that day, but the timers."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    while stage.now < noon:
        step = min(timedelta(hours=6), noon - stage.now)
        stage.now += step
        stage.twin.clock.advance(step.total_seconds())
        await catch_up(stage.engine, stage.now)
        await sweep(stage.engine, stage.now)
        while stage.queues.sent or stage.deaf.heard:
            await stage.notify()
            await stage.take_message()
    await stage.deliver()


async def kinds(stage: Stage) -> list[str]:
    changes = [c.type.removeprefix("calbridge.") for c in await told(stage)]
    return [kind for kind in changes if kind != "calendar.state"]


async def at_rest(stage: Stage) -> None:
    """Nothing waits, the host app heard nothing twice, and to go on writes nothing."""
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert stage.host.echoes == []
    before = {day: event.change_key for day, event in events(stage).items()}
    count = len(await told(stage))
    await stage.settle_down()
    assert {day: event.change_key for day, event in events(stage).items()} == before
    assert len(await told(stage)) == count


async def test_only_what_is_near_is_in_outlook():
    stage = await begun()
    accepted = await put(stage, WEEKLY)
    await stage.settle_down()
    assert subjects(stage) == dict.fromkeys(NEAR, "Jour fixe")
    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert await kinds(stage) == ["operation.applied"]
    link = await link_of(stage)
    shown = appointment_json(link)
    assert (link.event_id, shown["in_outlook"], shown["occurrences_written"]) == ("", True, 2)
    await at_rest(stage)


async def test_it_is_applied_only_when_outlook_has_all_of_it():
    stage = await begun()
    accepted = await put(stage, WEEKLY)
    while await outcome(stage, accepted) is not OperationState.APPLIED:
        assert stage.queues.sent
        await stage.take_message()
    assert subjects(stage) == dict.fromkeys(NEAR, "Jour fixe")


async def test_each_occurrence_has_its_own_invitation():
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    assert len(stage.twin.exchange.outbox) == len(NEAR)
    await at_rest(stage)
    assert len(stage.twin.exchange.outbox) == len(NEAR)


async def test_without_invitations_nobody_is_mailed():
    stage = await begun("anna", "ben", invitations="none")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    assert list(events(stage)) == NEAR
    assert stage.twin.exchange.outbox == []


async def test_the_next_ones_come_by_themselves():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await sleep_until(stage, THIRD - timedelta(days=LEAD + 1))
    assert list(events(stage)) == NEAR
    await sleep_until(stage, THIRD - timedelta(days=LEAD))
    assert sorted(events(stage)) == [*NEAR, THIRD]
    await sleep_until(stage, DAYS[-1])
    assert sorted(events(stage)) == DAYS
    assert await kinds(stage) == ["operation.applied"]
    await at_rest(stage)


async def test_what_is_far_away_waits_without_an_event():
    stage = await begun()
    accepted = await put(stage, later(WEEKLY, 24 * 7 * 4))
    await stage.settle_down()
    assert events(stage) == {}
    assert await outcome(stage, accepted) is OperationState.APPLIED
    await sleep_until(stage, FIRST + timedelta(days=28 - LEAD))
    assert list(events(stage)) == [FIRST + timedelta(days=28)]


async def test_a_longer_lead_time_counts_by_the_next_day():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await set_policy(stage, lead_days=21)
    await sleep_until(stage, stage.now.date() + timedelta(days=2))
    assert sorted(events(stage)) == [*NEAR, THIRD]


async def test_a_changed_series_changes_what_is_to_come_alone():
    stage = await begun()
    await put(stage, WEEKLY)
    await sleep_until(stage, FIRST)
    before = {day: event.id for day, event in events(stage).items()}
    await put(stage, replace(named(WEEKLY, THIRD, "Visit"), subject="Team"))
    await stage.settle_down()
    assert subjects(stage) == {FIRST: "Jour fixe", SECOND: "Team", THIRD: "Visit"}
    assert {day: event.id for day, event in events(stage).items()} == before
    await at_rest(stage)


async def test_a_new_rule_takes_the_old_days_away():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await put(stage, ruled(WEEKLY, interval=2))
    await stage.settle_down()
    assert list(events(stage)) == [FIRST]
    await at_rest(stage)


async def test_a_cancelled_day_goes_and_comes_back():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await put(stage, cancelled(WEEKLY, SECOND))
    await stage.settle_down()
    assert list(events(stage)) == [FIRST]
    await put(stage, WEEKLY)
    await stage.settle_down()
    assert sorted(events(stage)) == NEAR
    await at_rest(stage)


async def test_a_day_moved_near_is_written_now():
    stage = await begun()
    await put(stage, moved(WEEKLY, FOURTH, -20 * 24))
    await stage.settle_down()
    assert sorted(events(stage)) == sorted([*NEAR, FOURTH - timedelta(days=20)])
    await at_rest(stage)


@pytest.mark.parametrize("cancel", [False, True], ids=["delete", "cancel"])
async def test_without_the_series_what_has_taken_place_stays(cancel: bool):
    stage = await begun()
    await put(stage, WEEKLY)
    await sleep_until(stage, FIRST)
    await delete(stage, cancel=cancel)
    await stage.settle_down()
    assert list(events(stage)) == [FIRST]
    assert await stage.memory.pendings(stage.key("anna")) == []
    await sleep_until(stage, THIRD)
    assert list(events(stage)) == [FIRST]


async def test_a_series_created_again_is_written_again():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await delete(stage)
    await stage.settle_down()
    await put(stage, WEEKLY)
    await stage.settle_down()
    assert sorted(events(stage)) == NEAR
    await at_rest(stage)


async def test_an_edit_in_outlook_is_that_day_of_the_series():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await edit(stage, SECOND, {"subject": "Visit"})
    await stage.settle_down()
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    assert (change.subject, change.data["fields"]) == ("lunch", ["series"])
    assert change.data["occurrences"] == [
        {"original_start": f"{SECOND}T10:00:00", "change": "edited", "fields": ["subject"]}
    ]
    link = await link_of(stage)
    assert link.app == named(WEEKLY, SECOND, "Visit")
    assert subjects(stage) == {FIRST: "Jour fixe", SECOND: "Visit"}
    await at_rest(stage)


async def test_a_time_moved_in_outlook_stays_moved():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await edit(stage, SECOND, at(SECOND, 14))
    await stage.settle_down()
    link = await link_of(stage)
    assert link.app == moved(WEEKLY, SECOND, 4)
    await put(stage, replace(link.app, subject="Team"))
    await stage.settle_down()
    assert events(stage)[SECOND].start.utc.hour == 13
    assert subjects(stage) == dict.fromkeys(NEAR, "Team")
    await at_rest(stage)


async def test_the_host_app_and_a_person_edit_at_once():
    """Different fields both stand, and of one field the policy's winner's."""
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await edit(stage, SECOND, {"subject": "Visit", "location": {"displayName": "Garden"}})
    await put(stage, replace(later(WEEKLY, 2), subject="Team"))
    await stage.settle_down()
    assert subjects(stage) == {FIRST: "Team", SECOND: "Visit"}
    assert events(stage)[SECOND].start.utc.hour == 11
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    (conflict,) = change.data["conflicts"]
    assert (conflict["days"], conflict["winner"]) == ([f"{SECOND}T12:00:00"], "outlook")
    await at_rest(stage)


async def test_an_occurrence_deleted_in_outlook_is_a_day_left_out():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await remove(stage, SECOND)
    await stage.settle_down()
    link = await link_of(stage)
    assert link.app is not None
    assert is_cancelled(link.app, SECOND)
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    assert change.data["occurrences"] == [
        {"original_start": f"{SECOND}T10:00:00", "change": "cancelled"}
    ]
    await put(stage, replace(link.app, subject="Team"))
    await stage.settle_down()
    assert subjects(stage) == {FIRST: "Team"}
    await at_rest(stage)


@pytest.mark.parametrize("deletes", [False, True], ids=["edit", "deletion"])
async def test_where_the_series_is_the_host_apps_a_person_changes_no_day(deletes: bool):
    stage = await begun(owners={"series": "app"})
    await put(stage, WEEKLY)
    await stage.settle_down()
    if deletes:
        await remove(stage, SECOND)
    else:
        await edit(stage, SECOND, {"subject": "Visit"})
    await stage.settle_down()
    assert subjects(stage) == dict.fromkeys(NEAR, "Jour fixe")
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    assert change.data["conflicts"][0]["winner"] == "app"
    await at_rest(stage)


async def test_an_edit_beats_a_cancelled_day_where_outlook_wins():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    await edit(stage, SECOND, {"subject": "Visit"})
    await put(stage, cancelled(WEEKLY, SECOND))
    await stage.settle_down()
    assert subjects(stage) == {FIRST: "Jour fixe", SECOND: "Visit"}
    await at_rest(stage)


LAST_DAYS = Rule(Frequency.MONTHLY, by_month_day=(-2,), count=3)


async def test_a_rule_outlook_cannot_hold_is_written_singly():
    stage = await begun(series_out="series", unrepresentable="occurrences", lead_days=60)
    start = datetime(2026, 3, 30, 10)  # noqa: DTZ001 - a wall time
    event = replace(WEEKLY, when=replace_start(WEEKLY, start))
    event = ruled(
        event,
        **{f: getattr(LAST_DAYS, f) for f in ("frequency", "by_month_day", "count")},
        by_day=(),
    )
    await put(stage, event)
    await stage.settle_down()
    assert [str(day) for day in sorted(events(stage))] == ["2026-03-30", "2026-04-29"]
    await at_rest(stage)


def replace_start(event: Event, start: datetime) -> Any:
    when: Any = event.when
    return replace(
        when,
        start=replace(when.start, wall=start),
        end=replace(when.end, wall=start + timedelta(hours=1)),
    )


async def test_a_series_outlook_can_hold_stays_one_there():
    stage = await begun(series_out="series", unrepresentable="occurrences")
    await put(stage, WEEKLY)
    await stage.settle_down()
    assert (await link_of(stage)).event_id


async def test_another_policy_leaves_a_series_as_it_is_in_outlook():
    """Neither way does anybody get a mail, or an event twice."""
    stage = await with_policy("anna", "ben", series_out="series", lead_days=LEAD)
    await put(stage, WITH_BEN)
    await stage.settle_down()
    mails = len(stage.twin.exchange.outbox)
    await set_policy(stage, series_out="occurrences")
    await put(stage, replace(WITH_BEN, categories=("Blue",)))
    await stage.settle_down()
    assert len(events(stage)) == 1
    assert len(stage.twin.exchange.outbox) == mails


async def test_single_events_stay_single_under_another_policy():
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    mails = len(stage.twin.exchange.outbox)
    await set_policy(stage, series_out="series")
    await put(stage, replace(WITH_BEN, categories=("Blue",)))
    await stage.settle_down()
    assert sorted(events(stage)) == NEAR
    assert len(stage.twin.exchange.outbox) == mails


async def test_a_single_event_becomes_a_series_and_single_again():
    stage = await begun()
    single = replace(WEEKLY, series=None)
    await put(stage, single)
    await stage.settle_down()
    assert list(events(stage)) == [FIRST]
    await put(stage, WEEKLY)
    await stage.settle_down()
    assert sorted(events(stage)) == NEAR
    assert (await link_of(stage)).event_id == ""
    await at_rest(stage)
    await put(stage, single)
    await stage.settle_down()
    assert list(events(stage)) == [FIRST]
    assert (await link_of(stage)).event_id
    await at_rest(stage)


async def test_a_series_moves_to_another_mailbox():
    stage = await begun("anna", "ben")
    await put(stage, WEEKLY)
    await stage.settle_down()
    moved_to = await put(stage, WEEKLY, mailbox="ben")
    await stage.settle_down()
    assert (sorted(events(stage)), sorted(events(stage, "ben"))) == ([], NEAR)
    assert await outcome(stage, moved_to, "ben") is OperationState.APPLIED
    await put(stage, replace(WEEKLY, subject="Team"), mailbox="ben")
    await stage.settle_down()
    assert {event.subject for event in events(stage, "ben").values()} == {"Team"}


async def test_participants_get_a_copy_of_each_occurrence():
    stage = await begun("anna", "ben", participants="copies")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    assert sorted(events(stage)) == sorted(events(stage, "ben")) == NEAR
    child = await child_of(stage, SECOND, "ben")
    stage.outlook("ben").update_event(child.event_id, {"subject": "Visit"})
    await stage.settle_down()
    assert subjects(stage) == {FIRST: "Jour fixe", SECOND: "Visit"}
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    assert (change.data["copy"], change.data["fields"]) == ("ben@contoso.test", ["series"])
    stage.outlook("ben").delete_event((await child_of(stage, FIRST, "ben")).event_id)
    await stage.settle_down()
    assert sorted(events(stage)) == NEAR
    assert list(events(stage, "ben")) == [SECOND]
    assert stage.twin.exchange.outbox == []
    await at_rest(stage)


async def test_an_attendee_who_edits_their_copy_of_one_is_told_of_as_of_the_series():
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    copy = events(stage, "ben")[SECOND]
    stage.outlook("ben").update_event(copy.id, {"location": {"displayName": "My desk"}})
    await stage.settle_down()
    (change,) = [c for c in await told(stage) if c.type.endswith("copy_differs")]
    assert (change.subject, change.data["appointment"]["id"]) == ("lunch", "lunch")
    await at_rest(stage)


async def test_what_microsoft_refuses_of_one_refuses_the_write():
    """The others are written, and the next write tries it again."""
    stage = await begun()
    path = f"/users/{stage.people['anna'].id}"
    stage.twin.faults.add(
        {
            "match": {"path": path, "method": "POST"},
            "action": {"status": 400},
            "phase": "before",
            "times": 1,
        }
    )
    accepted = await put(stage, WEEKLY)
    await stage.settle_down()
    assert await outcome(stage, accepted) is OperationState.REFUSED
    assert len(events(stage)) == 1
    again = await put(stage, named(WEEKLY, FOURTH, "Visit"))
    await stage.settle_down()
    assert await outcome(stage, again) is OperationState.APPLIED
    assert subjects(stage) == dict.fromkeys(NEAR, "Jour fixe")
    await at_rest(stage)


async def test_where_outlook_is_not_heard_the_next_write_brings_back_what_was_deleted():
    stage = await begun(direction="to_outlook")
    await put(stage, WEEKLY)
    await stage.settle_down()
    await remove(stage, SECOND)
    await stage.settle_down()
    again = await put(stage, named(WEEKLY, FOURTH, "Visit"))
    await stage.settle_down()
    assert await outcome(stage, again) is OperationState.APPLIED
    assert subjects(stage) == dict.fromkeys(NEAR, "Jour fixe")
    assert await kinds(stage) == ["operation.applied"] * 2
    await at_rest(stage)


async def test_single_events_are_no_appointments():
    stage = await begun()
    await put(stage, WEEKLY)
    await stage.settle_down()
    links = await stage.memory.links(stage.key("anna"))
    assert [link.appointment for link in links if not link.home] == ["lunch"]
    assert {CalendarKey.parse(link.home) for link in links if link.home} == {stage.key("anna")}
    assert all(link.status is AppointmentStatus.CONFIRMED for link in links)


async def added(stage: Stage) -> None:
    await put(stage, WEEKLY)


async def changed(stage: Stage) -> None:
    await put(stage, WEEKLY)
    await stage.settle_down()
    await put(stage, named(cancelled(WEEKLY, FIRST), SECOND, "Visit"))


async def edited(stage: Stage) -> None:
    await put(stage, WEEKLY)
    await stage.settle_down()
    await edit(stage, SECOND, {"subject": "Visit"})
    await remove(stage, FIRST)
    await stage.wake.dirty(stage.key("anna"), stage.now)


async def grown(stage: Stage) -> None:
    """From a single event in Outlook."""
    await put(stage, replace(WEEKLY, series=None))
    await stage.settle_down()
    await put(stage, WEEKLY)


async def ended(stage: Stage) -> None:
    await put(stage, WEEKLY)
    await stage.settle_down()
    await delete(stage)


STORIES: dict[Any, dict[date, str]] = {
    added: dict.fromkeys(NEAR, "Jour fixe"),
    changed: {SECOND: "Visit"},
    edited: {SECOND: "Visit"},
    grown: dict.fromkeys(NEAR, "Jour fixe"),
    ended: {},
}


async def crashed(story: Any, effect: int | None, *, after: bool) -> tuple[Stage, int]:
    stage = await begun()
    await story(stage)
    stage.deaf.heard.clear()
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
async def test_a_crash_at_any_effect_does_no_harm(story: Any, after: bool):
    """Nothing is there twice or left over, and what a person did is told once."""
    _, effects = await crashed(story, None, after=False)
    assert effects > 10
    for effect in crash_points(effects):
        stage, _ = await crashed(story, effect, after=after)
        assert subjects(stage) == STORIES[story]
        assert (await kinds(stage)).count("appointment.updated") == 2 * (story is edited)
        assert await stage.memory.pendings(stage.key("anna")) == []
        assert stage.host.echoes == []
