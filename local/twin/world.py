"""What exists in the twin: tenants, people, their mailboxes and what lies in them."""

import base64
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from local.twin.accounts import MailboxKind, Person, PersonKind
from local.twin.approles import AppRoles
from local.twin.recurrence import Rule
from local.twin.roster import Roster
from local.twin.zones import to_utc

EventType = Literal["singleInstance", "seriesMaster", "exception"]

ORGANISATION = "RGVmYXVsdA=="
"""The id of the permission of all colleagues, as Graph's documentation shows it."""
UNSET_TIME = "0001-01-01T00:00:00Z"


@dataclass(slots=True)
class Tenant:
    id: str
    domain: str
    name: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A wall clock time in a zone (a Windows name) and the instant it is."""

    local: datetime
    zone: str
    utc: datetime


def stamp(local: datetime, zone: str) -> Stamp:
    return Stamp(local, zone, to_utc(local, zone))


def _organisation() -> list[dict[str, Any]]:
    """What colleagues see of a calendar that nobody has shared."""
    return [
        {
            "id": ORGANISATION,
            "isRemovable": False,
            "isInsideOrganization": True,
            "role": "freeBusyRead",
            "allowedRoles": ["none", "freeBusyRead", "limitedRead", "read", "write"],
            "emailAddress": {"name": "My Organization"},
        }
    ]


@dataclass(slots=True)
class Calendar:
    """`permissions` in Graph's JSON."""

    id: str
    name: str
    is_default: bool = False
    color: str = "auto"
    permissions: list[dict[str, Any]] = field(default_factory=_organisation)


@dataclass(slots=True)
class Series:
    """What only a series has. Dates are those of the pattern, in the rule's zone."""

    recurrence: dict[str, Any]
    rule: Rule
    zone: str
    epoch: int = 0
    exceptions: dict[date, "StoredEvent"] = field(default_factory=dict)
    cancelled: set[date] = field(default_factory=set)


@dataclass(slots=True)
class StoredEvent:
    """A single event, a series' master, or an exception inside its master's series."""

    id: str
    immutable_id: str
    calendar_id: str
    ical_uid: str
    start: Stamp
    end: Stamp
    created: datetime
    modified: datetime
    change: int = 0
    type: EventType = "singleInstance"
    subject: str = ""
    body: str = ""
    is_all_day: bool = False
    original_start_zone: str = "UTC"
    original_end_zone: str = "UTC"
    locations: tuple[dict[str, Any], ...] = ()
    attendees: tuple[dict[str, Any], ...] = ()
    organizer: tuple[str, str] = ("", "")
    is_organizer: bool = True
    response: str = "none"
    response_time: str = UNSET_TIME
    response_requested: bool = True
    allow_new_time_proposals: bool = True
    hide_attendees: bool = False
    show_as: str = "busy"
    sensitivity: str = "normal"
    importance: str = "normal"
    categories: tuple[str, ...] = ()
    is_reminder_on: bool = True
    reminder_minutes: int = 15
    is_cancelled: bool = False
    is_online_meeting: bool = False
    online_provider: str = "unknown"
    join_url: str | None = None
    transaction_id: str | None = None
    extended: dict[str, str] | None = None
    series: Series | None = None
    master_id: str | None = None
    original: date | None = None
    overridden: frozenset[str] = frozenset()

    @property
    def change_key(self) -> str:
        """Another after each change: the number behind `change` is never given twice."""
        return f"CQAAABYAAABTwInAAD{self.change:012X}AA=="

    @property
    def etag(self) -> str:
        return f'W/"{self.change_key}"'


@dataclass(frozen=True, slots=True)
class Change:
    """The latest change of one event in one calendar, the line that delta reads."""

    sequence: int
    at: float
    round: int
    calendar_id: str
    event_id: str
    immutable_id: str


