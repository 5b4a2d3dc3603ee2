"""The days of rules, against a second expansion that was written without the library."""

import time
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from itertools import islice

import pytest
from dateutil.rrule import DAILY, rrule, weekday
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from local.twin.recurrence import dates, rule_from_graph
from shared.calendar.event import AllDay, Event, Series, Timed
from shared.calendar.expansion import (
    days,
    days_between,
    first_day,
    is_day,
    last_day,
    start_day,
)
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.rrule import read_rule
from shared.graph.recurrence import recurrence_problem, recurrence_to_graph
from tests.unit.calendar.series_strategies import any_rules, bare_series
from tests.unit.calendar.strategies import at

AGAINST_THE_TWIN = settings(max_examples=max(1000, settings().max_examples // 2))
START = Timed(at(10), at(11))
"""Monday, 23 November 2026."""


def weekly(text: str) -> Event:
    return Event("", START, series=Series(read_rule(text, START)))


@AGAINST_THE_TWIN
@given(bare_series())
def test_the_days_are_those_that_the_twin_finds_in_graphs_words(event: Event) -> None:
    assume(recurrence_problem(event) is None)
    assert event.series
    known = rule_from_graph(recurrence_to_graph(event), "last")

    found, theirs = days(event.series.rule, start_day(event)), dates(known)

    assert _near(found) == _near(theirs)
    assert first_day(event) == start_day(event)


def _near(found: Iterator[date]) -> list[date]:
    return [day for day in islice(found, 60) if day.year < 2400]


@given(any_rules(), st.dates(date(1999, 12, 1), date(2000, 4, 1)))
def test_days_of_daily_rules_are_those_of_the_library(rule: Rule, first: date) -> None:
    """For which the library is not asked: it looks for a day that never comes to the year 9999."""
    rule = Rule(
        Frequency.DAILY,
        rule.interval,
        tuple(ByDay(by.day) for by in rule.by_day),
        rule.by_month_day,
        rule.by_month,
        rule.by_set_pos if rule.by_day or rule.by_month_day or rule.by_month else (),
        until=first + timedelta(days=400),
    )
    assume(_ever_comes(rule))
    options = {
        "bymonth": rule.by_month,
        "bymonthday": rule.by_month_day,
        "byweekday": [weekday(list(Weekday).index(by.day)) for by in rule.by_day],
        "bysetpos": rule.by_set_pos,
    }
    given_ = {name: value for name, value in options.items() if value}
    start = datetime.combine(first, time_of_day())
    end = start + timedelta(days=400)
    theirs = rrule(DAILY, interval=rule.interval, dtstart=start, until=end, **given_)

    assert list(days(rule, first)) == [d.date() for d in theirs]


def _ever_comes(rule: Rule) -> bool:
    """A set of one day has no third, and February no thirtieth."""
    longest = max(monthrange(2000, month)[1] for month in rule.by_month or range(1, 13))
    in_month = not rule.by_month_day or min(map(abs, rule.by_month_day)) <= longest
    return in_month and (not rule.by_set_pos or bool({1, -1} & set(rule.by_set_pos)))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=9,10,11;BYSETPOS=300",
        "FREQ=WEEKLY;BYMONTH=9,11,12;BYSETPOS=5,300,366",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=7",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
    ],
)
def test_a_rule_that_no_day_fits_is_given_up(rule: str) -> None:
    event = weekly(rule)

    began = time.process_time()

    assert first_day(event) is None
    assert last_day(event) is None
    assert days_between(event, date(2026, 1, 1), date(2400, 1, 1)) == []
    assert not is_day(event, date(2026, 11, 23))
    assert time.process_time() - began < 10


def test_the_ends_of_a_window_belong_to_it() -> None:
    event = weekly("FREQ=WEEKLY")

    assert days_between(event, date(2026, 11, 23), date(2026, 12, 7)) == [
        date(2026, 11, 23),
        date(2026, 11, 30),
        date(2026, 12, 7),
    ]
    assert is_day(event, date(2026, 11, 30))
    assert not is_day(event, date(2026, 12, 1))
    assert not is_day(event, date(2026, 11, 16))


def test_the_last_day_is_that_of_the_end() -> None:
    assert last_day(weekly("FREQ=WEEKLY;COUNT=3")) == date(2026, 12, 7)
    assert last_day(weekly("FREQ=WEEKLY;UNTIL=20261208")) == date(2026, 12, 7)
    assert last_day(weekly("FREQ=WEEKLY")) is None


def test_a_single_event_has_its_own_day() -> None:
    event = Event("", AllDay(date(2026, 11, 23), date(2026, 11, 25)))

    assert days_between(event, date(2026, 11, 1), date(2026, 11, 30)) == [date(2026, 11, 23)]
    assert first_day(event) == last_day(event) == date(2026, 11, 23)


def test_a_week_begins_where_the_rule_says_also_for_the_first_one() -> None:
    """The first of the days chosen by BYSETPOS is counted from the week's own start."""
    rule = Rule(
        Frequency.WEEKLY,
        by_day=(ByDay(Weekday.MO), ByDay(Weekday.WE), ByDay(Weekday.FR)),
        by_set_pos=(2,),
    )

    assert next(days(rule, date(2026, 11, 25))) == date(2026, 11, 25)


@pytest.mark.parametrize("frequency", [Frequency.HOURLY, Frequency.MINUTELY, Frequency.SECONDLY])
def test_a_rule_of_several_times_a_day_has_no_days(frequency: Frequency) -> None:
    assert list(days(Rule(frequency), date(2026, 11, 23))) == []
