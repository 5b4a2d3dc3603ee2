"""Who came to a meeting and who left it. Pure."""

from typing import Any

from shared.calendar.digest import address_key
from shared.calendar.event import Event


def guest_changes(before: Event | None, after: Event | None) -> dict[str, Any]:
    """{"attendees_added": [{"address"}], "attendees_removed": the same}; {} where nobody did
    either, or there is nothing to compare with.
    """
    if before is None or after is None:
        return {}
    was, now = _addresses(before), _addresses(after)
    if was.keys() == now.keys():
        return {}
    return {
        "attendees_added": [{"address": now[key]} for key in now if key not in was],
        "attendees_removed": [{"address": was[key]} for key in was if key not in now],
    }


def _addresses(event: Event) -> dict[str, str]:
    return {address_key(attendee.address): attendee.address for attendee in event.attendees}
