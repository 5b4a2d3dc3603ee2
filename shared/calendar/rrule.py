"""Rules as text: the RRULE value of RFC 5545, section 3.3.10."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.calendar.event import AllDay, When, Zoned
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.zones import is_known
from shared.errors import Problem, Refused

POINTER = "/recurrence/rrule"
FIRST_YEAR, LAST_YEAR = 1602, 4500
LONGEST = 1000
"""Characters; every part at its fullest has fewer that mean anything."""

_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,6}", re.ASCII)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_DAYS = ", ".join(Weekday)


def read_rule(text: str, start: When) -> Rule:
    """Raises Refused, whose detail names the part. `start` is that of the first occurrence."""
    parts = _parts(text)
    if "FREQ" not in parts:
        raise refused("FREQ", "is required, such as FREQ=WEEKLY")
    given = {_FIELDS[name]: _READERS[name](name, value) for name, value in parts.items()}
    given["until"] = _until(parts["UNTIL"], start) if "UNTIL" in parts else None
    rule = Rule(**_without_time(given, start))
    _check_together(rule)
    return rule


def rule_text(rule: Rule, start: When) -> str:
    """The inverse. UNTIL is a date for all-day series and UTC for others, as RFC 5545 demands."""
    written = {name: _written(name, rule) for name in _FIELDS if name != "UNTIL"}
    if rule.until is not None:
        written["UNTIL"] = _until_text(rule.until, start)
    return ";".join(f"{name}={value}" for name, value in written.items() if value)


def refused(part: str, right: str) -> Refused:
    return Refused(Problem("invalid-appointment", f"recurrence.rrule: {part} {right}.", POINTER))


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST:
        raise refused("it", f"must not be longer than {LONGEST} characters")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").strip(";").split(";"):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in _READERS:
            raise refused(_quoted(name), f"is no part of a rule; known are {', '.join(_READERS)}")
        if name in parts:
            raise refused(name, "must not be there twice")
        parts[name] = value
    return parts


def _quoted(name: str) -> str:
    """A caller's text may be long, and is shown back to people."""
    return f'"{name[:20]}"'


def _frequency(_: str, value: str) -> Frequency:
    if value not in set(Frequency):
        raise refused("FREQ", f"must be one of {', '.join(Frequency)}")
    return Frequency(value)


def _at_least_one(name: str, value: str) -> int:
    if not _INTEGER.fullmatch(value) or int(value) < 1:
        raise refused(name, "must be a whole number from 1 on")
    return int(value)


def _weekday(name: str, value: str) -> Weekday:
    if value not in set(Weekday):
        raise refused(name, f"must be one of {_DAYS}")
    return Weekday(value)


def _by_days(name: str, value: str) -> tuple[ByDay, ...]:
    found = [_BY_DAY.fullmatch(one.strip()) for one in value.split(",")]
    days = [ByDay(Weekday(one[2]), int(one[1] or 0)) for one in found if one]
    wrong = len(days) < len(found) or any(one and one[1] and not int(one[1]) for one in found)
    if wrong or any(abs(day.nth) > _WEEKS for day in days):
        raise refused(name, f"must be a list of {_DAYS}, each with a number such as 2MO or -1FR")
    return tuple(dict.fromkeys(days))


_WEEKS, _MONTH_WEEKS, _YEAR_DAYS, _MONTH_DAYS, _MONTHS = 53, 5, 366, 31, 12


def _numbers(most: int, *, least: int = 1, negative: bool = False) -> Callable[[str, str], Any]:
    also = f" or from -{most} to -1" if negative else ""

    def read(name: str, value: str) -> tuple[int, ...]:
        pieces = [one.strip() for one in value.split(",")]
        found = [int(one) for one in pieces if _INTEGER.fullmatch(one)]
        right = all(least <= (abs(n) if negative else n) <= most for n in found)
        if len(found) < len(pieces) or not right:
            raise refused(name, f"must be whole numbers from {least} to {most}{also}")
        return tuple(sorted(set(found)))

    return read


def _until_form(name: str, value: str) -> None:
    if not _UNTIL.fullmatch(value):
        raise refused(name, "must be such as 20261231 or 20261231T090000Z")


_READERS: dict[str, Callable[[str, str], Any]] = {
    "FREQ": _frequency,
    "INTERVAL": _at_least_one,
    "BYMONTH": _numbers(_MONTHS),
    "BYWEEKNO": _numbers(_WEEKS, negative=True),
    "BYYEARDAY": _numbers(_YEAR_DAYS, negative=True),
    "BYMONTHDAY": _numbers(_MONTH_DAYS, negative=True),
    "BYDAY": _by_days,
    "BYHOUR": _numbers(23, least=0),
    "BYMINUTE": _numbers(59, least=0),
    "BYSECOND": _numbers(60, least=0),
    "BYSETPOS": _numbers(_YEAR_DAYS, negative=True),
    "WKST": _weekday,
    "COUNT": _at_least_one,
    "UNTIL": _until_form,
}
_FIELDS = {
    "FREQ": "frequency",
    "INTERVAL": "interval",
    "BYMONTH": "by_month",
    "BYWEEKNO": "by_week_no",
    "BYYEARDAY": "by_year_day",
    "BYMONTHDAY": "by_month_day",
    "BYDAY": "by_day",
    "BYHOUR": "by_hour",
    "BYMINUTE": "by_minute",
    "BYSECOND": "by_second",
    "BYSETPOS": "by_set_pos",
    "WKST": "week_start",
    "COUNT": "count",
    "UNTIL": "until",
}


