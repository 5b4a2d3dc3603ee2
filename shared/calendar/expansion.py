"""The days on which a series takes place, by python-dateutil.

A series has at most one occurrence a day, so days are all there is to find. Rules come from
whoever calls the API: those that never match are given up after 400 years, after which the
calendar repeats itself.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from shared.calendar.event import AllDay, Event
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday

CYCLE = 400
"""Years after which every date falls on the same weekday again."""

_FREQUENCIES = {
    Frequency.DAILY: DAILY,
    Frequency.WEEKLY: WEEKLY,
    Frequency.MONTHLY: MONTHLY,
    Frequency.YEARLY: YEARLY,
}
_WEEKDAYS = {day: weekday(n) for n, day in enumerate(Weekday)}


def days(rule: Rule, first: date) -> Iterator[date]:
    """In order, from `first` on; `first` itself is only among them if it fits the rule.

    `first` also gives what the rule leaves out (RFC 5545, section 3.3.10). None for a rule of
    several times a day.
    """
    last = min(first.year + CYCLE, MAXYEAR)
    found = (day for day in _scanned(rule, first) if day >= first)
    for day in islice(found, rule.count):
        if day.year > last or (rule.until is not None and day > rule.until):
            return
        yield day


def days_between(event: Event, first: date, last: date) -> list[date]:
    """Both ends included, and the cancelled days with them."""
    known = _known(event, last)
    return list(known[bisect_left(known, first) : bisect_right(known, last)])


def is_day(event: Event, day: date) -> bool:
    """Whether the rule has this day, be it cancelled or not."""
    known = _known(event, day)
    at = bisect_left(known, day)
    return at < len(known) and known[at] == day


def neighbours(event: Event, day: date) -> tuple[date | None, date | None]:
    """The days of the rule just before and just after one of them."""
    known: tuple[date, ...] = ()
    for years in (1, CYCLE):
        known = _known(event, date(min(day.year + years, MAXYEAR), 12, 31))
        if known and known[-1] > day:
            break
    before, after = bisect_left(known, day) - 1, bisect_right(known, day)
    return known[before] if before >= 0 else None, known[after] if after < len(known) else None


def start_day(event: Event) -> date:
    """The local day the event starts on."""
    return event.when.start if isinstance(event.when, AllDay) else event.when.start.wall.date()


def first_day(event: Event) -> date | None:
    """None for a rule that no day fits."""
    start = start_day(event)
    return start if event.series is None else _first(event.series.rule, start)


def last_day(event: Event) -> date | None:
    """None for a series without end, and for a rule that no day fits."""
    if event.series is None:
        return start_day(event)
    if is_endless(event.series.rule):
        return None
    known = _known(event, date.max)
    return known[-1] if known else None


def is_endless(rule: Rule) -> bool:
    return rule.count is None and rule.until is None


def _known(event: Event, last: date) -> tuple[date, ...]:
    start = start_day(event)
    if event.series is None:
        return (start,)
    return _up_to(event.series.rule, start, min(last.year, start.year + CYCLE))


@lru_cache(maxsize=1024)
def _first(rule: Rule, start: date) -> date | None:
    return next(days(rule, start), None)


@lru_cache(maxsize=256)
def _up_to(rule: Rule, first: date, year: int) -> tuple[date, ...]:
    """A round asks for the same window again and again, so whole years are kept."""
    return tuple(takewhile(lambda day: day.year <= year, days(rule, first)))


def _scanned(rule: Rule, first: date) -> Iterator[date]:
    if rule.frequency not in _FREQUENCIES or rule.by_hour or rule.by_minute or rule.by_second:
        return
    if rule.by_set_pos and min(abs(n) for n in rule.by_set_pos) > _most(rule):
        return
    yield from _daily(rule, first) if rule.frequency is Frequency.DAILY else _found(rule, first)


def _daily(rule: Rule, first: date) -> Iterator[date]:
    """Of one day at a time all is plain to see; the library takes a second for 400 years."""
    weekdays = {_number(by.day) for by in rule.by_day}
    for number in range(first.toordinal(), date.max.toordinal(), rule.interval):
        if weekdays and (number - 1) % 7 not in weekdays:
            continue
        day = date.fromordinal(number)
        if day.year > first.year + CYCLE:
            return
        if (not rule.by_month or day.month in rule.by_month) and _is_day_of_month(rule, day):
            yield day


def _most(rule: Rule) -> int:
    """How many days of a period can fit."""
    most = {Frequency.DAILY: 1, Frequency.WEEKLY: len(rule.by_day) or 1, Frequency.MONTHLY: 31}
    return most.get(rule.frequency, 366)


def _is_day_of_month(rule: Rule, day: date) -> bool:
    days = rule.by_month_day
    return not days or day.day in days or day.day - monthrange(day.year, day.month)[1] - 1 in days


def _found(rule: Rule, first: date) -> Iterator[date]:
    """The library looks for a next day until the year 9999, so it is asked near that year."""
    shift = ((MAXYEAR - first.year) // CYCLE - 1) * CYCLE
    start = _moved(first, shift)
    if rule.frequency is Frequency.WEEKLY:
        start -= timedelta((start.weekday() - _number(rule.week_start)) % 7)
    try:
        for found in rrule(**_options(rule, first, start)):
            yield _moved(found.date(), -shift)
    except (OverflowError, ValueError):
        return


def _moved(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


def _number(day: Weekday) -> int:
    return _WEEKDAYS[day].weekday


def _weekday(by: ByDay) -> weekday:
    day = _WEEKDAYS[by.day]
    return day(by.nth) if by.nth else day


def _options(rule: Rule, first: date, start: date) -> dict[str, Any]:
    """For dateutil; what the rule leaves out comes from `first`, for `start` may be earlier."""
    options: dict[str, Any] = {
        "freq": _FREQUENCIES[rule.frequency],
        "interval": rule.interval,
        "wkst": _number(rule.week_start),
        "dtstart": datetime.combine(start, time()),
        "bymonth": rule.by_month,
        "byweekno": rule.by_week_no,
        "byyearday": rule.by_year_day,
        "bymonthday": rule.by_month_day,
        "byweekday": [_weekday(by) for by in rule.by_day],
        "bysetpos": rule.by_set_pos,
    }
    if rule.frequency is Frequency.WEEKLY and not rule.by_day:
        options["byweekday"] = [first.weekday()]
    return {name: value for name, value in options.items() if value not in ((), [])}
