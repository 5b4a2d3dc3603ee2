"""Names for attendees of whom the host app sent an address alone."""

from dataclasses import replace

from shared.calendar.digest import address_key
from shared.calendar.event import Attendee, Event
from shared.people.matching import Match, matched
from shared.store.store import Store


async def with_names(store: Store, tenant: str, event: Event) -> Event:
    """So that Outlook shows a person, not an address, wherever it does not know them itself."""
    nameless = [attendee.address for attendee in event.attendees if not attendee.name]
    if not nameless:
        return event
    known = await matched(store, tenant, nameless)
    return replace(event, attendees=tuple(_named(one, known) for one in event.attendees))


def _named(attendee: Attendee, known: dict[str, Match]) -> Attendee:
    match = known.get(address_key(attendee.address))
    if attendee.name or match is None or match.person is None:
        return attendee
    return replace(attendee, name=match.person.name)
