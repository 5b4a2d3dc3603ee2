"""Stories of a calendar that empties or changes in one go: held, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.calendar.digest import differing
from shared.calendar.event import Event, Timed, Zoned
from shared.errors import Refused
from shared.graph.mapping import seen_from_graph
from shared.store.records import Held, OperationState, Ruling, State
from shared.sync.ruling import rule
from tests.machine.stage import TENANT, Crash, Stage, crash_points
from tests.machine.telling import (
    LUNCH,
    START,
    WITH_BEN,
    begun,
    delete,
    link_of,
    outcome,
    put,
    shown,
    state_of,
    told,
)

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MANY = 40


def visit(number: int, event: Event = LUNCH) -> Event:
    start = START + timedelta(hours=number)
    end = start + timedelta(minutes=30)
    when = Timed(Zoned(start, "Europe/Berlin"), Zoned(end, "Europe/Berlin"))
    return replace(event, subject=f"visit {number}", when=when)


async def full(count: int = MANY, event: Event = LUNCH, **policy: Any) -> Stage:
    """A calendar with that many appointments of the host app in it."""
    stage = await begun("anna", "ben", **policy)
    for number in range(count):
        await put(stage, visit(number, event), f"visit-{number}")
    await stage.settle_down()
    stage.twin.exchange.outbox.clear()
    return stage


def events(stage: Stage) -> dict[str, Any]:
    return stage.twin.world.mailboxes[stage.people["anna"].id].events


async def emptied(stage: Stage, count: int = MANY) -> None:
    """Exchange loses events, and tells of it."""
    by_number = sorted(events(stage).values(), key=lambda e: int(e.subject.split()[-1]))
    for event in by_number[:count]:
        stage.outlook("anna").delete_event(event.id)
    stage.twin.exchange.outbox.clear()
    await stage.settle_down()


async def held(stage: Stage) -> Held | None:
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    return calendar.held


async def ruled(stage: Stage, ruling: Ruling) -> None:
    await rule(stage.store, stage.wake, stage.key("anna"), ruling, stage.now)  # type: ignore[arg-type]
    await stage.settle_down()


async def states(stage: Stage) -> list[Any]:
    return [c.data for c in await told(stage) if c.type == "calbridge.calendar.state"]


async def agrees(stage: Stage) -> None:
    """Both sides have the same, nothing waits, and the host app knows it."""
    items = stage.outlook("anna").list_events(FIRST, LAST)
    seen = {s.event_id: s.event for s in (seen_from_graph(item, TENANT) for item in items)}
    links = [one for one in await stage.memory.links(stage.key("anna")) if one.app]
    assert len(seen) == len(links) == len(stage.host.appointments)
    mailbox = stage.twin.world.mailboxes[stage.people["anna"].id]
    for link in links:
        stored = mailbox.find(link.event_id)
        assert stored is not None
        event = next(e for i, e in seen.items() if mailbox.find(i) is stored)
        assert event is not None
        assert link.app is not None
        assert not differing(event, link.app)
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert stage.host.echoes == []


async def test_a_calendar_that_suddenly_empties_is_held():
    """Nothing is settled, and the host app is told how much it would be."""
    stage = await full()
    await emptied(stage)

    found = await held(stage)
    assert found is not None
    assert (found.links, found.deletions, found.changes) == (MANY, MANY, 0)
    assert len(found.appointments) == 10
    assert len(stage.host.appointments) == MANY
    assert await state_of(stage, "anna") is State.ACTION_REQUIRED
    last = (await states(stage))[-1]
    assert (last["cause"], last["held"]["deletions"]) == ("mass-change", MANY)


async def test_the_rest_of_a_connection_goes_on():
    """What one calendar lost says nothing of the grant."""
    stage = await full()
    await emptied(stage)

    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    assert connection.state is State.ACTIVE
    assert await state_of(stage, "ben") is State.ACTIVE


async def test_a_handful_of_deletions_goes_through():
    stage = await full()
    await emptied(stage, 30)

    assert await held(stage) is None
    assert len(stage.host.appointments) == MANY - 30


async def test_a_few_of_very_many_go_through():
    """More than the number, but not the share."""
    stage = await full(70)
    await emptied(stage, 35)

    assert await held(stage) is None
    assert len(stage.host.appointments) == 35


async def test_what_only_left_the_window_is_no_deletion():
    """A round calls it removed; looked up, it is there."""
    stage = await full(brake_deletions=3)
    for number in range(30):
        event_id = (await link_of(stage, f"visit-{number}")).event_id
        start = datetime(2033, 1, 1) + timedelta(hours=number)  # noqa: DTZ001 - a wall time
        stage.outlook("anna").update_event(
            event_id,
            {
                "start": {"dateTime": start.isoformat(), "timeZone": "UTC"},
                "end": {"dateTime": (start + timedelta(hours=1)).isoformat(), "timeZone": "UTC"},
            },
        )
    await stage.settle_down()

    assert await held(stage) is None
    assert len(stage.host.appointments) == MANY


async def test_a_mass_of_edits_is_held():
    stage = await full(brake_changes=10)
    for event_id in list(events(stage)):
        stage.outlook("anna").update_event(event_id, {"subject": f"X {event_id[-6:]}"})
    await stage.settle_down()

    found = await held(stage)
    assert found is not None
    assert (found.deletions, found.changes) == (0, MANY)
    assert all(a["subject"].startswith("visit") for a in stage.host.appointments.values())


async def test_our_own_writes_do_not_count():
    """Even where their answers were lost, so that a round shows them."""
    stage = await full(brake_changes=5, brake_deletions=5)
    for number in range(MANY):
        await put(stage, replace(visit(number), location="Canteen"), f"visit-{number}")
    for number in range(10):
        await delete(stage, f"visit-{number}")
    stage.fuse.lost_answers = MANY
    while stage.queues.sent:
        await stage.take_message()
    await stage.settle_down()

    assert await held(stage) is None
    await agrees(stage)


async def test_the_first_round_is_never_held():
    stage = await full(brake_changes=1, brake_deletions=1)

    assert await held(stage) is None
    assert await state_of(stage, "anna") is State.ACTIVE


async def test_dead_delta_links_do_not_get_around_the_brake():
    """A round from scratch misses events instead of calling them removed."""
    stage = await full()
    for event_id in list(events(stage)):
        stage.outlook("anna").delete_event(event_id)
    stage.twin.world.mailboxes[stage.people["anna"].id].generation += 1
    await stage.settle_down()

    found = await held(stage)
    assert found is not None
    assert found.deletions == MANY


async def test_writes_to_a_held_calendar_wait():
    """And are done once it is resumed."""
    stage = await full()
    await emptied(stage, 39)
    edit = await put(stage, replace(visit(39), location="Canteen"), "visit-39")
    new = await put(stage, visit(99), "visit-99")
    await stage.settle_down()
    assert await outcome(stage, edit) is OperationState.PENDING
    assert await outcome(stage, new) is OperationState.PENDING

    await ruled(stage, Ruling.RESUME)

    assert await outcome(stage, edit) is OperationState.APPLIED
    assert shown(stage) == ["visit 39", "visit 99"]
    await agrees(stage)


async def test_writes_before_the_round_do_not_get_around_the_brake():
    """Each finds its event gone; after as many as the brake allows, the round comes first."""
    stage = await full(100)
    for event_id in list(events(stage)):
        stage.outlook("anna").delete_event(event_id)
    stage.deaf.heard.clear()
    for number in range(100):
        await put(stage, replace(visit(number), location="Canteen"), f"visit-{number}")
    await stage.settle_down()

    assert await held(stage) is not None
    assert len(stage.host.appointments) >= 100 - 31


async def test_a_resumed_round_passes():
    """What Outlook shows is meant: the host app is told of every deletion."""
    stage = await full()
    await emptied(stage)

    await ruled(stage, Ruling.RESUME)

    assert stage.host.appointments == {}
    assert await held(stage) is None
    assert await state_of(stage, "anna") is State.ACTIVE
    await agrees(stage)


async def test_a_round_that_grew_beyond_what_was_resumed_is_held_again():
    stage = await full(100, brake_percent=10)
    await emptied(stage, 31)
    await rule(stage.store, stage.wake, stage.key("anna"), Ruling.RESUME, stage.now)  # type: ignore[arg-type]
    await emptied(stage, 69)

    found = await held(stage)
    assert found is not None
    assert (found.deletions, found.ruling) == (100, None)
    assert len(stage.host.appointments) == 100


async def test_a_glitch_that_heals_is_passed_over():
    """The next look shows everything again, and nobody had to act."""
    stage = await full()
    mailbox = stage.twin.world.mailboxes[stage.people["anna"].id]
    lost = list(mailbox.events.values())
    for event in lost:
        stage.outlook("anna").delete_event(event.id)
    await stage.settle_down()
    assert await held(stage) is not None
    for event in lost:
        mailbox.deleted.pop(event.id, None)
        mailbox.put(event)
        stage.twin.exchange.commit(mailbox, event, "updated")
    await stage.settle_down()

    assert await held(stage) is None
    assert await state_of(stage, "anna") is State.ACTIVE
    assert [one["state"] for one in await states(stage)][-2:] == ["action_required", "active"]
    await agrees(stage)


async def test_discarded_deletions_are_written_anew_and_mail_nobody():
    """The host app's side stands, but for the attendees, and it is told so."""
    stage = await full(event=WITH_BEN)
    await emptied(stage)
    found = await held(stage)
    assert found is not None
    assert (found.guests, found.mails) == (MANY, 0)

    await ruled(stage, Ruling.DISCARD)

    assert stage.twin.exchange.outbox == []
    assert len(shown(stage)) == MANY
    assert (await link_of(stage, "visit-1")).life == 2
    assert [c.data["fields"] for c in await told(stage) if c.subject == "visit-1"
            and c.type.endswith("updated")] == [["attendees"]]  # fmt: skip
    assert await state_of(stage, "anna") is State.ACTIVE
    await agrees(stage)
    [kept] = await stage.memory.kept(stage.key("anna"), "visit-1")
    assert kept.before.attendees == WITH_BEN.attendees


