"""One linked event as both sides and the link have it, and what each side did to it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.calendar.digest import differing, digest, field_digest
from shared.calendar.event import FIELDS, Conference, Event
from shared.graph.seen import Seen
from shared.policy.policy import Direction, Owner, Policy
from shared.store.records import CalendarKey, Link, Pending, Wish
from shared.sync.decide import Action, Changed, Gone, Same, Side, decide, muted
from shared.sync.series_merge import unowned_parts
from shared.sync.series_parts import part_digests

# Among what may have been written: nothing, by a deletion that was replaced before it settled.
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Case:
    """`seen` is None where the event is gone from Outlook."""

    key: CalendarKey
    mailbox: str
    link: Link
    pending: Pending | None
    seen: Seen | None
    policy: Policy
    now: datetime


def outlook_side(case: Case) -> Side:
    """Ours is not a change: what we may have written before we could settle it is ours."""
    seen, link = case.seen, case.link
    if seen is None and case.pending is not None and _maybe_withdrawn(case.pending):
        return Same()
    if seen is not None and seen.is_unreadable:
        return Same()
    if seen is None or seen.event is None or seen.is_cancelled:
        return Gone()
    shown = digest(seen.event)
    if link.outlook is not None and shown == digest(link.outlook):
        return Same()
    if case.pending is not None and shown in _maybe_written(link, case.pending):
        return Same()
    return Changed(seen.event)


def _maybe_withdrawn(pending: Pending) -> bool:
    """The host app wanted it gone, then wanted it back: that it is gone is nobody's edit."""
    return pending.wish in {Wish.WRITE, Wish.MOVE} and WITHDRAWN in pending.maybe_written


def traces(event: Event, base: Event | None) -> frozenset[str]:
    """What to remember of a content that may get into Outlook: the whole, and each field and
    part of a series that is not as agreed. A person may edit one field of what we wrote, and
    leave the others ours. Nor is it a person's doing that Outlook makes no meeting where Teams is
    switched off.
    """
    fields = FIELDS if base is None else differing(base, event)
    found = part_digests(event, base)
    for one in (event, replace(event, conference=Conference.NONE)):
        found |= {digest(one), *(field_digest(name, one) for name in fields)}
    return found


def _maybe_written(link: Link, pending: Pending) -> frozenset[str]:
    if pending.wish is Wish.WRITE and link.app is not None:
        return pending.maybe_written | {digest(link.app)}
    return pending.maybe_written


def app_side(case: Case) -> Side:
    """Without anything pending the app has what it was told, unless its deletion was refused."""
    if case.pending is not None and case.pending.wish is Wish.MOVE:
        return Same()
    if case.pending is None or case.pending.wish is Wish.SPREAD:
        return Gone() if case.link.app is None and case.link.event_id else Same()
    if case.pending.wish is Wish.WRITE and case.link.app is not None:
        return Changed(case.link.app)
    return Gone()


def action(case: Case) -> Action:
    outlook, app = muted(outlook_side(case), app_side(case), case.policy)
    return decide(outlook, app, case.policy)


def oversteps(case: Case) -> bool:
    """The host app edited what Outlook owns."""
    seen, link = case.seen, case.link
    if seen is None or seen.event is None or link.app is None or link.base is None:
        return False
    return bool(unowned(seen.event, link.app, case.policy))


def unowned(outlook: Event, app: Event, policy: Policy) -> tuple[str, ...]:
    """The fields in which the app differs from Outlook, which owns them."""
    if policy.direction is not Direction.BOTH:
        return ()
    changed = differing(outlook, app)
    whole = tuple(name for name in changed if policy.owner(name) is Owner.OUTLOOK)
    return whole or (("series",) if unowned_parts(outlook, app, policy) else ())
