"""The zone of a mailbox is the one its owner makes events in."""

import pytest

from shared.graph.seen import Seen
from shared.sync.zone import learned
from tests.unit.calendar.strategies import MEETING


def seen(name: str, zone: str, *, own: bool = True) -> Seen:
    return Seen(name, is_organizer=own, event=MEETING, zone=zone)


BERLIN, ROME = "Europe/Berlin", "Europe/Rome"


@pytest.mark.parametrize(
    ("zone", "items"),
    [
        ("", []),
        ("", [seen("1", "")]),
        ("", [seen("1", "UTC")]),
        ("", [seen("1", BERLIN, own=False)]),
        ("", [seen("ours", BERLIN)]),
        (BERLIN, [seen("1", BERLIN)]),
        (BERLIN, [seen("1", ROME), seen("2", BERLIN), seen("3", BERLIN), seen("4", "UTC")]),
        (BERLIN, [seen("ours", ROME), seen("1", BERLIN)]),
        (ROME, [seen("1", BERLIN), seen("2", ROME)]),
        (ROME, [seen("2", ROME), seen("1", BERLIN)]),
    ],
)
def test_most_of_the_owners_own_events_say_it(zone, items):
    """Others' meetings, the host app's events and UTC say nothing of where the owner lives."""
    assert learned(items, {"ours"}) == zone
