"""What becomes of one event in Outlook when its calendar is disconnected. Pure."""

from dataclasses import replace
from enum import Enum, auto

from shared.calendar.event import Event
from shared.graph.seen import Seen
from shared.store.records import Copies, Link, Origin, Receipt, Settlement

MARK = "No longer synced"
"""The category of an event that was marked. Categories are the mailbox's own: attendees see
nothing of it, and get no mail.
"""


class Fate(Enum):
    """`DONE` before, under the same receipt."""

    FOREIGN = auto()
    DONE = auto()
    LEAVE = auto()
    OF_OTHERS = auto()
    WITH_GUESTS = auto()
    MARK = auto()
    REMOVE = auto()


def fate(link: Link, receipt: Receipt) -> Fate:
    """Only what the host app made is a copy; what people made in Outlook is theirs."""
    if link.ended == receipt.id:
        return Fate.DONE
    if not link.event_id or link.origin is not Origin.APP:
        return Fate.FOREIGN
    if receipt.copies is Copies.LEAVE:
        return Fate.LEAVE
    if not link.is_organizer:
        return Fate.OF_OTHERS
    if receipt.copies is Copies.MARK:
        return Fate.MARK
    return Fate.WITH_GUESTS if _would_mail(link.outlook, receipt) else Fate.REMOVE


def still_removable(seen: Seen, receipt: Receipt) -> Fate:
    """The same of the event as it is now: somebody may have been invited since."""
    if not seen.is_organizer or seen.event is None:
        return Fate.OF_OTHERS
    return Fate.WITH_GUESTS if _would_mail(seen.event, receipt) else Fate.REMOVE


def _would_mail(event: Event | None, receipt: Receipt) -> bool:
    return event is not None and bool(event.attendees) and not receipt.notify


def marked(event: Event) -> Event:
    others = tuple(one for one in event.categories if one != MARK)
    return replace(event, categories=(*others, MARK))


def as_marked(link: Link, event: Event, etag: str, receipt: Receipt) -> Settlement:
    """Only the categories of what was agreed change, for the policy may hide the rest."""
    shown = replace(link.outlook or event, categories=event.categories)
    return Settlement(link=replace(link, outlook=shown, outlook_etag=etag, ended=receipt.id))


def as_removed(link: Link, receipt: Receipt) -> Settlement:
    """The host app keeps its appointment; written again, it is another event."""
    kept = replace(
        link,
        base=None,
        outlook=None,
        event_id="",
        outlook_etag="",
        exceptions=(),
        markup="",
        life=link.life + 1,
        ended=receipt.id,
    )
    return Settlement(link=kept, event_was=link.event_id)
