from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.calendar.event import AllDay, Event, Series, ShowAs, Timed, Zoned
from shared.calendar.recurrence import Frequency, Rule
from shared.policy.admission import admits, is_backfilled, is_over
from shared.policy.horizon import is_hidden
from shared.policy.policy import Backfill, Direction, ImportNew, Policy

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


def at(instant: datetime) -> Zoned:
    return Zoned(instant.replace(tzinfo=None), "UTC")


VISIT = Event("Visit", Timed(at(NINE), at(TEN)))
DAY = Event("Fair", AllDay(date(2026, 11, 23), date(2026, 11, 24)))


@pytest.mark.parametrize(
    ("policy", "admitted"),
    [
        (Policy(), True),
        (Policy(import_new=ImportNew.NONE), False),
        (Policy(direction=Direction.TO_OUTLOOK), False),
        (Policy(direction=Direction.OFF), False),
        (Policy(direction=Direction.TO_APP), True),
        (Policy(import_categories=("customer",)), True),
        (Policy(import_categories=("private", " Customer ")), True),
        (Policy(import_categories=("private",)), False),
    ],
)
def test_what_is_made_in_outlook_comes_in_as_the_policy_says(policy, admitted):
    """Not at all (R14), or by category."""
    event = replace(VISIT, categories=("Customer",))

    assert admitted == admits(event, policy, None)


def test_free_entries_may_be_left_out():
    """K12: off means busy only."""
    free = replace(VISIT, show_as=ShowAs.FREE)

    assert admits(free, Policy(), None)
    assert not admits(free, Policy(import_free=False), None)
    assert admits(VISIT, Policy(import_free=False), None)


def test_what_was_over_before_the_connection_never_comes():
    """S11, even once it is edited; without a date of the connection nothing is held back."""
    policy = Policy(forward_only=True)

    assert not admits(VISIT, policy, TEN)
    assert admits(VISIT, policy, NINE)
    assert admits(VISIT, policy, None)


@pytest.mark.parametrize(
    ("backfill", "past", "future"),
    [
        (Backfill.NONE, False, False),
        (Backfill.FUTURE, False, True),
        (Backfill.WINDOW, True, True),
    ],
)
def test_what_was_there_before_comes_as_the_backfill_says(backfill, past, future):
    """None of it, what is not over, or all of it."""
    policy = Policy(backfill=backfill)

    assert past == is_backfilled(VISIT, policy, TEN)
    assert future == is_backfilled(VISIT, policy, NINE)


def test_a_day_is_over_when_it_is_and_a_series_is_not():
    """A series may have occurrences yet."""
    midnight = datetime(2026, 11, 24, tzinfo=UTC)

    assert (is_over(DAY, TEN), is_over(DAY, midnight)) == (False, True)
    assert not is_over(replace(VISIT, series=Series(Rule(Frequency.DAILY))), midnight)


def test_what_lies_beyond_the_horizon_is_hidden_until_it_is_near():
    """R32; no further than calendars are read, and never unless the policy says so."""
    two_years_before = datetime(2024, 11, 20, tzinfo=UTC)
    policy = Policy(hidden_after_days=730)

    assert is_hidden(VISIT, policy, two_years_before)
    assert is_hidden(DAY, policy, two_years_before)
    assert not is_hidden(VISIT, policy, datetime(2024, 11, 24, tzinfo=UTC))
    assert not is_hidden(VISIT, Policy(), two_years_before)
    assert is_hidden(VISIT, Policy(hidden_after_days=1825, window_ahead_days=7), two_years_before)
