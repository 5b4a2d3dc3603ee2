"""What Outlook shows of an event, for links that are derived and links that others derive from.

Pure. A derived link is not the host app's to hear of: what a person does to its event is noted
here and taken over by its home. A link that others derive from keeps a pending `SPREAD` with
whatever changes it, in the same transaction, so that no change of it stays without them.
"""

from dataclasses import replace
from datetime import datetime

from shared.calendar.digest import differing, digest, field_digest
from shared.calendar.event import FIELDS, Event
from shared.policy.policy import Policy
from shared.store.records import AppointmentStatus, CalendarKey, Link, Pending, Settlement, Wish
from shared.sync import inbound
from shared.sync.case import Case, outlook_side
from shared.sync.decide import Changed, Gone, Same, muted
from shared.sync.home import has_news
from shared.sync.participants import has_copies
from shared.sync.wanted import is_removed


def receive(case: Case) -> Settlement | None:
    """The rows that settle the case; None where they are right as they are."""
    if case.link.home:
        return _derived(case)
    if case.pending is None or case.pending.wish is not Wish.SPREAD:
        return spreading(case, inbound.receive(case))
    return spreading(case, inbound.receive(replace(case, pending=None)))


def spreading(case: Case, settlement: Settlement | None) -> Settlement | None:
    """Whoever changes a link that others derive from leaves word that they are to follow."""
    if settlement is None or settlement.link is None:
        return settlement
    return following(case.policy, case.pending, settlement, case.now)


def following(
    policy: Policy, pending: Pending | None, settlement: Settlement, now: datetime
) -> Settlement:
    """`pending` is what was pending before; a settlement that leaves it leaves the word to it."""
    link, done = settlement.link, settlement.done
    if link is None or link.home or not (link.spread or has_copies(link, policy)):
        return settlement
    word = spread_wish(link, now)
    if done is not None:
        return replace(settlement, done=None, keep=replace(word, etag=done.etag))
    if pending is None and settlement.changes:
        return replace(settlement, keep=word)
    return settlement


def must_report(link: Link, pending: Pending) -> bool:
    """Whether the home of a derived link has something to take over first."""
    if not link.home or pending.wish is Wish.DELETE:
        return False
    return pending.wish is Wish.SPREAD or has_news(link) or is_removed(link, None)


def spread_wish(link: Link, now: datetime) -> Pending:
    return Pending(link.appointment, link.version, Wish.SPREAD, now, silent=True)


def _derived(case: Case) -> Settlement | None:
    outlook, _ = muted(outlook_side(case), Same(), case.policy)
    match outlook:
        case Same():
            return _same(case)
        case Changed(event):
            return _edited(case, event)
        case Gone():
            return _gone(case)


def _same(case: Case) -> Settlement | None:
    seen, link, pending = case.seen, case.link, case.pending
    if seen is None or seen.event is None:
        return Settlement(link=_parted(link), event_was=link.event_id) if link.event_id else None
    shown = inbound.shown_link(link, seen)
    is_news = link.outlook is not None and digest(link.outlook) == digest(seen.event)
    shown = replace(shown, base=link.base if is_news and link.base else seen.event)
    wanted = link.app if pending is not None and pending.wish is Wish.WRITE else None
    if wanted is not None and not differing(seen.event, wanted):
        return Settlement(link=shown, done=pending)
    return Settlement(link=shown) if shown != link else None


def _edited(case: Case, event: Event) -> Settlement | None:
    seen, pending = case.seen, case.pending
    if seen is None:
        raise ValueError("what is gone was not edited")
    link = inbound.shown_link(case.link, seen)
    if pending is not None and pending.wish is Wish.DELETE:
        if not _is_of_series(link, case.key):
            return Settlement(link=link)
        word = replace(spread_wish(link, case.now), etag=pending.etag)
        return Settlement(link=link, keep=word)
    written = pending.maybe_written if pending else frozenset[str]()
    ours = {name: getattr(event, name) for name in FIELDS if field_digest(name, event) in written}
    base = case.link.base or case.link.app or event
    link = replace(link, base=replace(base, **ours))
    return Settlement(link=link, keep=None if pending else spread_wish(link, case.now))


def _is_of_series(link: Link, key: CalendarKey) -> bool:
    """Its day may be cancelled by the host app, and yet be given back by an edit."""
    return bool(link.parent) and link.home == str(key)


def _gone(case: Case) -> Settlement:
    """By whoever is in charge of this: then the row goes; or by a person: then it says so."""
    link, pending = _parted(case.link), case.pending
    was = case.link.event_id
    if pending is not None and pending.wish is Wish.DELETE:
        return Settlement(link=replace(link, app=None), event_was=was, done=pending)
    link = replace(link, status=AppointmentStatus.CANCELLED)
    word = replace(spread_wish(link, case.now), etag=pending.etag if pending else "")
    return Settlement(link=link, event_was=was, keep=word)


def _parted(link: Link) -> Link:
    return replace(link, base=None, outlook=None, event_id="", outlook_etag="", life=link.life + 1)
