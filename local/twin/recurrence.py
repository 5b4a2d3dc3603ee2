"""Expansion of Graph's recurrence patterns into dates, written independently of any library."""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from itertools import count, islice
from typing import Any, Literal

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
PATTERNS = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)
RANGES = ("endDate", "noEnd", "numbered")


@dataclass(frozen=True, slots=True)
class Rule:
    """A patternedRecurrence. Days: 0 = Monday; end is inclusive; index: 0 = first, 4 = last."""

    type: str
    interval: int
    start: date
    days: frozenset[int] = frozenset()
    first_day: int = 6
    day_of_month: int = 0
    month: int = 0
    index: int = 0
    end: date | None = None
    times: int | None = None
    month_end: Literal["last", "skip"] = "last"


def rule_from_graph(recurrence: dict[str, Any], month_end: Literal["last", "skip"]) -> Rule:
    """Reads a recurrence that has been validated."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    return Rule(
        type=pattern["type"],
        interval=pattern["interval"],
        start=date.fromisoformat(span["startDate"]),
        days=frozenset(DAYS.index(day) for day in pattern.get("daysOfWeek") or ()),
        first_day=DAYS.index(pattern.get("firstDayOfWeek") or "sunday"),
        day_of_month=pattern.get("dayOfMonth") or 0,
        month=pattern.get("month") or 0,
        index=INDEXES.index(pattern.get("index") or "first"),
        end=date.fromisoformat(span["endDate"]) if span["type"] == "endDate" else None,
        times=span["numberOfOccurrences"] if span["type"] == "numbered" else None,
        month_end=month_end,
    )


def dates(rule: Rule) -> Iterator[date]:
    """Every date of the rule in order, without end when the rule has none."""
    candidates = (day for day in _candidates(rule) if day >= rule.start)
    for day in islice(candidates, rule.times):
        if rule.end is not None and day > rule.end:
            return
        yield day


def dates_between(rule: Rule, first: date, last: date) -> list[date]:
    """Both ends included."""
    known = _expansion(rule).up_to(last)
    return known[bisect_left(known, first) : bisect_right(known, last)]


def neighbours(rule: Rule, day: date) -> tuple[date | None, date | None]:
    """The dates just before and just after a date of the rule."""
    known = _expansion(rule).up_to(day + timedelta(days=366 * 5 * rule.interval))
    before, after = bisect_left(known, day) - 1, bisect_right(known, day)
    return known[before] if before >= 0 else None, known[after] if after < len(known) else None


def first_date(rule: Rule) -> date | None:
    return next(dates(rule), None)


def last_date(rule: Rule) -> date | None:
    """None when the rule has no end or no date."""
    if rule.end is None and rule.times is None:
        return None
    known = _expansion(rule).up_to(date.max)
    return known[-1] if known else None


class _Expansion:
    """Dates found so far: a rule is asked about again and again, each time a little further."""

    def __init__(self, rule: Rule) -> None:
        self._source = dates(rule)
        self._known: list[date] = []
        self._ended = False

    def up_to(self, last: date) -> list[date]:
        while not self._ended and (not self._known or self._known[-1] <= last):
            found = next(self._source, None)
            if found is None:
                self._ended = True
            else:
                self._known.append(found)
        return self._known


@lru_cache(maxsize=8192)
def _expansion(rule: Rule) -> _Expansion:
    return _Expansion(rule)


def _candidates(rule: Rule) -> Iterator[date]:
    match rule.type:
        case "daily":
            return _daily(rule)
        case "weekly":
            return _weekly(rule)
        case "absoluteMonthly" | "relativeMonthly":
            return _in_months(rule, rule.start.month, rule.interval)
        case _:
            return _in_months(rule, rule.month, rule.interval * 12)


def _daily(rule: Rule) -> Iterator[date]:
    last = date.max.toordinal()
    return (date.fromordinal(n) for n in range(rule.start.toordinal(), last, rule.interval))


def _weekly(rule: Rule) -> Iterator[date]:
    opening = rule.start.toordinal() - (rule.start.weekday() - rule.first_day) % 7
    offsets = sorted((day - rule.first_day) % 7 for day in rule.days)
    for week in range(opening, date.max.toordinal() - 7, rule.interval * 7):
        yield from (date.fromordinal(week + offset) for offset in offsets)


def _in_months(rule: Rule, month: int, step: int) -> Iterator[date]:
    for n in count(rule.start.year * 12 + month - 1, step):
        year, zero_based = divmod(n, 12)
        if year > MAXYEAR:
            return
        found = _day_in_month(rule, year, zero_based + 1)
        if found is not None:
            yield found


def _day_in_month(rule: Rule, year: int, month: int) -> date | None:
    length = monthrange(year, month)[1]
    if rule.type.startswith("absolute"):
        if rule.day_of_month > length and rule.month_end == "skip":
            return None
        return date(year, month, min(rule.day_of_month, length))
    matching = [
        day for n in range(1, length + 1) if (day := date(year, month, n)).weekday() in rule.days
    ]
    return matching[-1 if rule.index == 4 else rule.index]
