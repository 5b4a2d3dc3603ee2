"""When a change of Outlook's began."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.seen import Seen
from shared.store.records import Change, Settlement
from shared.sync.beginnings import APART, Beginnings, beginnings
from tests.contract.store.examples import link

MARKED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LAST_ROUND = MARKED - timedelta(hours=1)
EVENT = "event-1"


def change(kind="calbridge.appointment.updated"):
    return Change("id", kind, "visit", MARKED, {})


def began(modified, last_round=LAST_ROUND, event=EVENT):
    known = beginnings(MARKED, last_round, [Seen(EVENT, last_modified=modified)])
    settlement = Settlement(link=link(event_id=event), changes=(change(),))
    return known.told(settlement).changes[0].began


def test_an_edit_began_when_outlook_says():
    """Even long before Graph told, where no round was in between."""
    assert began(MARKED - timedelta(minutes=40)) == MARKED - timedelta(minutes=40)


@pytest.mark.parametrize(
    "given",
    [
        {"modified": None},
        {"modified": LAST_ROUND - APART - timedelta(seconds=1)},
        {"modified": MARKED, "last_round": None},
        {"modified": MARKED - timedelta(minutes=1), "event": ""},
    ],
)
def test_else_it_began_when_the_calendar_was_marked(given):
    """Outlook does not say, or speaks of an edit that an earlier round has seen; there was no
    round before; or the event is gone.
    """
    assert began(**given) == MARKED


def test_nothing_began_after_it_was_told_of():
    """Exchange's clock may be ahead of ours."""
    assert began(MARKED + timedelta(seconds=20)) == MARKED


def test_what_is_not_outlook_s_has_no_beginning():
    """Outcomes and states are measured otherwise, and outside a round nothing is known."""
    known = Beginnings(MARKED, LAST_ROUND)
    told = known.told(Settlement(link=link(), changes=(change("calbridge.calendar.state"),)))
    outside = Beginnings().told(Settlement(link=link(), changes=(change(),)))

    assert (told.changes[0].began, outside.changes[0].began) == (None, None)
