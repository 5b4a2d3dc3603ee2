from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Event, Timed, Zoned
from shared.policy.lengths import length_warnings, with_length
from shared.policy.policy import Policy

TEN = Zoned(datetime.fromisoformat("2026-11-23T10:00"), "Europe/Berlin")
ELEVEN = Zoned(datetime.fromisoformat("2026-11-23T11:00"), "Europe/Berlin")
SLIVER = Event("Call", Timed(TEN, TEN))


def test_an_event_without_length_gets_the_policys():
    """C13: a call at ten, of half an hour."""
    event = with_length(SLIVER, Policy(default_minutes=30))

    assert (
        Timed(TEN, Zoned(datetime.fromisoformat("2026-11-23T10:30"), "Europe/Berlin"))
        == event.when
    )
    assert length_warnings(event) == ()


def test_without_such_a_policy_it_stays_and_is_warned_of():
    """A thin line in Outlook, said beforehand."""
    (warning,) = length_warnings(with_length(SLIVER, Policy()))

    assert with_length(SLIVER, Policy()) == SLIVER
    assert (warning.code, warning.pointer) == ("zero-length", "/end")


@pytest.mark.parametrize(
    "when",
    [Timed(TEN, ELEVEN), AllDay(TEN.wall.date(), ELEVEN.wall.date())],
    ids=["timed", "all-day"],
)
def test_what_has_a_length_keeps_it(when):
    """Also an all-day event, which is never a line."""
    event = Event("Visit", when)

    assert with_length(event, Policy(default_minutes=30)) == event
    assert length_warnings(event) == ()


@given(
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(1, 1440),
)
def test_the_length_is_true_across_changes_of_the_clock(wall, zone, minutes):
    """Half an hour is thirty minutes, also in the night when summer time ends."""
    start = Zoned(wall.replace(second=0, microsecond=0), zone)
    event = with_length(Event("Call", Timed(start, start)), Policy(default_minutes=minutes))

    assert isinstance(event.when, Timed)
    assert (event.when.end.instant - event.when.start.instant).total_seconds() == minutes * 60
