"""Instants survive the way to Outlook and back, whatever a zone does to its clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import same
from shared.calendar.event import Event, Timed
from shared.calendar.zones import zoned
from shared.graph.mapping import event_from_graph, graph_from_event
from shared.graph.writes import plan
from tests.unit.graph.samples import item

ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Sao_Paulo",
    "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Australia/Lord_Howe",
    "Australia/Sydney", "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo",
)  # fmt: skip


def changes_of_clock(zone: str) -> list[datetime]:
    """The hours of five years in which its offset changes."""
    begin, info = datetime(2024, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    hours = [begin + timedelta(hours=n) for n in range(0, 5 * 366 * 24, 3)]
    step = timedelta(hours=3)
    return [
        one
        for one in hours
        if (one + step).astimezone(info).utcoffset() != one.astimezone(info).utcoffset()
    ] or [begin]


NEAR = {zone: changes_of_clock(zone) for zone in ZONES}


@given(st.data(), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_the_hours_around_a_change_of_clocks(data, zone, other):
    """A gap, an hour told twice, and what lies beside them come back as the same instants."""
    start = data.draw(st.sampled_from(NEAR[zone])) + timedelta(
        minutes=data.draw(st.integers(-180, 360))
    )
    end = start + timedelta(minutes=data.draw(st.integers(0, 300)))
    event = Event("Review", Timed(zoned(start, zone), zoned(end, other)))

    found = event_from_graph(graph_from_event(event))

    assert same(found, event)
    assert (found.when.start.instant, found.when.end.instant) == (start, end)


@pytest.mark.parametrize(
    "zone", ["tzone://Microsoft/Custom", "Customized Time Zone", "tzone://Microsoft/Utc", "Mars"]
)
def test_a_zone_of_a_mailbox_own_is_left_alone(zone):
    """The instants are read, and an edit of something else does not touch them."""
    known = event_from_graph(item(originalStartTimeZone=zone, originalEndTimeZone=zone))
    assert known.when.start.instant == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert plan(known, replace(known, subject="Other")) == {"subject": "Other"}
