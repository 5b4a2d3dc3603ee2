from datetime import date, datetime, timedelta
from itertools import islice

from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from local.twin.recurrence import Rule, dates, dates_between, first_date, last_date, neighbours

_FREQUENCY = {
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "absoluteMonthly": rrule.MONTHLY,
    "relativeMonthly": rrule.MONTHLY,
    "absoluteYearly": rrule.YEARLY,
    "relativeYearly": rrule.YEARLY,
}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    start = draw(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
    span = draw(st.sampled_from(["end", "times"]))
    return Rule(
        type=draw(st.sampled_from(list(_FREQUENCY))),
        interval=draw(st.integers(1, 5)),
        start=start,
        days=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        first_day=draw(st.integers(0, 6)),
        day_of_month=draw(st.integers(1, 31)),
        month=draw(st.integers(1, 12)),
        index=draw(st.integers(0, 4)),
        end=start + timedelta(days=draw(st.integers(0, 900))) if span == "end" else None,
        times=draw(st.integers(1, 30)) if span == "times" else None,
        month_end="skip",
    )


def by_dateutil(rule: Rule) -> list[date]:
    options: dict[str, object] = {}
    if rule.type == "weekly":
        options |= {"byweekday": sorted(rule.days), "wkst": rule.first_day}
    if rule.type.startswith("absolute"):
        options["bymonthday"] = rule.day_of_month
    if rule.type.startswith("relative"):
        position = -1 if rule.index == 4 else rule.index + 1
        options |= {"byweekday": sorted(rule.days), "bysetpos": position}
    if rule.type.endswith("Yearly"):
        options["bymonth"] = rule.month
    found = rrule.rrule(
        _FREQUENCY[rule.type],
        dtstart=datetime.combine(rule.start, datetime.min.time()),
        interval=rule.interval,
        count=rule.times,
        until=datetime.combine(rule.end, datetime.min.time()) if rule.end else None,
        **options,
    )
    return [moment.date() for moment in islice(found, 400)]


@given(rules())
def test_every_pattern_gives_the_dates_that_the_rrule_gives(rule: Rule) -> None:
    found = [day for day in islice(dates(rule), 400) if day.year < 2300]

    assert found == by_dateutil(rule)[: len(found)]
    assert len(found) >= len([day for day in by_dateutil(rule) if day.year < 2300])


def test_day_31_falls_on_the_last_day_of_shorter_months() -> None:
    rule = Rule("absoluteMonthly", 1, date(2027, 1, 31), day_of_month=31, times=3)

    assert list(dates(rule)) == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]


def test_relative_patterns_take_the_first_matching_day_only() -> None:
    rule = Rule("relativeMonthly", 1, date(2027, 3, 1), days=frozenset({1, 3}), times=2)

    assert list(dates(rule)) == [date(2027, 3, 2), date(2027, 4, 1)]


def test_a_start_off_the_pattern_is_not_an_occurrence() -> None:
    rule = Rule("weekly", 1, date(2027, 3, 1), days=frozenset({2}), times=2)

    assert first_date(rule) == date(2027, 3, 3)
    assert last_date(rule) == date(2027, 3, 10)


def test_a_window_far_away_is_reached() -> None:
    rule = Rule("daily", 1, date(2020, 1, 1))

    assert dates_between(rule, date(2040, 5, 1), date(2040, 5, 2)) == [
        date(2040, 5, 1),
        date(2040, 5, 2),
    ]
    assert last_date(rule) is None


def test_neighbours_of_the_ends_are_none() -> None:
    rule = Rule("daily", 2, date(2027, 3, 1), times=2)

    assert neighbours(rule, date(2027, 3, 1)) == (None, date(2027, 3, 3))
    assert neighbours(rule, date(2027, 3, 3)) == (date(2027, 3, 1), None)
