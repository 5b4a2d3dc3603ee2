"""What is written where Graph refuses a zone means the same."""

from datetime import date

import pytest
from hypothesis import given

from shared.calendar.digest import same
from shared.calendar.event import AllDay, Event
from shared.errors import Problem, Rejected
from shared.graph.mapping import event_from_graph, graph_from_event
from shared.graph.zone_refusal import in_another_zone, is_zone_refused
from tests.unit.calendar.strategies import MEETING, events

FAIR = Event("Fair", AllDay(date(2026, 11, 23), date(2026, 11, 25)))
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1},
    "range": {"type": "noEnd", "recurrenceTimeZone": "W. Europe Standard Time"},
}


def zones(body: dict) -> set[str]:
    return {body[name]["timeZone"] for name in ("start", "end")}


@given(events)
def test_it_is_the_same_event(event):
    """In other zones than before, at the same instants or on the same days."""
    body = graph_from_event(event)

    other = in_another_zone(body)

    assert same(event_from_graph(other), event)
    assert not zones(other) & (zones(body) - {"UTC"})


@given(events)
def test_what_has_no_times_stays(event):
    """Another zone would change nothing."""
    body = graph_from_event(event, ["subject", "body"])

    assert in_another_zone(body) is body


@pytest.mark.parametrize(
    ("zone", "instead"),
    [("UTC", "Greenwich Standard Time"), ("Europe/Berlin", "UTC")],
)
def test_days_keep_their_dates(zone, instead):
    """Whole days are told by the same midnights of another zone."""
    other = in_another_zone(graph_from_event(FAIR, zone=zone))

    assert zones(other) == {instead}
    assert other["start"]["dateTime"] == "2026-11-23T00:00:00"


def test_a_series_keeps_its_clock():
    """Its zone gets IANA's name: in UTC it would move with summer time."""
    body = graph_from_event(MEETING) | {"recurrence": WEEKLY}

    other = in_another_zone(body)

    assert zones(other) == {"Europe/Berlin"}
    assert other["start"]["dateTime"] == body["start"]["dateTime"]
    assert other["recurrence"]["range"]["recurrenceTimeZone"] == "Europe/Berlin"
    assert other["recurrence"]["pattern"] == WEEKLY["pattern"]


@pytest.mark.parametrize(
    ("code", "yes"),
    [
        ("TimeZoneNotSupportedException", True),
        ("timezonenotsupportedexception", True),
        ("x", False),
    ],
)
def test_only_a_refused_zone_is_told_otherwise(code, yes):
    """Any other refusal is final."""
    refused = Rejected(Problem("refused-by-microsoft", extra={"microsoft_code": code}))

    assert is_zone_refused(refused) is yes
