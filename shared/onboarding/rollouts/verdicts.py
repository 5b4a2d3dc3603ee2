"""What a rollout makes of a mailbox that was looked at: connect it, look again, or leave it."""

from datetime import datetime, timedelta

from shared.graph.classing import NOT_PERSONAL, Sighting
from shared.store.records import MailboxClass, RolloutSource

# A mailbox in passing trouble is looked at so often within the hour, then once a day.
MOST_TRIES = 5
LONGEST_TROUBLE = 3600.0


def is_wanted(kind: MailboxClass, source: RolloutSource) -> bool:
    """Who names a shared mailbox or a room wants that one; nobody who says everybody does."""
    if kind in NOT_PERSONAL.values():
        return source is RolloutSource.LIST
    return kind is MailboxClass.REACHABLE


def look_again_at(sighting: Sighting, tries: int, now: datetime) -> datetime | None:
    """When a mailbox in trouble is worth another look; None: not before tomorrow."""
    if sighting.kind is not MailboxClass.TROUBLE or tries >= MOST_TRIES:
        return None
    wait = min(max(sighting.after, 10.0 * 4 ** (tries - 1)), LONGEST_TROUBLE)
    return now + timedelta(seconds=wait)
