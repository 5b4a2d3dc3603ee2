"""The words stories of series are told in."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from local.twin.graph.events import target_json
from local.twin.graph.preferences import View
from local.twin.series import occurrence_id, series_of
from local.twin.world import StoredEvent
from shared.calendar.event import Attendee, Event, Series, Timed, Zoned
from shared.calendar.expansion import days_between
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import (
    occurrence,
    override,
    restored,
    with_cancelled,
    with_override,
)
from shared.graph.seen import Seen
from shared.graph.series_shown import SELECT, whole_from_graph
from tests.machine.stage import TENANT, Stage
from tests.machine.telling import link_of

START = datetime(2026, 3, 9, 10)  # noqa: DTZ001 - a wall time
MONDAYS = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=6)
WEEKLY = Event(
    "Jour fixe",
    Timed(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin")),
    series=Series(MONDAYS),
)
WITH_BEN = replace(WEEKLY, attendees=(Attendee("ben@contoso.test"),))
DAYS = days_between(WEEKLY, date(2026, 1, 1), date(2026, 12, 31))
FIRST, SECOND, THIRD, FOURTH, *_ = DAYS
MADE_IN_OUTLOOK = {
    "subject": "Stand-up",
    "start": {"dateTime": "2026-03-10T10:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-10T10:30:00", "timeZone": "Europe/Berlin"},
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-03-10", "numberOfOccurrences": 6},
    },
}
_WHOLE = View(
    immutable=True, select=frozenset(name.lower() for name in SELECT), expand_exceptions=True
)


# What the host app writes.


def named(event: Event, day: date, subject: str) -> Event:
    return edited(event, day, subject=subject)


def moved(event: Event, day: date, hours: int) -> Event:
    return edited(event, day, when=later(occurrence(event, day), hours).when)


def edited(event: Event, day: date, **values: Any) -> Event:
    there = occurrence(restored(event, day) if is_cancelled(event, day) else event, day)
    event = restored(event, day)
    given = override(event, day, replace(there, **values))
    return with_override(event, given) if given else event


def is_cancelled(event: Event, day: date) -> bool:
    return event.series is not None and day in event.series.cancelled


def cancelled(event: Event, day: date) -> Event:
    return with_cancelled(event, day)


def later(event: Event, hours: int) -> Event:
    """As a whole: a series' occurrences with it, but for those that were moved."""
    when, step = event.when, timedelta(hours=hours)
    assert isinstance(when, Timed)
    start, end = when.start, when.end
    moved_when = Timed(Zoned(start.wall + step, start.zone), Zoned(end.wall + step, end.zone))
    return replace(event, when=moved_when)


def ruled(event: Event, **changes: Any) -> Event:
    assert event.series is not None
    return replace(event, series=replace(event.series, rule=replace(event.series.rule, **changes)))


# What a person does in Outlook.


def stored(stage: Stage, event_id: str, mailbox: str = "anna") -> StoredEvent:
    found = stage.twin.world.mailboxes[stage.people[mailbox].id].find(event_id)
    assert found is not None
    return found


def id_of(stage: Stage, event_id: str, day: date) -> str:
    """Of one occurrence, as it is for now."""
    master = stored(stage, event_id)
    return occurrence_id(master.id, series_of(master).epoch, day)


def edits_day(stage: Stage, event_id: str, day: date, patch: dict[str, Any]) -> None:
    stage.outlook("anna").update_event(id_of(stage, event_id, day), patch)


def moves_day(stage: Stage, event_id: str, day: date, hour: int) -> None:
    edits_day(stage, event_id, day, at(day, hour))


def cancels_day(stage: Stage, event_id: str, day: date) -> None:
    stage.outlook("anna").delete_event(id_of(stage, event_id, day))


def at(day: date, hour: int) -> dict[str, Any]:
    """An hour's length, in Berlin."""
    return {
        "start": {"dateTime": f"{day}T{hour:02}:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": f"{day}T{hour + 1:02}:00:00", "timeZone": "Europe/Berlin"},
    }


# What is seen.


def in_outlook(stage: Stage, event_id: str, mailbox: str = "anna") -> Event:
    """A series as a whole."""
    event = seen_whole(stored(stage, event_id, mailbox)).event
    assert event is not None
    return event


def all_in_outlook(stage: Stage, mailbox: str = "anna") -> list[Seen]:
    events = stage.twin.world.mailboxes[stage.people[mailbox].id].events
    return [seen_whole(event) for event in events.values()]


def seen_whole(event: StoredEvent) -> Seen:
    return whole_from_graph(target_json(event, _WHOLE), TENANT)


def value_of(event: Event, field: str) -> str:
    """A word for what an event has in a field; for a date, what takes place on that day."""
    if field == "hour":
        assert isinstance(event.when, Timed)
        return str(event.when.start.wall.hour)
    if field == "count":
        return str(event.series and event.series.rule.count)
    if not field[0].isdigit():
        return getattr(event, field)
    day = date.fromisoformat(field)
    if is_cancelled(event, day):
        return "cancelled"
    overrides = event.series.overrides if event.series else ()
    own = next((one for one in overrides if one.day == day), None)
    return dict(own.values).get("subject", "plain") if own else "plain"


async def event_id(stage: Stage, name: str = "lunch") -> str:
    return (await link_of(stage, name)).event_id
