"""A rule, and Graph's patternedRecurrence (Graph: resources/recurrencepattern, recurrencerange).

Graph has one occurrence per period in relative patterns, which BYSETPOS says. Its days 29 to 31
fall on the last day of shorter months, where a bare BYMONTHDAY=31 leaves these months out.
"""

from calendar import monthrange
from dataclasses import replace
from datetime import date
from typing import Any, cast

from shared.calendar.check_series import crossings
from shared.calendar.event import AllDay, Event, Series, When
from shared.calendar.expansion import first_day, start_day
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.rrule import LAST_YEAR
from shared.calendar.zones import iana_name, is_known, windows_name, windows_time
from shared.errors import Problem, Rejected

Json = dict[str, Any]

CODE = "recurrence-not-representable"
UNKNOWN = Problem(CODE, "The series in Outlook has a pattern that is not known.")
POINTER = "/recurrence/rrule"

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GRAPH_DAYS = dict(zip(Weekday, _NAMES, strict=True))
_DAYS: dict[str, Weekday] = dict(zip(_NAMES, Weekday, strict=True))
_INDEXES = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_POSITIONS = {name: n for n, name in _INDEXES.items()}
_ALL = tuple(ByDay(day) for day in Weekday)
_LAST_OF_ALL_MONTHS = 28
_LEAP_YEAR = 2000


class _Unheld(Exception):
    """The rule has a part that Graph has no word for."""


def recurrence_problem(event: Event) -> Problem | None:
    """Why Graph cannot hold the series, by the part of its rule; None where it can."""
    if event.series is None:
        return None
    try:
        _pattern(event, event.series)
        _check_start(event.when)
    except _Unheld as unheld:
        return Problem(CODE, f"recurrence.rrule: {unheld}", POINTER)
    crossing = next(crossings(event), None)
    return replace(crossing, code=CODE) if crossing else None


def recurrence_to_graph(event: Event) -> Json:
    """A patternedRecurrence. Raises Rejected with what `recurrence_problem` says."""
    problem = recurrence_problem(event)
    if problem or event.series is None:
        raise Rejected(problem or Problem(CODE, "The event is no series."))
    return {"pattern": _pattern(event, event.series), "range": _range(event, event.series.rule)}


def recurrence_from_graph(item: Json) -> tuple[Rule, str]:
    """Of an event as Graph shows it: the rule, and the IANA zone its days are told in, "" where
    that is unknown. Raises Rejected for a pattern that is none of Graph's own.
    """
    try:
        return _read(item)
    except (KeyError, ValueError, TypeError) as error:
        raise Rejected(UNKNOWN) from error


def _read(item: Json) -> tuple[Rule, str]:
    recurrence = cast("Json", item.get("recurrence") or {})
    pattern, span = _lowered(recurrence.get("pattern")), _lowered(recurrence.get("range"))
    rule = _read_pattern(pattern, str(span.get("startdate") or ""))
    kind = str(span.get("type") or "").lower()
    limit: Json = {}
    if kind == "numbered":
        limit = {"count": int(span["numberofoccurrences"])}
    if kind == "enddate":
        until = date.fromisoformat(span["enddate"])
        limit = {"until": until} if until.year < LAST_YEAR else {}
    zone = iana_name(str(span.get("recurrencetimezone") or ""))
    return Rule(**rule, **limit), zone or ""


def _pattern(event: Event, series: Series) -> Json:
    rule = series.rule
    for part, value, instead in (
        ("BYWEEKNO", rule.by_week_no, "FREQ=YEARLY with BYMONTH"),
        ("BYYEARDAY", rule.by_year_day, "BYMONTH with BYMONTHDAY"),
        ("BYHOUR", rule.by_hour, "one series for each time of day"),
        ("BYMINUTE", rule.by_minute, "one series for each time of day"),
        ("BYSECOND", rule.by_second, "one series for each time of day"),
    ):
        if value:
            raise _Unheld(f"Outlook has no {part}; use {instead}.")
    match rule.frequency:
        case Frequency.DAILY | Frequency.WEEKLY:
            found = _in_weeks(rule, start_day(event))
        case Frequency.MONTHLY | Frequency.YEARLY:
            found = _in_months(rule, start_day(event))
        case _:
            raise _Unheld(f"Outlook has no FREQ={rule.frequency}; use DAILY or longer.")
    if first_day(event) is None:
        raise _Unheld("it has no occurrence at all.")
    return {**found, "interval": rule.interval}


