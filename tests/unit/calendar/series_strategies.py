"""Series to generate: those that Outlook can hold, and any that RFC 5545 allows."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Event, Series, ShowAs, Timed, When, Zoned
from shared.calendar.expansion import days_between, first_day
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import normal, override, plain, with_cancelled, with_override

THOROUGH = settings(max_examples=max(1000, settings().max_examples))
"""A thousand examples, and as many as the profile has where that is more."""

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Kiev",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Atlantic/Azores",
)
"""All but the first change their clocks; three of them at midnight, one by half an hour."""

weekdays = st.sampled_from(Weekday)
some_days = st.sets(weekdays, min_size=1).map(
    lambda days: tuple(ByDay(day) for day in Weekday if day in days)
)
one_day = weekdays.map(lambda day: (ByDay(day),))
positions = st.sampled_from((1, 2, 3, 4, -1)).map(lambda n: (n,))
months = st.integers(1, 12).map(lambda n: (n,))
frequencies = st.sampled_from(
    (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY)
)
intervals = st.sampled_from((1, 1, 1, 2, 3, 4, 12))
flags = st.booleans()
zones = st.sampled_from(ZONES)
picks = st.lists(st.integers(0, 29), max_size=4)
small, tens, many = st.integers(0, 4), st.integers(1, 40), st.integers(0, 900)
first_days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
quarters = st.integers(0, 24 * 4 - 1)
lengths = st.integers(0, 200)
shifts = st.integers(-8, 8)
shown_as = st.sampled_from(ShowAs)


def by_day_of_month() -> st.SearchStrategy[dict[str, Any]]:
    held = st.integers(29, 31).map(lambda n: tuple(range(28, n + 1)))
    return st.one_of(
        st.fixed_dictionaries({"by_month_day": st.integers(1, 28).map(lambda n: (n,))}),
        st.just({"by_month_day": (-1,)}),
        st.fixed_dictionaries({"by_month_day": held, "by_set_pos": st.just((-1,))}),
    )


def by_weekday() -> st.SearchStrategy[dict[str, Any]]:
    numbered = st.builds(ByDay, weekdays, st.sampled_from((1, 2, 3, 4, -1))).map(lambda by: (by,))
    return st.one_of(
        st.fixed_dictionaries({"by_day": some_days, "by_set_pos": positions}),
        st.fixed_dictionaries({"by_day": numbered}),
    )


in_months = by_day_of_month() | by_weekday()


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """That Outlook can hold, without an end."""
    frequency = draw(frequencies)
    interval = draw(intervals)
    given: dict[str, Any] = {"interval": interval}
    match frequency:
        case Frequency.DAILY:
            given |= {"by_day": draw(some_days)} if interval == 1 and draw(flags) else {}
        case Frequency.WEEKLY:
            given |= {"by_day": draw(some_days), "week_start": draw(weekdays)}
        case _:
            given |= draw(in_months)
    if frequency is Frequency.YEARLY:
        given["by_month"] = draw(months)
    return Rule(frequency, **given)


held_rules = rules()
some_numbers = (
    st.sets(st.integers(1, 31) | st.integers(-31, -1), max_size=3).map(sorted).map(tuple)
)
some_months = st.sets(st.integers(1, 12), max_size=3).map(sorted).map(tuple)
some_positions = st.sampled_from(((), (1,), (-1,), (2,), (-1, 1)))
numbered_days = st.lists(
    st.builds(ByDay, weekdays, st.integers(-5, 5)), max_size=3, unique=True
).map(tuple)
plain_days = st.lists(st.builds(ByDay, weekdays), max_size=3, unique=True).map(tuple)


@st.composite
def any_rules(draw: st.DrawFn) -> Rule:
    """That RFC 5545 allows; some of them match no day at all."""
    frequency = draw(frequencies)
    by_days = numbered_days if frequency in (Frequency.MONTHLY, Frequency.YEARLY) else plain_days
    given: dict[str, Any] = {
        "interval": 1 + draw(small),
        "by_month": draw(some_months),
        "by_day": draw(by_days),
        "week_start": draw(weekdays),
    }
    if frequency is not Frequency.WEEKLY:
        given["by_month_day"] = draw(some_numbers)
    if frequency is Frequency.YEARLY and draw(flags):
        given["by_year_day"] = draw(some_numbers)
    if given["by_day"] or given["by_month"]:
        given["by_set_pos"] = draw(some_positions)
    return Rule(frequency, **given)


@st.composite
def whens(draw: st.DrawFn) -> When:
    day = draw(first_days)
    if draw(small) == 0:
        return AllDay(day, day + timedelta(days=1 + draw(small)))
    zone = draw(zones)
    minutes = draw(quarters) * 15
    start = datetime.combine(day, time()) + timedelta(minutes=minutes)
    end = start + timedelta(minutes=15 * draw(lengths))
    return Timed(Zoned(start, zone), Zoned(end, zone))


any_when = whens()


@st.composite
def bare_series(draw: st.DrawFn, of: st.SearchStrategy[Rule] | None = None) -> Event:
    """Rule and time alone, beginning on the first day of the rule."""
    when = draw(any_when)
    rule = draw(held_rules if of is None else of)
    return normal(Event("Series", when, series=Series(_limited(draw, rule, when))))


def _limited(draw: st.DrawFn, rule: Rule, when: When) -> Rule:
    match draw(small):
        case 0 | 1:
            return replace(rule, count=draw(tens))
        case 2:
            start = first_day(Event("", when, series=Series(rule)))
            if start is None:
                return rule
            return replace(rule, until=start + timedelta(days=draw(many)))
        case _:
            return rule


def changed(draw: st.DrawFn, event: Event, day: date) -> Event:
    """An occurrence as a person may have left it."""
    there = plain(event, day)
    shift = timedelta(minutes=15 * draw(shifts))
    if isinstance(there.when, AllDay):
        moved: When = AllDay(there.when.start, there.when.end + timedelta(days=1))
    else:
        start, end = there.when.start, there.when.end
        moved = Timed(Zoned(start.wall + shift, start.zone), Zoned(end.wall + shift, end.zone))
    return replace(
        there,
        when=moved if draw(flags) else there.when,
        subject="Another subject" if draw(flags) else there.subject,
        show_as=draw(shown_as),
    )


bare = bare_series()


@st.composite
def series(draw: st.DrawFn) -> Event:
    """With some days cancelled and some changed."""
    event = draw(bare)
    start = first_day(event)
    assert start is not None
    found = days_between(event, start, start + timedelta(days=400))[:30]
    for day in {found[n % len(found)] for n in draw(picks)}:
        if draw(flags):
            event = with_cancelled(event, day)
        else:
            given = override(event, day, changed(draw, event, day))
            event = with_override(event, given) if given else event
    return event
