"""Series, told from the first edit to the rest that follows."""

from dataclasses import replace
from typing import Any

import pytest

from shared.calendar.digest import same
from shared.calendar.event import Conference, Event
from shared.calendar.series import occurrence
from shared.store.records import OperationState
from shared.sync.series_window import continues
from tests.machine.series_telling import (
    FIRST,
    FOURTH,
    MADE_IN_OUTLOOK,
    SECOND,
    THIRD,
    WEEKLY,
    WITH_BEN,
    at,
    cancelled,
    cancels_day,
    edits_day,
    event_id,
    in_outlook,
    later,
    moved,
    moves_day,
    named,
    ruled,
)
from tests.machine.stage import Stage
from tests.machine.telling import begun, delete, link_of, outcome, put, shown, told

MANNERS = [
    {},
    {"reissued_exceptions": "kept", "reissued_cancelled": "kept"},
    {"exception_bumps_master": False},
    {"exceptions_follow_master": False, "same_recurrence_reissues": True},
    {"cancelled_day_zone": "utc", "all_day_series_in_utc": True},
]
every_manner = pytest.mark.parametrize("switches", MANNERS, ids=lambda s: "-".join(s) or "plain")
RICH = cancelled(named(moved(WEEKLY, FIRST, 3), SECOND, "Kickoff"), THIRD)


async def settled(event: Event, switches: dict[str, Any] | None = None, **policy: Any) -> Stage:
    """The series is in Outlook, and all is at rest."""
    stage = await begun("anna", "ben", **policy)
    stage.twin.switches.patch(switches or {})
    await put(stage, event)
    await stage.settle_down()
    return stage


async def agrees(stage: Stage, wanted: Event | None = None) -> None:
    """Outlook and the host app show the same, and the wanted."""
    link = await link_of(stage)
    assert link.app is not None
    outlook = in_outlook(stage, link.event_id)
    assert same(outlook, link.app)
    assert wanted is None or same(wanted, link.app)
    assert stage.host.echoes == []
    assert await stage.memory.pendings(stage.key("anna")) == []


async def requests(stage: Stage) -> int:
    return stage.fuse.count


# Out.


@every_manner
@pytest.mark.parametrize("event", [WEEKLY, RICH], ids=["bare", "rich"])
async def test_a_series_of_the_app_is_one_series_in_outlook(event: Event, switches):
    stage = await settled(event, switches)

    await agrees(stage, event)
    assert shown(stage) == ["Jour fixe"]


@every_manner
@pytest.mark.parametrize(
    "edit",
    [
        lambda e: replace(e, subject="Renamed"),
        lambda e: later(e, 1),
        lambda e: ruled(e, count=9),
        lambda e: cancelled(e, FOURTH),
        lambda e: moved(e, FOURTH, 2),
        lambda e: replace(e, series=None),
        lambda e: replace(e, series=replace(e.series, overrides=())),
    ],
    ids=["subject", "time", "rule", "cancel", "move", "single", "as the rest"],
)
async def test_an_edit_by_the_app_is_in_outlook(edit, switches):
    """Whatever Exchange does to the days of a series whose time or rule is another."""
    stage = await settled(RICH, switches)
    accepted = await put(stage, edit(RICH))
    await stage.settle_down()

    await agrees(stage, edit(RICH)) if edit(RICH).series else None
    assert await outcome(stage, accepted) is OperationState.APPLIED


@pytest.mark.parametrize("kept", ["dropped", "kept"])
async def test_a_cancelled_day_can_be_had_back(kept: str):
    stage = await settled(RICH, {"reissued_cancelled": kept, "reissued_exceptions": kept})
    back = replace(RICH, series=replace(RICH.series, cancelled=()))
    await put(stage, back)
    await stage.settle_down()

    await agrees(stage, back)


async def test_a_single_event_becomes_a_series_and_keeps_its_id():
    stage = await settled(replace(WEEKLY, series=None))
    before = await event_id(stage)
    await put(stage, RICH)
    await stage.settle_down()

    await agrees(stage, RICH)
    assert before == await event_id(stage)


async def test_a_deleted_series_is_gone():
    stage = await settled(RICH)
    await delete(stage)
    await stage.settle_down()

    assert shown(stage) == []


# In.


@every_manner
async def test_what_a_person_does_to_one_occurrence_reaches_the_app(switches):
    stage = await settled(WEEKLY, switches)
    master = await event_id(stage)
    moves_day(stage, master, FIRST, 15)
    edits_day(stage, master, SECOND, {"subject": "Kickoff"})
    cancels_day(stage, master, THIRD)
    await stage.settle_down()

    await agrees(stage, named(cancelled(moved(WEEKLY, FIRST, 5), THIRD), SECOND, "Kickoff"))
    days = [day for change in await told(stage) for day in change.data.get("occurrences", ())]
    assert sorted((day["original_start"][:10], day["change"]) for day in days) == [
        (str(FIRST), "moved"),
        (str(SECOND), "edited"),
        (str(THIRD), "cancelled"),
    ]


@every_manner
async def test_a_cancelled_occurrence_is_noticed_whatever_becomes_of_the_etag(switches):
    stage = await settled(WEEKLY, switches)
    cancels_day(stage, await event_id(stage), SECOND)
    stage.deaf.heard.clear()
    await stage.settle_down()

    await agrees(stage, cancelled(WEEKLY, SECOND))


