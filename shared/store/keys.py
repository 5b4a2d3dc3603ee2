r"""How names become row keys.

Table Storage refuses / \ # ? and control characters in keys and allows 1 KiB; what is not
plainly harmless is written as =XX per UTF-8 byte, so that different names stay different.
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import hashlib
import string
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.calendar.digest import address_key
from shared.store.records import Calendar, Contact, Link

_HARMLESS = frozenset(string.ascii_letters + string.digits + "._:~@-")
MOST_HINTS = 50


def escape(name: str) -> str:
    if all(character in _HARMLESS for character in name):
        return name
    return "".join(c if c in _HARMLESS else _hex(c) for c in name)


def _hex(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def minute(at: datetime) -> datetime:
    """Rounded up to a full minute, in UTC."""
    at = at.astimezone(UTC)
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + timedelta(minutes=1)


def with_hints(
    old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """One per event; of too many the newest stay. Notifications come in any order, so of two
    etags nobody knows the newer: that is "", which no event has.
    """
    latest: dict[str, str] = {}
    for event_id, etag in (*old, *new):
        latest[event_id] = etag if latest.pop(event_id, etag) == etag else ""
    return tuple(latest.items())[-MOST_HINTS:]


def mailbox_names(calendar: Calendar) -> frozenset[str]:
    """What `calendar_at` finds the calendar by, lower-cased."""
    names = (calendar.address, calendar.user_id, *calendar.aliases, *calendar.former)
    return frozenset(name.lower() for name in names if name)


def contact_keys(contact: Contact) -> frozenset[str]:
    """What `contacts_at` finds a person by."""
    return frozenset(address_key(address) for address in contact.addresses)


def by_claim(address: str, contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Those whose primary address it is come first, then by id."""
    return tuple(
        sorted(
            contacts, key=lambda one: (address_key(one.addresses[0]) != address, escape(one.id))
        )
    )


def next_contact(old: Contact | None, wanted: Contact) -> Contact:
    """`wanted` as it follows the one that is kept: itself, if nothing differs."""
    if old is None:
        return replace(wanted, version=1, etag="")
    same = replace(wanted, version=old.version, etag=old.etag)
    return old if same == old else replace(same, version=old.version + 1)


def is_meeting(link: Link) -> bool:
    """Linked at its organiser, who has invited somebody: there are copies of it."""
    invited = link.outlook is not None and bool(link.outlook.attendees)
    return invited and link.is_organizer and bool(link.event_id and link.ical_uid)
