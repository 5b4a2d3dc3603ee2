"""How a series is said in JSON, beside the event it repeats.

{"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=10", "exdates": ["2026-12-07T10:00:00"], "overrides":
[{"original_start": "2026-12-14T10:00:00", "subject": "...", ...}]}; an override has the fields
of an event, and of these only what the occurrence has otherwise. Days are told by the local time
the series has on them, or as "2026-12-07", which all-day series have only; the time of day is not
looked at, for there is one occurrence a day at most.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from shared.calendar.event import FIELDS, AllDay, Event, Override, Series, Timed, Zoned
from shared.calendar.occurrence import occurrence, plain
from shared.calendar.rrule import FIRST_YEAR, LAST_YEAR, read_rule, rule_text
from shared.calendar.zones import is_known
from shared.errors import Problem, Refused

_Json = dict[str, Any]
_KEYS = {name: (name,) for name in FIELDS if name != "series"} | {
    "when": ("start", "end"),
    "reminder": ("reminder_minutes",),
}


def series_to_json(event: Event, to_json: Callable[[Event], _Json]) -> _Json | None:
    """`to_json` says a single event."""
    if event.series is None:
        return None
    return {
        "rrule": rule_text(event.series.rule, event.when),
        "exdates": [original_start(event, day) for day in event.series.cancelled],
        "overrides": [_override_to_json(event, one, to_json) for one in event.series.overrides],
    }


def series_from_json(
    value: Any, event: Event, to_json: Callable[[Event], _Json], read: Callable[[_Json], Event]
) -> Series | None:
    """`event` is the first occurrence; `read` is the inverse of `to_json`. Raises Refused."""
    if value is None:
        return None
    data = _object(value, "/recurrence")
    rule = data.get("rrule")
    if not isinstance(rule, str):
        raise _refused("/recurrence/rrule", "is required and must be a text")
    series = Series(
        read_rule(rule, event.when),
        tuple(_day(one, f"/recurrence/exdates/{n}") for n, one in _items(data, "exdates")),
    )
    overrides = (
        _override(_object(one, f"/recurrence/overrides/{n}"), n, event, to_json, read)
        for n, one in _items(data, "overrides")
    )
    return replace(series, overrides=tuple(overrides))


def original_start(event: Event, day: date) -> str:
    """What names the occurrence of a day, wherever it was moved to."""
    if isinstance(event.when, AllDay):
        return day.isoformat()
    return datetime.combine(day, event.when.start.wall.time().replace(fold=0)).isoformat()


def read_original_start(value: Any, at: str) -> date:
    """Raises Refused."""
    return _day(value, at)


def _override_to_json(
    event: Event, override: Override, to_json: Callable[[Event], _Json]
) -> _Json:
    single = replace(event, series=Series(_rule(event), overrides=(override,)))
    whole = to_json(occurrence(single, override.day))
    keys = [key for name, _ in override.values for key in _KEYS[name]]
    start = original_start(event, override.day)
    return {"original_start": start, **{key: whole[key] for key in keys}}


def _override(
    item: _Json,
    n: int,
    event: Event,
    to_json: Callable[[Event], _Json],
    read: Callable[[_Json], Event],
) -> Override:
    at = f"/recurrence/overrides/{n}"
    if isinstance(event.when, Timed) and not is_known(event.when.start.zone):
        raise _refused("/start/time_zone", "must be an IANA time zone such as Europe/Berlin")
    day = _day(item.get("original_start"), f"{at}/original_start")
    names = [name for name, keys in _KEYS.items() if any(key in item for key in keys)]
    try:
        there = plain(event, day)
        shown = _with_length(read({**to_json(there), **item}), there, item)
    except Refused as refused:
        raise Refused(moved_problem(refused.problem, at)) from refused
    except OverflowError:
        raise _refused("/end", "must not be so far from start") from None
    return Override(day, tuple((name, getattr(shown, name)) for name in names))


def _with_length(shown: Event, there: Event, item: _Json) -> Event:
    """An occurrence that is given a start and no end is as long as the others."""
    was, now = there.when, shown.when
    if "start" not in item or "end" in item:
        return shown
    if isinstance(was, AllDay) and isinstance(now, AllDay):
        return replace(shown, when=AllDay(now.start, now.start + (was.end - was.start)))
    if isinstance(was, Timed) and isinstance(now, Timed):
        length = was.end.wall - was.start.wall if was.end.zone == was.start.zone else None
        length = length or was.end.instant - was.start.instant
        return replace(shown, when=Timed(now.start, _later(now.start, length)))
    return shown


def _later(start: Zoned, length: timedelta) -> Zoned:
    return Zoned(start.wall + length, start.zone)


def moved_problem(problem: Problem, at: str) -> Problem:
    """The same problem of an event that stands at `at`."""
    inside = f"{at[1:].replace('/', '.')}.{problem.detail}"
    return replace(problem, detail=inside, pointer=f"{at}{problem.pointer}")


def _day(value: Any, at: str) -> date:
    right = "must be a local time such as 2026-12-07T10:00:00, or a date such as 2026-12-07"
    if not isinstance(value, str):
        raise _refused(at, right)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _refused(at, right) from None
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise _refused(at, f"must be between the years {FIRST_YEAR} and {LAST_YEAR}")
    if moment.tzinfo:
        raise _refused(at, f"{right}, without an offset")
    return moment.date()


def _items(data: _Json, name: str) -> list[tuple[int, Any]]:
    value = data.get(name)
    if value is not None and not isinstance(value, list):
        raise _refused(f"/recurrence/{name}", "must be a list")
    return list(enumerate(cast("list[Any]", value or [])))


def _object(value: Any, at: str) -> _Json:
    if isinstance(value, dict):
        return cast("_Json", value)
    raise _refused(at, "must be an object")


def _rule(event: Event) -> Any:
    return event.series.rule if event.series else None


def _refused(pointer: str, right: str) -> Refused:
    return Refused(
        Problem("invalid-appointment", f"{pointer[1:].replace('/', '.')} {right}.", pointer)
    )