async def test_discarded_edits_are_written_back():
    """Only the fields that were edited, and what Outlook had is kept."""
    stage = await full(event=WITH_BEN, brake_changes=10)
    for event_id in list(events(stage)):
        stage.outlook("anna").update_event(event_id, {"subject": f"X {event_id[-6:]}"})
    stage.twin.exchange.outbox.clear()
    await stage.settle_down()
    found = await held(stage)
    assert found is not None
    assert found.mails == MANY

    await ruled(stage, Ruling.DISCARD)

    assert len(stage.twin.exchange.outbox) == found.mails
    assert shown(stage) == sorted(f"visit {n}" for n in range(MANY))
    await agrees(stage)
    [kept] = await stage.memory.kept(stage.key("anna"), "visit-1")
    assert kept.before.subject.startswith("X ")


async def test_what_the_app_deleted_meanwhile_is_not_written_anew():
    stage = await full()
    await emptied(stage)
    deletion = await delete(stage, "visit-0")

    await ruled(stage, Ruling.DISCARD)

    assert await outcome(stage, deletion) is OperationState.APPLIED
    assert len(shown(stage)) == MANY - 1
    await agrees(stage)


async def test_what_the_app_edited_meanwhile_is_written_anew_as_edited():
    """Without its attendees too."""
    stage = await full(event=WITH_BEN)
    await emptied(stage)
    await put(stage, replace(visit(0, WITH_BEN), subject="Mine"), "visit-0")

    await ruled(stage, Ruling.DISCARD)

    assert "Mine" in shown(stage)
    assert stage.twin.exchange.outbox == []
    await agrees(stage)