def _in_weeks(rule: Rule, start: date) -> Json:
    for part, value in (
        ("BYMONTH", rule.by_month),
        ("BYMONTHDAY", rule.by_month_day),
        ("BYSETPOS", rule.by_set_pos),
        ("a number in BYDAY", any(by.nth for by in rule.by_day)),
    ):
        if value:
            raise _Unheld(
                f"Outlook has no {part} with FREQ={rule.frequency}; use FREQ=MONTHLY or YEARLY."
            )
    days = {by.day for by in rule.by_day}
    if rule.frequency is Frequency.DAILY and (not days or len(days) == len(Weekday)):
        return {"type": "daily"}
    if rule.frequency is Frequency.DAILY and rule.interval > 1:
        raise _Unheld("Outlook has no BYDAY with FREQ=DAILY and an INTERVAL; use FREQ=WEEKLY.")
    return {
        "type": "weekly",
        "daysOfWeek": _graph_days(days or {list(Weekday)[start.weekday()]}),
        "firstDayOfWeek": _GRAPH_DAYS[rule.week_start],
    }


def _in_months(rule: Rule, start: date) -> Json:
    yearly = rule.frequency is Frequency.YEARLY
    if rule.by_month and not yearly:
        raise _Unheld("Outlook has no BYMONTH with FREQ=MONTHLY; use FREQ=YEARLY.")
    month = {"month": _month(rule, start)} if yearly else {}
    if rule.by_day and rule.by_month_day:
        raise _Unheld("Outlook has no BYDAY together with BYMONTHDAY; use BYDAY with BYSETPOS.")
    found = _relative(rule) if rule.by_day else _absolute(rule, start, month.get("month", 0))
    kind = "Yearly" if yearly else "Monthly"
    return {**found, "type": f"{found['type']}{kind}", **month}


def _month(rule: Rule, start: date) -> int:
    if not rule.by_month and (rule.by_day or rule.by_month_day):
        raise _Unheld("Outlook has no such day of every month in FREQ=YEARLY; add BYMONTH.")
    months = rule.by_month or (start.month,)
    if months[1:]:
        raise _Unheld("Outlook has one BYMONTH at most; use one series for each month.")
    return months[0]


def _relative(rule: Rule) -> Json:
    numbers = {by.nth for by in rule.by_day}
    if numbers != {0} and (len(rule.by_day) > 1 or rule.by_set_pos):
        raise _Unheld("Outlook has one number in BYDAY at most, and then no BYSETPOS.")
    positions = rule.by_set_pos if numbers == {0} else tuple(numbers)
    if not positions:
        raise _Unheld(
            f"Outlook has no BYDAY with FREQ={rule.frequency} that falls on several days of a "
            "month; add BYSETPOS, or use FREQ=WEEKLY."
        )
    position = 0 if positions[1:] else positions[0]
    if position not in _INDEXES:
        raise _Unheld("Outlook has the positions 1 to 4 and -1 only, and one of them.")
    days = {by.day for by in rule.by_day}
    return {
        "type": "relative",
        "daysOfWeek": _graph_days(days),
        "index": _INDEXES[position],
    }


def _absolute(rule: Rule, start: date, month: int) -> Json:
    """`month` is 0 for every month."""
    days = rule.by_month_day or (start.day,)
    shortest, longest = _lengths(month)
    if days == (-1,) and not rule.by_set_pos:
        return _last_day()
    if rule.by_set_pos:
        return _clamped(days, rule.by_set_pos, shortest, longest)
    if days[1:]:
        raise _Unheld("Outlook has one BYMONTHDAY at most; use one series for each day.")
    if days[0] < 0:
        raise _Unheld("Outlook has no negative BYMONTHDAY but -1; count from the first day.")
    if days[0] > shortest:
        raise _Unheld(_both_ways(days[0], shortest, longest))
    return {"type": "absolute", "dayOfMonth": days[0]}


def _clamped(days: tuple[int, ...], positions: tuple[int, ...], short: int, long: int) -> Json:
    """28 to n with BYSETPOS=-1 is day n, or the last day of a month that has no day n."""
    day = min(max(days), long)
    if (
        positions != (-1,)
        or not set(range(min(short, day), day + 1)) <= set(days)
        or min(days) < 1
    ):
        raise _Unheld("Outlook has BYSETPOS with BYMONTHDAY only as 28,29,30,31;BYSETPOS=-1.")
    return _last_day() if day == long else {"type": "absolute", "dayOfMonth": day}


