"""Calendars that an account reaches because they were shared with it, and then are not."""

from shared.errors import Reconnect, TryAgain
from shared.graph.client import Graph
from shared.sync.shift import Shift

WITHDRAWN = "sharing-withdrawn"
LOWERED = "sharing-lowered"
_CLOSED = frozenset({"access-denied", "mailbox-missing"})


async def cause_of_closing(shift: Shift, graph: Graph, reconnect: Reconnect) -> Reconnect:
    """Exchange hides from a person what is not shared with them, or denies it: either may also
    be about one event, or about a mailbox that is gone. Asked for the calendar it tells which.
    """
    if reconnect.cause not in _CLOSED:
        return reconnect
    try:
        await graph.calendar_of(shift.connection, shift.calendar.user_id)
    except Reconnect as found:
        return Reconnect(WITHDRAWN, found.trace) if found.cause == "access-denied" else found
    except TryAgain:
        return reconnect
    return reconnect