async def test_a_person_makes_a_series_and_it_is_one_appointment():
    stage = await begun("anna")
    made = stage.outlook("anna").create_event(MADE_IN_OUTLOOK)
    cancels_day(stage, made["id"], in_outlook_days(stage, made["id"])[1])
    await stage.settle_down()
    (appointment,) = stage.host.appointments.values()

    assert appointment["recurrence"]["rrule"].startswith("FREQ=WEEKLY")
    assert len(appointment["recurrence"]["exdates"]) == 1


def in_outlook_days(stage: Stage, name: str) -> list[Any]:
    from shared.calendar.expansion import days_between, start_day

    event = in_outlook(stage, name)
    return days_between(event, start_day(event), start_day(event).replace(year=2027))


async def test_a_series_from_before_is_left_alone_by_its_master_alone():
    stage = Stage()
    stage.outlook("anna").create_event(MADE_IN_OUTLOOK)
    await stage.connect("anna", policy={"backfill": "none"})

    assert stage.host.appointments == {}


async def test_a_person_ends_a_series_and_the_app_has_a_single_event():
    stage = await settled(WEEKLY)
    stage.outlook("anna").update_event(await event_id(stage), {"recurrence": None})
    await stage.settle_down()
    link = await link_of(stage)

    assert link.app is not None
    assert link.app.series is None
    assert stage.host.appointments["lunch"]["recurrence"] is None


async def test_a_series_deleted_in_outlook_is_gone():
    stage = await settled(RICH)
    stage.outlook("anna").delete_event(await event_id(stage))
    await stage.settle_down()

    assert stage.host.appointments == {}


async def test_this_and_following_changed_in_outlook_says_what_it_follows():
    stage = await settled(WEEKLY)
    master = await event_id(stage)
    outlook = stage.outlook("anna")
    outlook.update_event(
        master, {"recurrence": weekly(FIRST, {"type": "endDate", "endDate": str(SECOND)})}
    )
    outlook.create_event(
        {
            "subject": "Jour fixe",
            **at(THIRD, 14),
            "recurrence": weekly(THIRD, {"type": "numbered", "numberOfOccurrences": 4}),
        }
    )
    await stage.settle_down()
    links = await stage.memory.links(stage.key("anna"))

    assert sorted(link.follows for link in links) == ["", "lunch"]
    created = [c for c in await told(stage) if c.type.endswith("appointment.created")]
    assert [c.data["appointment"]["follows"] for c in created] == ["lunch"]


def weekly(first: Any, end: dict[str, Any]) -> dict[str, Any]:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"startDate": str(first), "recurrenceTimeZone": "Europe/Berlin", **end},
    }


# Both at once.


@every_manner
async def test_a_day_moved_in_outlook_and_another_cancelled_by_the_app_both_stand(switches):
    stage = await settled(WEEKLY, switches)
    moves_day(stage, await event_id(stage), FIRST, 15)
    await put(stage, cancelled(WEEKLY, SECOND))
    await stage.settle_down()

    await agrees(stage, cancelled(moved(WEEKLY, FIRST, 5), SECOND))


@every_manner
async def test_an_occurrence_moved_while_the_app_edits_the_series_stays_moved(switches):
    stage = await settled(WEEKLY, switches)
    moves_day(stage, await event_id(stage), SECOND, 15)
    await put(stage, replace(WEEKLY, subject="Renamed"))
    await stage.settle_down()

    await agrees(stage, replace(moved(WEEKLY, SECOND, 5), subject="Renamed"))


@every_manner
async def test_an_occurrence_moved_while_the_app_changes_the_time_stays_moved(switches):
    stage = await settled(WEEKLY, switches)
    moves_day(stage, await event_id(stage), SECOND, 15)
    await put(stage, later(WEEKLY, 1))
    await stage.settle_down()

    await agrees(stage, moved(later(WEEKLY, 1), SECOND, 4))


# At rest.


@every_manner
async def test_syncing_again_writes_nothing(switches):
    stage = await settled(WITH_BEN, switches)
    moves_day(stage, await event_id(stage), FIRST, 15)
    await put(stage, cancelled(replace(WITH_BEN, subject="Renamed"), THIRD))
    await stage.settle_down()
    mails, log = len(stage.twin.exchange.outbox), len(await told(stage))
    before = stored_state(stage)
    await stage.settle_down()

    assert (mails, log) == (len(stage.twin.exchange.outbox), len(await told(stage)))
    assert before == stored_state(stage)


def stored_state(stage: Stage) -> list[int]:
    return [e.change for e in stage.twin.world.mailboxes[stage.people["anna"].id].events.values()]


def test_what_begins_where_another_ended_follows_it():
    head = ruled(WEEKLY, count=2)
    tail = replace(WEEKLY, when=occurrence(WEEKLY, THIRD).when)

    assert continues(tail, WEEKLY, head)
    assert not continues(tail, WEEKLY, WEEKLY)
    assert not continues(head, WEEKLY, head)


async def test_a_series_that_outlook_makes_no_teams_meeting_of_is_written_without():
    """Though Teams counts as allowed; all else of the edit is in Outlook."""
    stage = await settled(RICH, {"teams_silently_off": True})
    wanted = cancelled(replace(RICH, subject="Call", conference=Conference.TEAMS), FOURTH)
    accepted = await put(stage, wanted)
    await stage.settle_down()
    operation = await stage.memory.operation(stage.key("anna"), "lunch", accepted.link.version)

    await agrees(stage, replace(wanted, conference=Conference.NONE))
    assert operation is not None
    assert operation.state is OperationState.APPLIED
    assert [one["code"] for one in operation.warnings] == ["teams-off"]