@dataclass(slots=True)
class Mailbox:
    owner_id: str
    tenant_id: str
    tag: str
    calendars: dict[str, Calendar] = field(default_factory=dict)
    events: dict[str, StoredEvent] = field(default_factory=dict)
    deleted: dict[str, StoredEvent] = field(default_factory=dict)
    transactions: dict[str, str] = field(default_factory=dict)
    journal: dict[tuple[str, str], Change] = field(default_factory=dict)
    sequence: int = 0
    generation: int = 1
    rounds: int = 0
    unmade: int = 0  # events that are made when somebody first looks
    unmade_from: str = ""  # an ISO date
    _immutable: dict[str, str] = field(default_factory=dict)

    @property
    def default_calendar(self) -> Calendar:
        return next(c for c in self.calendars.values() if c.is_default)

    def find(self, event_id: str) -> StoredEvent | None:
        """By default or immutable id."""
        return self.events.get(self._immutable.get(event_id, event_id))

    def by_ical_uid(self, ical_uid: str) -> StoredEvent | None:
        return next((e for e in self.events.values() if e.ical_uid == ical_uid), None)

    def put(self, event: StoredEvent) -> None:
        self.events[event.id] = event
        self._immutable[event.immutable_id] = event.id

    def take(self, event: StoredEvent) -> None:
        """Out of its calendar into Deleted Items."""
        del self.events[event.id]
        del self._immutable[event.immutable_id]
        self.deleted[event.id] = event

    def log(self, event: StoredEvent, at: datetime) -> None:
        self.sequence += 1
        key = (event.calendar_id, event.id)
        self.journal.pop(key, None)
        self.journal[key] = Change(
            self.sequence, at.timestamp(), self.rounds, *key, event.immutable_id
        )

    def changes_after(self, sequence: int) -> list[Change]:
        """Oldest first."""
        found: list[Change] = []
        for change in reversed(self.journal.values()):
            if change.sequence <= sequence:
                break
            found.append(change)
        return found[::-1]


