"""One meeting in several mailboxes of a tenant: only one of them links it.

That is its organiser's, if that is synced; else the first attendee's to show it, for as long as
it is synced and the meeting is in it.
"""

import hashlib

from shared.graph.seen import Seen
from shared.store.records import CalendarKey, Link, State
from shared.sync.reaching import WITH_EVENTS
from shared.sync.shift import Shift


async def held_elsewhere(shift: Shift, item: Seen) -> str:
    """The organiser, if the meeting is linked in another calendar of the tenant; else ""."""
    organizer = await shift.store.calendar_at(shift.key.tenant, item.organizer)
    if organizer is not None and organizer != shift.key and await _is_synced(shift, organizer):
        return item.organizer
    holder, appointment = await _claim(shift, item)
    if holder != shift.key and not await _holds(shift, holder, appointment):
        await shift.store.release_meeting(shift.key.tenant, item.ical_uid, holder)
        holder, _ = await _claim(shift, item)
    return "" if holder == shift.key else item.organizer or "unknown"


async def take_over(shift: Shift, item: Seen) -> None:
    """An organiser who comes to be synced after an attendee: the attendee's calendar is told to
    let go. Should that be lost, it finds out when the meeting next changes.
    """
    if item.event is None or not item.event.attendees:
        return
    holder, appointment = await _claim(shift, item)
    if holder == shift.key:
        return
    await shift.store.release_meeting(shift.key.tenant, item.ical_uid, holder)
    await _claim(shift, item)
    link = await shift.store.link(holder, appointment)
    if link is not None and link.event_id:
        await shift.wake.dirty(holder, shift.clock(), ((link.event_id, ""),))


async def is_taken_over(shift: Shift, link: Link) -> bool:
    """Whether another calendar links the meeting of this attendee's copy by now."""
    if link.is_organizer or not link.ical_uid:
        return False
    holder, appointment = await shift.store.claim_meeting(
        shift.key.tenant, link.ical_uid, shift.key, link.appointment
    )
    return holder != shift.key and await _holds(shift, holder, appointment)


async def _claim(shift: Shift, item: Seen) -> tuple[CalendarKey, str]:
    return await shift.store.claim_meeting(
        shift.key.tenant, item.ical_uid, shift.key, appointment_id(shift, item)
    )


async def _is_synced(shift: Shift, key: CalendarKey) -> bool:
    """Where no events are read, nobody but the others' copies can tell of a meeting."""
    calendar = await shift.store.calendar(key)
    ended = {State.DISCONNECTING, State.DISCONNECTED}
    return calendar is not None and calendar.state not in ended and calendar.reach in WITH_EVENTS


async def _holds(shift: Shift, key: CalendarKey, appointment: str) -> bool:
    """A claim comes before its link."""
    link = await shift.store.link(key, appointment)
    return await _is_synced(shift, key) and (link is None or bool(link.event_id))


def appointment_id(shift: Shift, item: Seen) -> str:
    """The same whenever the same event is imported, so that importing twice is importing once."""
    name = f"{shift.key}/{item.event_id}"
    return f"outlook-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
