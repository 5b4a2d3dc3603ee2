"""Instances of a series inside a window, and the ids they are known by."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from local.twin.faults import Switches
from local.twin.problem import GraphProblem, bad_request
from local.twin.recurrence import dates_between, first_date, neighbours, rule_from_graph
from local.twin.world import Mailbox, Series, Stamp, StoredEvent, stamp
from local.twin.zones import midnight, to_local

_MASTER_END, _OCCURRENCE_END = "AAA=", "AAB="
_STEM = 16  # epoch, yyyymmdd and the end mark


@dataclass(frozen=True, slots=True)
class Instance:
    """One date of a series: a bare occurrence, or an exception when it was changed by itself."""

    master: StoredEvent
    original: date
    start: Stamp
    end: Stamp
    exception: StoredEvent | None = None


def series_of(master: StoredEvent) -> Series:
    if master.series is None:
        raise TypeError(f"{master.type} has no series")
    return master.series


def occurrence_id(master_id: str, epoch: int, day: date) -> str:
    return f"{master_id[:-4]}{epoch:04d}{day:%Y%m%d}{_OCCURRENCE_END}"


def occurrence_ids(master: StoredEvent, epoch: int, day: date) -> tuple[str, str]:
    """The default and the immutable id."""
    return (
        occurrence_id(master.id, epoch, day),
        occurrence_id(master.immutable_id, epoch, day),
    )


def original_start(master: StoredEvent, day: date) -> Stamp:
    """Where the pattern puts this date."""
    series = series_of(master)
    time = to_local(master.start.utc, series.zone).time()
    return stamp(datetime.combine(day, time), series.zone)


def instance_on(master: StoredEvent, day: date) -> Instance | None:
    """None when the pattern has no such date or it was cancelled."""
    series = series_of(master)
    if day in series.cancelled or not dates_between(series.rule, day, day):
        return None
    return _instance(master, series, day)


def instances(master: StoredEvent, first: datetime, last: datetime) -> list[Instance]:
    """Those that touch the window between two aware moments, cancelled ones left out."""
    series = series_of(master)
    length = master.end.utc - master.start.utc
    days = dates_between(
        series.rule,
        (to_local(first, series.zone) - length).date() - timedelta(days=1),
        to_local(last, series.zone).date(),
    )
    plain = [
        _instance(master, series, day)
        for day in days
        if day not in series.cancelled and day not in series.exceptions
    ]
    changed = [_instance(master, series, day) for day in series.exceptions]
    return [i for i in (*plain, *changed) if touches(i.start, i.end, first, last)]


def touches(start: Stamp, end: Stamp, first: datetime, last: datetime) -> bool:
    return start.utc < last and (end.utc > first or start.utc == end.utc >= first)


def find_instance(mailbox: Mailbox, event_id: str) -> Instance | None:
    """By the default or immutable id of an occurrence or exception."""
    if not event_id.endswith(_OCCURRENCE_END):
        return None
    stem, epoch, day = event_id[:-_STEM], event_id[-16:-12], event_id[-12:-4]
    master = mailbox.find(stem + _MASTER_END)
    if master is None or master.series is None or not (epoch + day).isdigit():
        return None
    if int(epoch) != master.series.epoch:
        return None
    return instance_on(master, date.fromisoformat(day))


def crosses_neighbour(instance: Instance, new_start: Stamp) -> bool:
    """True when an occurrence would move to or past the day of the one before or after it."""
    series = series_of(instance.master)
    before, after = neighbours(series.rule, instance.original)
    day = to_local(new_start.utc, series.zone).date()
    earliest = before and _day_of(instance.master, series, before)
    latest = after and _day_of(instance.master, series, after)
    return bool((earliest and day <= earliest) or (latest and day >= latest))


def _day_of(master: StoredEvent, series: Series, day: date) -> date:
    return to_local(_instance(master, series, day).start.utc, series.zone).date()


def _instance(master: StoredEvent, series: Series, day: date) -> Instance:
    if exception := series.exceptions.get(day):
        return Instance(master, day, exception.start, exception.end, exception)
    return _plain_instance(master, series, day)


def _plain_instance(master: StoredEvent, series: Series, day: date) -> Instance:
    first = to_local(master.start.utc, series.zone)
    length = to_local(master.end.utc, series.zone) - first
    local = midnight(day) + (first - midnight(first.date()))
    return Instance(master, day, stamp(local, series.zone), stamp(local + length, series.zone))


def new_series(
    event: StoredEvent, recurrence: dict[str, Any], old: Series | None, month_end: Any
) -> Series:
    """The series of an event whose pattern or time is new. Moves the event to the first date.

    Raises GraphProblem when the pattern and the event's start contradict each other.
    """
    span = dict(recurrence["range"])
    zone = span["recurrenceTimeZone"] = span["recurrenceTimeZone"] or event.start.zone
    starts = to_local(event.start.utc, zone).date()
    if old is not None and span["startDate"] == old.recurrence["range"]["startDate"]:
        span["startDate"] = starts.isoformat()
    if span["startDate"] != starts.isoformat():
        raise _invalid("The recurrence range's startDate is not the date of the event's start.")
    rule = rule_from_graph({**recurrence, "range": span}, month_end)
    first = first_date(rule)
    if first is None:
        raise _invalid("The recurrence has no occurrence.")
    _start_on(event, first, zone)
    span["startDate"] = first.isoformat()
    epoch = 0 if old is None else old.epoch + 1
    pattern = {"pattern": recurrence["pattern"], "range": span}
    return Series(pattern, replace(rule, start=first), zone, epoch)


def carry_over(master: StoredEvent, old: Series, switches: Switches) -> None:
    """What a new time or pattern leaves of the exceptions and cancelled days there were."""
    series = series_of(master)
    if switches.reissued_cancelled == "kept":
        series.cancelled = {day for day in old.cancelled if _is_date(series, day)}
    if switches.reissued_cancelled == "sticky":
        series.cancelled = set(old.cancelled)
    if switches.reissued_exceptions == "kept":
        series.exceptions = {
            day: _reissued(master, day, exception, follows=switches.exceptions_follow_master)
            for day, exception in old.exceptions.items()
            if day not in series.cancelled and _is_date(series, day)
        }


def _is_date(series: Series, day: date) -> bool:
    return bool(dates_between(series.rule, day, day))


def _reissued(
    master: StoredEvent, day: date, exception: StoredEvent, *, follows: bool
) -> StoredEvent:
    default_id, immutable_id = occurrence_ids(master, series_of(master).epoch, day)
    again = replace(exception, id=default_id, immutable_id=immutable_id)
    if follows and not exception.overridden & {"start", "end"}:
        plain = _plain_instance(master, series_of(master), day)
        again.start, again.end = plain.start, plain.end
    return again


def occurrence_name(master: StoredEvent, master_id: str, day: date, *, in_utc: bool) -> str:
    """The occurrenceId, by which cancelledOccurrences name a day of the pattern."""
    shown = original_start(master, day).utc.date() if in_utc else day
    return f"OID.{master_id}.{shown.isoformat()}"


def dated_uid(ical_uid: str, day: date) -> str:
    """A global object id with the occurrence's date in it (MS-OXOCAL 2.2.1.27)."""
    return f"{ical_uid[:32]}{day.year:04X}{day.month:02X}{day.day:02X}{ical_uid[40:]}"


def _start_on(event: StoredEvent, first: date, zone: str) -> None:
    local = to_local(event.start.utc, zone)
    shift = datetime.combine(first, local.time()) - local
    if shift:
        event.start = stamp(event.start.local + shift, event.start.zone)
        event.end = stamp(event.end.local + shift, event.end.zone)


def _invalid(message: str) -> GraphProblem:
    return bad_request(message, "ErrorPropertyValidationFailure")
