"""A series as Graph shows it: the master with its exceptions and cancelled days, as one event."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.calendar.event import AllDay, Event, Series, Timed, When
from shared.calendar.expansion import is_day
from shared.calendar.occurrence import plain
from shared.calendar.series import normal, override
from shared.calendar.zones import iana_name, zoned
from shared.errors import Rejected
from shared.graph.mapping import body_html, event_from_graph, moment, seen_from_graph
from shared.graph.recurrence import recurrence_from_graph
from shared.graph.seen import Kind, Seen

Json = dict[str, Any]
Instance = tuple[date, str, str]

SELECT = (
    "id", "type", "iCalUId", "seriesMasterId", "originalStart", "organizer", "isOrganizer",
    "isCancelled", "lastModifiedDateTime", "createdDateTime", "subject", "body", "start", "end",
    "originalStartTimeZone", "originalEndTimeZone", "isAllDay", "location", "locations",
    "attendees", "showAs", "sensitivity", "isReminderOn", "reminderMinutesBeforeStart",
    "categories", "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting", "hideAttendees",
    "recurrence", "exceptionOccurrences", "cancelledOccurrences",
)  # fmt: skip
"""All that is mapped: cancelled days and exceptions come only where they are selected."""
_NEIGHBOURS = (timedelta(days=1), timedelta(days=-1))


def whole_from_graph(item: Json, tenant: str = "", tag: str = "") -> Seen:
    """Of a master read with `SELECT` and its exceptions; of any other item what it is."""
    seen = seen_from_graph(item, tenant, tag)
    if seen.kind is not Kind.MASTER:
        return seen
    try:
        master = _master(item)
    except Rejected:
        return seen
    exceptions = dict(_exceptions(master, item.get("exceptionOccurrences") or ()))
    event = normal(_with_days(master, exceptions, item.get("cancelledOccurrences") or ()))
    instances = tuple(
        (day, one["id"], one.get("@odata.etag", ""))
        for day, one in sorted(exceptions.items())
        if not one.get("isCancelled")
    )
    bodies = tuple((day, body_html(one)) for day, one in sorted(exceptions.items()))
    return replace(seen, event=event, instances=instances, instance_html=bodies)


def _master(item: Json) -> Event:
    rule, zone = recurrence_from_graph(item)
    event = event_from_graph(item)
    when = _in_zone(event.when, zone or _zone_for(event.when, item))
    return replace(event, when=when, series=Series(rule))


def _in_zone(when: When, zone: str) -> When:
    """A series is told in the zone it repeats in, whatever zone its first start was given in."""
    if isinstance(when, AllDay):
        return when
    return Timed(zoned(when.start.instant, zone), zoned(when.end.instant, zone))


def _zone_for(when: When, item: Json) -> str:
    """For a series in a zone nobody knows: the one its start has, unless its first day would be
    another there. Then the nearest offset that makes it the right one, so that at least the
    days are.
    """
    first = str(item["recurrence"]["range"].get("startDate") or "")
    if isinstance(when, AllDay) or not first:
        return "UTC"
    for zone in (when.start.zone, *_OFFSETS):
        if when.start.instant.astimezone(ZoneInfo(zone)).date().isoformat() == first:
            return zone
    return when.start.zone


_OFFSETS = tuple(f"Etc/GMT{sign}{hours}" for hours in range(1, 13) for sign in "-+")


def _with_days(master: Event, exceptions: dict[date, Json], names: Iterable[str]) -> Event:
    if master.series is None:
        raise ValueError("not a series")
    cancelled = set(_cancelled(master, names))
    cancelled |= {day for day, one in exceptions.items() if one.get("isCancelled")}
    overrides = (
        override(master, day, event_from_graph(one))
        for day, one in sorted(exceptions.items())
        if day not in cancelled
    )
    left = tuple(one for one in overrides if one)
    series = Series(master.series.rule, tuple(sorted(cancelled)), left)
    return replace(master, series=series)


def _exceptions(master: Event, items: Iterable[Json]) -> Iterable[tuple[date, Json]]:
    for item in items:
        original = moment(item.get("originalStart"))
        zone = iana_name(item.get("originalStartTimeZone") or "")
        day = original and day_of(master, original, zone or "UTC")
        if day:
            yield day, item


def day_of(master: Event, original: datetime, zone: str = "UTC") -> date | None:
    """The day of the rule whose occurrence starts then by the rule; None: of no such day.
    `zone` is that of the midnight a date may be told by.
    """
    if not isinstance(master.when, AllDay):
        return _nearest(master, original.astimezone(ZoneInfo(master.when.start.zone)).date())
    local = original.astimezone(ZoneInfo(zone))
    if original.time() != time() and local.time() == time():
        return _nearest(master, local.date())
    return _nearest(master, (original + timedelta(hours=12)).date())


def _nearest(master: Event, day: date) -> date | None:
    """In a zone nobody knows, a local day may be the one before or after ours."""
    candidates = (day, *(day + step for step in _NEIGHBOURS))
    return next((one for one in candidates if is_day(master, one)), None)


def _cancelled(master: Event, names: Iterable[str]) -> list[date]:
    """`OID.<master>.<date>`. Whether the date is told in the zone of the series or in UTC is
    documented nowhere: in the series' if all are days of its rule, else in UTC, where an early
    or late occurrence falls on a neighbouring date.
    """
    told = [found for name in names if (found := _date_in(name))]
    if all(is_day(master, day) for day in told):
        return told
    return [day for one in told if (day := _by_utc(master, one))]


def _by_utc(master: Event, told: date) -> date | None:
    candidates = (told, *(told + step for step in _NEIGHBOURS))
    fitting = [day for day in candidates if is_day(master, day)]
    by_utc = [day for day in fitting if _utc_date(plain(master, day).when) == told]
    return next(iter(by_utc or fitting), None)


def _date_in(name: str) -> date | None:
    try:
        return date.fromisoformat(name.rpartition(".")[2])
    except ValueError:
        return None


def _utc_date(when: When) -> date:
    if isinstance(when, AllDay):
        return when.start
    return when.start.instant.astimezone(UTC).date()
