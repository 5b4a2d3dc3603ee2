"""What the use cases ask of storage: one verb per need.

Kept in two ways under one contract: `tables.TableStore` (Azure Table Storage) and
`memory.MemoryStore` (tests). All of it raises `Contended` where a row was not as the caller
thought (etag), and `Unavailable` where storage did not answer.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from shared.store.records import (
    Calendar,
    CalendarKey,
    Change,
    Connection,
    ConsentLink,
    Contact,
    Copy,
    Due,
    DueKind,
    Endpoint,
    Kept,
    Lease,
    Link,
    Mark,
    Move,
    Operation,
    Pending,
    Proof,
    Receipt,
    ReceiptPart,
    Rollout,
    RolloutMailbox,
    Settlement,
    Stage,
    Tenant,
)


class Store(Protocol):
    # Tenants, connections, calendars. `put_*` inserts when etag is "" (Contended if it exists)
    # and replaces under If-Match otherwise; it returns the record with its new etag.
    async def put_tenant(self, tenant: Tenant) -> Tenant: ...
    async def tenant(self, tenant: str) -> Tenant | None: ...
    async def tenants(self, after: str = "", limit: int = 100) -> list[Tenant]: ...
    async def claim_entra(self, entra_tenant: str, tenant: str) -> str:
        """Whose the Entra tenant is now: that of the first who claimed it."""
        ...

    async def release_entra(self, entra_tenant: str, tenant: str) -> None:
        """Does nothing where another tenant holds it."""
        ...

    async def put_connection(self, connection: Connection) -> Connection: ...
    async def connection(self, tenant: str, connection: str) -> Connection | None: ...
    async def connections(
        self, tenant: str, after: str = "", limit: int = 100
    ) -> list[Connection]: ...
    async def put_calendar(self, calendar: Calendar, was: Calendar | None = None) -> Calendar:
        """Also keeps the directory (`calendar_at`) of address, aliases and user id current.
        `was` is what `calendar` was made of: who has it spares a look at it.
        """
        ...

    async def calendar(self, key: CalendarKey) -> Calendar | None: ...
    async def calendars(self, tenant: str, connection: str = "") -> list[Calendar]: ...
    async def calendar_keys(
        self, tenant: str, connection: str, after: str = "", limit: int = 0
    ) -> list[CalendarKey]:
        """Of a connection's calendars, in order of id, starting behind `after`; 0: all. None of
        their records is read.
        """
        ...

    async def calendar_at(self, tenant: str, mailbox: str) -> CalendarKey | None:
        """The calendar synced for a mailbox, named by address, alias or Entra object id."""
        ...

    async def drop_calendar(self, calendar: Calendar) -> None:
        """Forgets the calendar, its directory rows, and everything in its partition."""
        ...

    # Dirty marks.
    async def mark(
        self,
        key: CalendarKey,
        now: datetime,
        hints: Sequence[tuple[str, str]] = (),
        traceparent: str = "",
    ) -> bool:
        """True on the edge from clean to dirty; otherwise the hints are added (50 at most)."""
        ...

    async def marked(self, key: CalendarKey) -> Mark | None: ...
    async def unmark(self, mark: Mark) -> bool:
        """False if somebody marked the calendar again since `mark` was read."""
        ...

    # The lease of a calendar.
    async def acquire(
        self, key: CalendarKey, holder: str, now: datetime, seconds: float
    ) -> Lease | None:
        """None while another holder's lease has not run out."""
        ...

    async def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease: ...
    async def release(self, lease: Lease) -> None:
        """Quietly does nothing when the lease was lost meanwhile."""
        ...

    # Links and what belongs to them.
    async def link(self, key: CalendarKey, appointment: str) -> Link | None: ...
    async def links_of(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Link]:
        """By event id; ids without a link are left out."""
        ...

    async def links(self, key: CalendarKey, after: str = "", limit: int = 1000) -> list[Link]:
        """In order of appointment id, starting behind `after`."""
        ...

    async def meeting_link(self, key: CalendarKey, ical_uid: str) -> Link | None:
        """That of a meeting with attendees which the calendar's owner organises."""
        ...

    async def copies(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Copy]: ...
    async def all_copies(self, key: CalendarKey) -> list[Copy]: ...
    async def pending(self, key: CalendarKey, appointment: str) -> Pending | None: ...
    async def pendings(self, key: CalendarKey, limit: int = 100) -> list[Pending]:
        """Oldest first."""
        ...

    async def attempt(
        self, lease: Lease, pending: Pending, seconds: float, now: datetime
    ) -> tuple[Lease, Pending]:
        """Stores the pending row (tries, attempted, maybe_written) under fence and etag."""
        ...

    async def operation(
        self, key: CalendarKey, appointment: str, version: int
    ) -> Operation | None: ...
    async def accept(
        self,
        key: CalendarKey,
        link: Link,
        pending: Pending,
        operations: Sequence[Operation],
        also: Sequence[tuple[Link, Pending]] = (),
    ) -> None:
        """One transaction: the link (under its etag), the pending change, its operation (and the
        superseded one's). `also` are other links of the calendar with a change of their own.
        """
        ...

    async def settle(
        self, lease: Lease, settlements: Sequence[Settlement], now: datetime, seconds: float
    ) -> Lease:
        """Each settlement whole or not at all, as many as fit in one transaction (100 rows,
        4 MiB), each transaction under the fence, which is renewed. Raises Contended; earlier
        transactions of the same call then stand.
        """
        ...

    async def kept(self, key: CalendarKey, appointment: str) -> list[Kept]:
        """What sync took away of one appointment, newest first."""
        ...

    async def drop_kept(self, key: CalendarKey, before: datetime, limit: int = 99) -> int:
        """Forgets contents taken away before then; how many, at most `limit`."""
        ...

    # The directory of appointments of a tenant.
    async def claim(self, tenant: str, appointment: str, key: CalendarKey) -> CalendarKey:
        """Where the appointment lives: `key`, unless it was claimed for another calendar."""
        ...

    async def located(self, tenant: str, appointment: str) -> CalendarKey | None: ...
    async def unclaim(self, tenant: str, appointment: str) -> None: ...
    async def move_claim(
        self, tenant: str, appointment: str, old: CalendarKey, new: CalendarKey
    ) -> CalendarKey | None:
        """Where the appointment lives then: `new`, unless it did not live in `old`."""
        ...

    # One meeting seen in several mailboxes of a tenant (same iCalUId).
    async def claim_meeting(
        self, tenant: str, ical_uid: str, key: CalendarKey, appointment: str
    ) -> tuple[CalendarKey, str]:
        """Who holds the meeting: the caller, unless another calendar claimed it first."""
        ...

    async def release_meeting(self, tenant: str, ical_uid: str, key: CalendarKey) -> None: ...

    # Outbox and log.
    async def outbox(self, key: CalendarKey, limit: int = 100) -> list[Change]:
        """In the order in which they were settled."""
        ...

    async def clear_outbox(self, key: CalendarKey, changes: Sequence[Change]) -> None: ...
    async def log(self, tenant: str, changes: Sequence[Change]) -> int:
        """Appends without gaps, skips ids already logged, returns the newest number."""
        ...

    async def is_logged(self, tenant: str, change: str) -> bool:
        """Whether the log has a change with this id."""
        ...

    async def changes(self, tenant: str, after: int = 0, limit: int = 100) -> list[Change]: ...
    async def head(self, tenant: str) -> int: ...

    # Endpoints.
    async def put_endpoint(self, endpoint: Endpoint) -> Endpoint: ...
    async def endpoint(self, tenant: str, endpoint: str) -> Endpoint | None: ...
    async def endpoints(self, tenant: str) -> list[Endpoint]: ...
    async def drop_endpoint(self, endpoint: Endpoint) -> None: ...

    # Whom the host app knows.
    async def put_contacts(self, tenant: str, contacts: Sequence[Contact]) -> list[Contact]:
        """Inserts or replaces each (ids differ) together with what it is found by, whatever the
        etag; what is so already is left alone. Returns them as they are kept. Contended after
        many tries; some are kept then.
        """
        ...

    async def contact(self, tenant: str, contact: str) -> Contact | None: ...
    async def contacts(self, tenant: str, after: str = "", limit: int = 100) -> list[Contact]:
        """In order of id, starting behind `after`."""
        ...

    async def contacts_at(
        self, tenant: str, addresses: Collection[str]
    ) -> dict[str, tuple[Contact, ...]]:
        """By `address_key`; addresses of nobody are left out. Of several people with one address
        those whose primary it is come first, then by id. Without etags.
        """
        ...

    async def drop_contact(self, tenant: str, contact: str) -> bool:
        """False: there was none."""
        ...

    # Rollouts, and how far each of their mailboxes is.
    async def put_rollout(self, rollout: Rollout, moves: Sequence[Move] = ()) -> Rollout:
        """One transaction (49 moves at most): the rollout under its etag, with its counts as they
        are after the moves. Contended too when a mailbox is not in the stage it was in.
        """
        ...

    async def rollout(self, tenant: str, rollout: str) -> Rollout | None: ...
    async def rollouts(self, tenant: str, after: str = "", limit: int = 100) -> list[Rollout]:
        """In order of id, starting behind `after`."""
        ...

    async def rollout_mailboxes(
        self, rollout: Rollout, stage: Stage, after: str = "", limit: int = 100
    ) -> list[RolloutMailbox]:
        """Those in one stage, in order of id, starting behind `after`."""
        ...

    async def rollout_stages(self, rollout: Rollout) -> dict[str, Stage]:
        """Of every mailbox, by its id."""
        ...

    # The due index, partitioned by kind and minute.
    async def remind(self, due: Due) -> None: ...
    async def due(self, kind: DueKind, now: datetime, limit: int = 500) -> list[Due]: ...
    async def forget(self, due: Due) -> None: ...

    # Proofs that a grant is limited to some mailboxes.
    async def put_proof(self, proof: Proof) -> Proof: ...
    async def proofs(self, tenant: str, connection: str) -> list[Proof]:
        """Newest first."""
        ...

    # Consent.
    async def put_consent_link(self, link: ConsentLink) -> ConsentLink: ...
    async def consent_link(self, tenant: str, link: str) -> ConsentLink | None: ...
    async def consent_links(self, tenant: str) -> list[ConsentLink]: ...
    async def burn(self, nonce: str, until: datetime) -> bool:
        """True the first time: what may be used once was used now. Kept until `until`."""
        ...

    # Receipts. They outlive what they are about.
    async def put_receipt(self, receipt: Receipt) -> Receipt: ...
    async def receipt(self, receipt: str) -> Receipt | None: ...
    async def put_part(self, part: ReceiptPart) -> None:
        """Inserts or replaces."""
        ...

    async def part(self, receipt: str, name: str) -> ReceiptPart | None: ...
    async def parts(self, receipt: str) -> list[ReceiptPart]: ...

    # Erasing.
    async def drop_lease(self, lease: Lease) -> None:
        """Gives back the lease of a calendar that is not there, so that nothing stays of it.
        Quietly does nothing when the lease was lost meanwhile.
        """
        ...

    async def drop_tenant(self, tenant: Tenant) -> None:
        """Erases all that is kept of it, but for receipts and reminders of kind END; its own row
        last, so that until then nobody can create it anew. Done again after it was cut off, it
        goes on. Raises Contended, and erases nothing of another's, where the row is not (or not
        any more) as it was given.
        """
        ...


class Queues(Protocol):
    """Sends keys, never payloads. Base64, as the trigger reads it."""

    async def send(self, queue: str, message: str, after: float = 0) -> None: ...
    async def length(self, queue: str) -> int:
        """About how many messages wait, whoever may see them yet."""
        ...

    async def waiting_since(self, queue: str) -> datetime | None:
        """When the message that is next could first have been taken; None where nobody waits."""
        ...

    async def drop_given_up(self, queue: str, tenant: str) -> int:
        """How many messages of a tenant were dropped from a queue that holds what workers have
        given up.
        """
        ...
