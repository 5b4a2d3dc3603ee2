"""Copies for participants: every connected one has an event of their own, without attendees. Pure.

What a person does to a copy is Outlook's edit of the appointment, seen through another window;
who deletes it gives up their own copy only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.calendar.digest import address_key
from shared.calendar.event import Conference, Event, Override
from shared.policy.policy import Participants, Policy
from shared.store.records import (
    AppointmentStatus,
    CalendarKey,
    Change,
    Link,
    Pending,
    Settlement,
    Spread,
    Wish,
)
from shared.sync.home import has_news
from shared.sync.merge import merge
from shared.sync.report import COPY_REMOVED, UPDATED, appointment_change
from shared.sync.wanted import GONE, Place, derived_link, is_removed

# Of the appointment as a whole: nobody's copy has them.
SHARED = ("attendees", "hide_attendees", "conference")


@dataclass(frozen=True, slots=True)
class Whose:
    """A copy, the mailbox it is in, and what its appointment remembers of it."""

    spread: Spread
    mailbox: str
    link: Link | None
    pending: Pending | None


def has_copies(link: Link, policy: Policy) -> bool:
    return (
        policy.participants is Participants.COPIES
        and link.app is not None
        and bool(link.app.attendees)
    )


def copies(link: Link, policy: Policy, mailboxes: Mapping[str, CalendarKey]) -> dict[Place, Event]:
    """`mailboxes` are the synced calendars of attendees, by address key. There are copies as long
    as the appointment takes place and is in Outlook.
    """
    if not has_copies(link, policy) or link.app is None or not link.event_id:
        return {}
    if link.status is AppointmentStatus.CANCELLED:
        return {}
    keys = [mailboxes.get(address_key(one.address)) for one in link.app.attendees]
    return {(key, link.appointment): alone(link.app) for key in keys if key}


def alone(event: Event) -> Event:
    """Without anybody else's name."""
    series = event.series
    if series is not None:
        overrides = [Override(o.day, _without(o.values)) for o in series.overrides]
        series = replace(series, overrides=tuple(o for o in overrides if o.values))
    return replace(
        event, attendees=(), hide_attendees=False, conference=Conference.NONE, series=series
    )


def _without(values: tuple[tuple[str, object], ...]) -> tuple[tuple[str, object], ...]:
    return tuple(pair for pair in values if pair[0] not in SHARED)


def copy(
    link: Link, home: CalendarKey, name: str, child: Link | None, content: Event
) -> Link | None:
    """The link of a copy; None where it is right already. Whom its owner invited to it stays."""
    if child is not None and child.outlook is not None:
        content = replace(content, attendees=child.outlook.attendees)
    return derived_link(link, home, name, child, content)


def news(
    key: CalendarKey, link: Link, policy: Policy, pending: Pending, whose: Whose, now: datetime
) -> Settlement | None:
    """What a person has done to one copy, taken over into its appointment."""
    if whose.link is None or whose.spread.taken == GONE or link.app is None:
        return None
    if is_removed(whose.link, whose.pending):
        change = _change(key, link, COPY_REMOVED, whose, now)
        change = replace(change, id=f"{change.id}.{whose.spread.calendar}.{whose.link.life}")
        return Settlement(link=took(link, whose, GONE), changes=(change,))
    if not has_news(whose.link) or whose.spread.taken == whose.link.outlook_etag:
        return None
    return _edit(key, link, policy, pending, whose, now)


def _edit(
    key: CalendarKey, link: Link, policy: Policy, pending: Pending, whose: Whose, now: datetime
) -> Settlement:
    child = whose.link
    if child is None or child.base is None or child.outlook is None or link.app is None:
        raise ValueError("an edit has something before and after it")
    merged = merge(child.base, child.outlook, link.app, policy)
    kept = {name: getattr(link.app, name) for name in SHARED}
    fields = tuple(name for name in merged.app_needs if name not in SHARED)
    conflicts = tuple(one for one in merged.conflicts if one.field not in SHARED)
    taken = took(link, whose, child.outlook_etag)
    if not fields and not conflicts:
        return Settlement(link=taken)
    new = replace(taken, app=replace(merged.event, **kept), version=link.version + 1, changed=now)
    change = _change(key, new, UPDATED, whose, now)
    told = appointment_change(key, new, UPDATED, now, fields=fields, conflicts=conflicts)
    change = replace(change, data={**told.data, **change.data})
    wish = Wish.WRITE if link.event_id else Wish.SPREAD
    keep = replace(pending, wish=wish, version=new.version)
    return Settlement(link=new, keep=keep, changes=(change,))


def took(link: Link, whose: Whose, what: str) -> Link:
    spread = tuple(one._replace(taken=what) if one == whose.spread else one for one in link.spread)
    return replace(link, spread=spread)


def _change(key: CalendarKey, link: Link, kind: str, whose: Whose, now: datetime) -> Change:
    change = appointment_change(key, link, kind, now)
    return replace(change, data={**change.data, "copy": whose.mailbox})