async def test_only_what_is_held_is_ruled_on():
    stage = await full(1)

    with pytest.raises(Refused):
        await rule(stage.store, stage.wake, stage.key("anna"), Ruling.RESUME, stage.now)  # type: ignore[arg-type]


async def crashed_at(ruling: Ruling, effect: int, *, after: bool) -> Stage:
    stage = await full(6, WITH_BEN, brake_deletions=2)
    await emptied(stage, 5)
    await rule(stage.store, stage.wake, stage.key("anna"), ruling, stage.now)  # type: ignore[arg-type]
    stage.fuse.count, stage.fuse.left, stage.fuse.after = 0, effect, after
    try:
        while stage.queues.sent:
            await stage.take_message()
    except Crash:
        stage.crash()
    return stage


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("ruling", list(Ruling))
async def test_a_crash_while_a_ruling_is_carried_out_does_no_harm(ruling: Ruling, after: bool):
    """Nothing is written twice, nobody is mailed, and it ends as it was ruled."""
    effects = (await crashed_at(ruling, 1000, after=after)).fuse.count
    assert effects > 3
    for effect in crash_points(effects):
        stage = await crashed_at(ruling, effect, after=after)
        await stage.settle_down(polls=False)
        assert len(shown(stage)) == (6 if ruling is Ruling.DISCARD else 1)
        assert stage.twin.exchange.outbox == []
        assert await held(stage) is None
        await agrees(stage)
