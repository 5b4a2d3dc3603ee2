"""An attendee's copy that goes its own way, of a meeting whose organiser is synced too.

Nothing of it is copied: the meeting is the organiser's. The host app is told once, and only when
nothing else can explain the difference: nothing of the meeting waits, the organiser's event is as
it was settled, and the copy was changed well after it.
"""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from shared.calendar.digest import address_key, canonical_field
from shared.calendar.event import AttendeeKind, Event
from shared.errors import CalbridgeError
from shared.graph.seen import Seen
from shared.policy.policy import Direction
from shared.policy.shape import hidden_fields
from shared.store.keys import mailbox_names
from shared.store.records import Calendar, CalendarKey, Copy, Link, Settlement, State
from shared.sync.report import copy_change
from shared.sync.shift import Shift

COMPARED = ("subject", "when", "location")
# What an organiser sends reaches the copies within minutes.
ARRIVED = timedelta(minutes=5)
HEARD = frozenset({Direction.BOTH, Direction.TO_APP})


async def explained(shift: Shift, item: Seen, known: Copy | None) -> Settlement | None:
    """None: there is nothing to tell of this copy, nothing new, or nothing that may be known."""
    key = await shift.store.calendar_at(shift.key.tenant, item.organizer)
    if key is None or key == shift.key or item.event is None:
        return None
    if hidden_fields(item.event.sensitivity, shift.policy):
        return None
    link = await shift.store.meeting_link(key, item.ical_uid)
    if link is None or link.outlook is None:
        return None
    told = known.differs if known else ""
    trace = differs(item.event, link.outlook)
    if trace == told:
        return None
    if known and not trace:
        return Settlement(copy=replace(known, etag=item.etag, differs=""))
    return await _told(shift, key, link, item)


def differs(copy: Event, meeting: Event) -> str:
    """Names what the copy shows in the fields in which it differs; "" if in none."""
    shown = {name: canonical_field(name, copy) for name in different(copy, meeting)}
    text = json.dumps(shown, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if shown else ""


def different(copy: Event, meeting: Event) -> tuple[str, ...]:
    return tuple(
        name for name in COMPARED if canonical_field(name, copy) != canonical_field(name, meeting)
    )


async def _told(shift: Shift, key: CalendarKey, link: Link, item: Seen) -> Settlement | None:
    organizer = await shift.store.calendar(key)
    if item.event is None or organizer is None or not _concerns(shift, organizer, link):
        return None
    meeting = await _at_rest(shift, organizer, link)
    if meeting is None or meeting.event is None:
        await shift.wake.dirty(key, shift.clock(), ((link.event_id, ""),))
        return None
    fields = different(item.event, meeting.event)
    if not fields or not _is_later(item, meeting):
        return None
    trace = differs(item.event, link.outlook or meeting.event)
    copy = Copy(item.event_id, item.ical_uid, item.organizer, item.etag, trace)
    appointment = await _appointment(shift, link)
    if appointment is None:
        return None
    change = copy_change(organizer, shift.calendar, appointment, fields, item, shift.clock())
    return Settlement(copy=copy, changes=(change,))


async def _appointment(shift: Shift, link: Link) -> Link | None:
    """The meeting may be one occurrence of it."""
    if not link.home:
        return link
    found = await shift.store.link(CalendarKey.parse(link.home), link.parent or link.appointment)
    return found if found is not None and found.app is not None else None


def _concerns(shift: Shift, organizer: Calendar, link: Link) -> bool:
    """A room's copy is never the same as the meeting: Exchange renames it."""
    if (
        organizer.state not in {State.ACTIVE, State.DEGRADED}
        or shift.policy_for(link).direction not in HEARD
    ):
        return False
    names = mailbox_names(shift.calendar)
    guests = link.outlook.attendees if link.outlook else ()
    return not any(
        guest.kind is AttendeeKind.RESOURCE and address_key(guest.address) in names
        for guest in guests
    )


async def _at_rest(shift: Shift, organizer: Calendar, link: Link) -> Seen | None:
    """The organiser's event, if that is what was settled last and nothing of it waits. A mark on
    the calendar says nothing of this event; reading the event does.
    """
    key = organizer.key
    if await shift.store.pending(key, link.appointment):
        return None
    connection = await shift.store.connection(key.tenant, organizer.connection)
    if connection is None:
        return None
    try:
        found = await shift.mailbox.other(organizer, connection).event(link.event_id)
    except CalbridgeError:
        # What is wrong with the organiser's mailbox is no matter of this one's round.
        return None
    return found if found is not None and found.etag == link.outlook_etag else None


def _is_later(copy: Seen, meeting: Seen) -> bool:
    if copy.last_modified is None or meeting.last_modified is None:
        return False
    return copy.last_modified - meeting.last_modified >= ARRIVED