def _until(value: str, start: When) -> date | None:
    """The last local day whose occurrence is not after it; None behind the end of Exchange's
    calendar, as in 99991231T235959Z, which means no end.
    """
    try:
        until = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d")  # noqa: DTZ007 - the zone is looked at below
    except ValueError:
        raise refused("UNTIL", f"{value} is no day of the calendar") from None
    if until.year < FIRST_YEAR:
        raise refused("UNTIL", f"must not be before the year {FIRST_YEAR}")
    if until.year >= LAST_YEAR:
        return None
    if "T" not in value or isinstance(start, AllDay):
        return until.date()
    if value.endswith("Z"):
        return _last_begun(until.replace(tzinfo=UTC), start.start)
    return until.date() - timedelta(until.time() < start.start.wall.time())


def _last_begun(until: datetime, start: Zoned) -> date:
    if not is_known(start.zone):
        return until.date()
    day = until.astimezone(ZoneInfo(start.zone)).date()
    return day if _begins(day, start) <= until else day - timedelta(1)


def _begins(day: date, start: Zoned) -> datetime:
    return Zoned(datetime.combine(day, start.wall.time().replace(fold=0)), start.zone).instant


def _until_text(day: date, start: When) -> str:
    if isinstance(start, AllDay):
        return day.strftime("%Y%m%d")
    return _begins(day, start.start).strftime("%Y%m%dT%H%M%SZ")


def _without_time(given: dict[str, Any], start: When) -> dict[str, Any]:
    """BYHOUR and the like say nothing where they repeat the start."""
    if isinstance(start, AllDay):
        return given
    wall = start.start.wall
    said = {"by_hour": wall.hour, "by_minute": wall.minute, "by_second": wall.second}
    return {
        name: value for name, value in given.items() if name not in said or value != (said[name],)
    }


def _check_together(rule: Rule) -> None:
    frequency = rule.frequency
    if frequency in (Frequency.SECONDLY, Frequency.MINUTELY, Frequency.HOURLY):
        raise refused(
            f"FREQ={frequency}", "is not possible: there is one occurrence a day at most"
        )
    for part, value in (
        ("BYHOUR", rule.by_hour),
        ("BYMINUTE", rule.by_minute),
        ("BYSECOND", rule.by_second),
    ):
        if value:
            raise refused(part, "is not possible: the time of day is that of start")
    if rule.count is not None and rule.until is not None:
        raise refused("COUNT", "must not be there together with UNTIL")
    _check_parts(rule)


def _check_parts(rule: Rule) -> None:
    """RFC 5545, the table of section 3.3.10 and what is said around it."""
    for part, value, frequencies in (
        ("BYWEEKNO", rule.by_week_no, {Frequency.YEARLY}),
        ("BYYEARDAY", rule.by_year_day, {Frequency.YEARLY}),
        ("BYMONTHDAY", rule.by_month_day, set(Frequency) - {Frequency.WEEKLY}),
        ("BYDAY with a number", _numbered(rule), {Frequency.MONTHLY, Frequency.YEARLY}),
    ):
        if value and rule.frequency not in frequencies:
            raise refused(part, f"must not be there with FREQ={rule.frequency}")
    if _numbered(rule) and rule.by_week_no:
        raise refused("BYDAY with a number", "must not be there together with BYWEEKNO")
    in_months = rule.frequency is Frequency.MONTHLY or rule.by_month
    if in_months and any(abs(by.nth) > _MONTH_WEEKS for by in rule.by_day):
        raise refused("BYDAY", f"has a number beyond {_MONTH_WEEKS}, which no month has")
    others = (rule.by_day, rule.by_month_day, rule.by_month, rule.by_year_day, rule.by_week_no)
    if rule.by_set_pos and not any(others):
        raise refused("BYSETPOS", "needs another part to choose from, such as BYDAY")


def _numbered(rule: Rule) -> bool:
    return any(by.nth for by in rule.by_day)


def _written(name: str, rule: Rule) -> str:
    value = getattr(rule, _FIELDS[name])
    match name:
        case "INTERVAL":
            return str(value) if value > 1 else ""
        case "WKST":
            return "" if value is Weekday.MO else str(value)
        case "BYDAY":
            return ",".join(f"{by.nth or ''}{by.day}" for by in value)
        case "FREQ" | "COUNT":
            return str(value or "")
        case _:
            return ",".join(str(n) for n in value)