def _last_day() -> Json:
    """Rather than dayOfMonth 31, which is not documented for shorter months."""
    return {"type": "relative", "daysOfWeek": list(_NAMES), "index": "last"}


def _both_ways(day: int, shortest: int, longest: int) -> str:
    held = ",".join(str(n) for n in range(shortest, min(day, longest) + 1))
    return (
        f"Outlook cannot leave out the months without a day {day}; "
        f"BYMONTHDAY=-1 is the last day of each month, "
        f"BYMONTHDAY={held};BYSETPOS=-1 day {day} or else the last day."
    )


def _lengths(month: int) -> tuple[int, int]:
    if not month:
        return _LAST_OF_ALL_MONTHS, 31
    return monthrange(_LEAP_YEAR + 1, month)[1], monthrange(_LEAP_YEAR, month)[1]


def _check_start(when: When) -> None:
    if isinstance(when, AllDay) or not is_known(when.start.zone):
        return
    wall, zone = windows_time(when.start)
    if zone != windows_name(when.start.zone) or wall != when.start.wall:
        raise _Unheld(
            f"Outlook cannot tell the time of the first occurrence in {when.start.zone}; begin "
            "on another day, or with a time that the change of clocks does not touch."
        )


def _range(event: Event, rule: Rule) -> Json:
    span: Json = {"startDate": start_day(event).isoformat(), "recurrenceTimeZone": _zone(event)}
    if rule.count is not None:
        return {**span, "type": "numbered", "numberOfOccurrences": rule.count}
    if rule.until is not None:
        return {**span, "type": "endDate", "endDate": rule.until.isoformat()}
    return {**span, "type": "noEnd"}


def _zone(event: Event) -> str:
    return "UTC" if isinstance(event.when, AllDay) else windows_name(event.when.start.zone)


def _graph_days(days: set[Weekday]) -> list[str]:
    return [_GRAPH_DAYS[day] for day in Weekday if day in days]


def _lowered(value: Any) -> Json:
    return {name.lower(): inner for name, inner in cast("Json", value or {}).items()}


def _read_pattern(pattern: Json, start: str) -> Json:
    """Graph fills what a pattern does not use: month 0, dayOfMonth 0, index first."""
    kind = str(pattern.get("type") or "").lower()
    if kind not in _READ:
        raise Rejected(UNKNOWN)
    frequency, fields = _READ[kind]
    found: Json = {"frequency": frequency, "interval": int(pattern.get("interval") or 1)}
    days = tuple(ByDay(day) for day in Weekday if _GRAPH_DAYS[day] in _lower_days(pattern))
    if kind == "weekly":
        found |= {"by_day": days, "week_start": _week_start(pattern)}
    if frequency is Frequency.YEARLY:
        found["by_month"] = (int(pattern.get("month") or 0) or int(start[5:7]),)
    if fields == "dayofmonth":
        month = found.get("by_month", (0,))[0]
        found |= _days_of_month(int(pattern["dayofmonth"]), month)
    if fields == "daysofweek":
        found |= _position(days, _POSITIONS[str(pattern.get("index") or "first").lower()])
    return found


_READ = {
    "daily": (Frequency.DAILY, ""),
    "weekly": (Frequency.WEEKLY, ""),
    "absolutemonthly": (Frequency.MONTHLY, "dayofmonth"),
    "relativemonthly": (Frequency.MONTHLY, "daysofweek"),
    "absoluteyearly": (Frequency.YEARLY, "dayofmonth"),
    "relativeyearly": (Frequency.YEARLY, "daysofweek"),
}


def _lower_days(pattern: Json) -> set[str]:
    return {str(day).lower() for day in pattern.get("daysofweek") or ()}


def _week_start(pattern: Json) -> Weekday:
    return _DAYS[str(pattern.get("firstdayofweek") or "sunday").lower()]


def _days_of_month(day: int, month: int) -> Json:
    shortest, _ = _lengths(month)
    if day <= shortest:
        return {"by_month_day": (day,)}
    return {"by_month_day": tuple(range(shortest, day + 1)), "by_set_pos": (-1,)}


def _position(days: tuple[ByDay, ...], position: int) -> Json:
    if days == _ALL and position == -1:
        return {"by_month_day": (-1,)}
    return {"by_day": days, "by_set_pos": (position,)}