class Mailboxes(dict[str, Mailbox]):
    """By the owner's id. What a large population has in its calendars is made at first sight."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    def __getitem__(self, owner_id: str) -> Mailbox:
        found = super().__getitem__(owner_id)
        if found.unmade:
            from local.twin.crowd import fill  # noqa: PLC0415 - it needs this module

            fill(self._world, found)
        return found


class World:
    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.people: dict[str, Person] = {}
        self.mailboxes: dict[str, Mailbox] = Mailboxes(self)
        self._by_address: dict[str, Person] = {}
        self.deleted_people: dict[str, Person] = {}
        self.roster = Roster(self)
        self.app_roles = AppRoles(self)
        self.touched: list[Callable[[], None]] = []
        self.number = 0

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def touch(self) -> None:
        for listener in self.touched:
            listener()

    def create_tenant(self, tenant_id: str, domain: str, name: str) -> Tenant:
        tenant = self.tenants[tenant_id] = Tenant(tenant_id, domain, name)
        self.touch()
        return tenant

    def create_person(
        self,
        tenant_id: str,
        upn: str,
        display_name: str,
        *,
        id: str | None = None,  # noqa: A002 - Graph's word
        mail: str | None = None,
        aliases: tuple[str, ...] | list[str] = (),
        kind: PersonKind = "user",
        capacity: int | None = None,
        building: str | None = None,
        enabled: bool = True,
        licensed: bool = True,
        mailbox: MailboxKind = "cloud",
        is_admin: bool = False,
        time_zone: str = "UTC",
    ) -> Person:
        """The id is derived from tenant and UPN when none is given."""
        person = Person(
            id=id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant_id}/{upn.lower()}")),
            tenant_id=tenant_id,
            upn=upn,
            mail=upn if mail is None else mail,
            display_name=display_name,
            aliases=list(aliases),
            kind=kind,
            capacity=capacity,
            building=building,
            enabled=enabled,
            licensed=licensed,
            mailbox=mailbox,
            is_admin=is_admin,
            time_zone=time_zone,
        )
        self.people[person.id] = person
        self.mailboxes[person.id] = self._new_mailbox(person)
        self.touch()
        return person

    def create_room(
        self,
        tenant_id: str,
        mail: str,
        display_name: str,
        *,
        capacity: int | None = None,
        building: str | None = None,
    ) -> Person:
        return self.create_person(
            tenant_id, mail, display_name, kind="room", capacity=capacity, building=building
        )

    def create_calendar(
        self, mailbox: Mailbox, name: str, *, is_default: bool = False
    ) -> Calendar:
        calendar = Calendar(f"AAMkA{mailbox.tag}BGAAA{self.next_number():010X}=", name, is_default)
        mailbox.calendars[calendar.id] = calendar
        self.touch()
        return calendar

    def person(self, tenant_id: str, key: str) -> Person | None:
        """By id, UPN or mail inside one tenant, as Graph finds users."""
        if (person := self.people.get(key.lower())) and person.tenant_id == tenant_id:
            return person
        wanted = key.lower()
        known = self._by_address.get(wanted)
        found = [known] if known and self.people.get(known.id) is known else []
        for person in (*found, *self.people_of(tenant_id)):
            fits = wanted in (person.upn.lower(), person.mail.lower())
            if fits and person.tenant_id == tenant_id:
                if not person.is_guest:
                    self._by_address[wanted] = person
                return person
        return None

    def soft_delete(self, person_id: str) -> None:
        """Into the recycle bin of the directory; the mailbox waits."""
        self.deleted_people[person_id] = self.people.pop(person_id)
        self.touch()

    def restore(self, person_id: str) -> None:
        self.people[person_id] = self.deleted_people.pop(person_id)
        self.touch()

    def remove_person(self, person_id: str) -> None:
        """With the mailbox, as when an account is deleted for good."""
        self.people.pop(person_id, None)
        self.deleted_people.pop(person_id, None)
        del self.mailboxes[person_id]
        self.touch()

    def people_of(self, tenant_id: str) -> Iterator[Person]:
        return (p for p in self.people.values() if p.tenant_id == tenant_id)

    def find_address(self, address: str) -> Person | None:
        """By any address, over all tenants, as mail finds people: at home, not as guests."""
        wanted = address.lower()
        known = self._by_address.get(wanted)
        if known and self.people.get(known.id) is known and known.answers_to(wanted):
            return known
        found = [p for p in self.people.values() if p.answers_to(wanted)]
        member = next((p for p in found if not p.is_guest), None)
        if member is not None:
            self._by_address[wanted] = member
        return member or (found[0] if found else None)

    def event_ids(self, mailbox: Mailbox) -> tuple[str, str]:
        """A new default id and a new immutable id."""
        number = f"{self.next_number():012X}"
        return (
            f"AAMkA{mailbox.tag}BGAAAAAAD{number}AAA=",
            f"AAkAL{mailbox.tag}HYQDEapm{number}AAA=",
        )

    def new_ical_uid(self) -> str:
        """A global object id: 8 zeros where an occurrence has its date."""
        unique = uuid.uuid5(uuid.NAMESPACE_OID, f"ical/{self.next_number()}").hex.upper()
        return f"040000008200E00074C5B7101A82E00800000000{unique}"

    def _new_mailbox(self, person: Person) -> Mailbox:
        digest = uuid.uuid5(uuid.NAMESPACE_OID, person.id).bytes
        tag = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        mailbox = Mailbox(person.id, person.tenant_id, tag)
        self.create_calendar(mailbox, "Calendar", is_default=True)
        return mailbox

    def to_json(self) -> dict[str, Any]:
        from local.twin.snapshot import world_to_json  # noqa: PLC0415 - needs this module

        return world_to_json(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "World":
        from local.twin.snapshot import world_from_json  # noqa: PLC0415 - needs this module

        return world_from_json(data)
