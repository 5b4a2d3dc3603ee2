"""Events that are linked to nothing: which of them wait until somebody edits them."""

from datetime import datetime

from shared.graph.seen import Seen
from shared.policy.admission import is_backfilled
from shared.policy.policy import Policy
from shared.store.records import Calendar, Copy


def waits_for_edit(
    item: Seen, known: Copy | None, calendar: Calendar, policy: Policy, now: datetime
) -> bool:
    """It was there before the calendar was connected, nobody has edited it since, and the policy
    leaves such events alone.
    """
    if item.event is None or is_backfilled(item.event, policy, now):
        return False
    return (
        not calendar.announced
        or (known is not None and known.etag == item.etag)
        or _is_older(item, calendar.connected)
    )


def _is_older(item: Seen, connected: datetime | None) -> bool:
    """A window that slides shows events from before the connection that no round has shown."""
    if connected is None or item.last_modified is None:
        return False
    return item.last_modified < connected.replace(microsecond=0)
