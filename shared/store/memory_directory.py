"""The part of `memory.MemoryStore` that is not inside one calendar's partition.

Records are values; those that hold a mapping are copied on the way in and out.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import TypeVar

from shared.errors import Contended
from shared.store.keys import escape, mailbox_names, minute
from shared.store.records import (
    Calendar,
    CalendarKey,
    Change,
    Connection,
    ConsentLink,
    Due,
    DueKind,
    Endpoint,
    Link,
    Pending,
    Proof,
    Receipt,
    Rollout,
    Tenant,
)

R = TypeVar(
    "R",
    Tenant,
    Connection,
    Calendar,
    Link,
    Pending,
    Endpoint,
    ConsentLink,
    Proof,
    Receipt,
    Rollout,
)
K = TypeVar("K")


def insert_or_match(rows: dict[K, R], key: K, record: R, etag: str) -> R:
    """Stores the record under a new etag; Contended unless its etag is the row's ("" for none)."""
    held = rows.get(key)
    if (held.etag if held else "") != record.etag:
        raise Contended(reason="a row was changed meanwhile")
    rows[key] = replace(record, etag=etag)
    return rows[key]


class MemoryDirectory:
    def __init__(self) -> None:
        self._etags = count(1)
        self._tenants: dict[str, Tenant] = {}
        self._entra: dict[str, str] = {}
        self._connections: dict[tuple[str, str], Connection] = {}
        self._calendars: dict[CalendarKey, Calendar] = {}
        self._mailboxes: dict[tuple[str, str], CalendarKey] = {}
        self._appointments: dict[tuple[str, str], CalendarKey] = {}
        self._meetings: dict[tuple[str, str], tuple[CalendarKey, str]] = {}
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._consent_links: dict[tuple[str, str], ConsentLink] = {}
        self._logs: dict[str, dict[str, Change]] = {}
        self._due: set[Due] = set()
        self._nonces: set[str] = set()
        self._proofs: dict[tuple[str, str, str], Proof] = {}

    def _etag(self) -> str:
        return str(next(self._etags))

    # Tenants, connections, calendars.

    async def put_tenant(self, tenant: Tenant) -> Tenant:
        return deepcopy(insert_or_match(self._tenants, tenant.id, deepcopy(tenant), self._etag()))

    async def tenant(self, tenant: str) -> Tenant | None:
        return deepcopy(self._tenants.get(tenant))

    async def tenants(self, after: str = "", limit: int = 100) -> list[Tenant]:
        tenants = {escape(t.id): deepcopy(t) for t in self._tenants.values()}
        return _page(tenants, escape(after), limit)

    async def claim_entra(self, entra_tenant: str, tenant: str) -> str:
        return self._entra.setdefault(entra_tenant.lower(), tenant)

    async def release_entra(self, entra_tenant: str, tenant: str) -> None:
        if self._entra.get(entra_tenant.lower()) == tenant:
            del self._entra[entra_tenant.lower()]

    async def put_connection(self, connection: Connection) -> Connection:
        key = (connection.tenant, connection.id)
        return insert_or_match(self._connections, key, connection, self._etag())

    async def connection(self, tenant: str, connection: str) -> Connection | None:
        return self._connections.get((tenant, connection))

    async def connections(
        self, tenant: str, after: str = "", limit: int = 100
    ) -> list[Connection]:
        mine = {escape(c.id): c for c in self._connections.values() if c.tenant == tenant}
        return _page(mine, escape(after), limit)

    async def put_calendar(self, calendar: Calendar, was: Calendar | None = None) -> Calendar:
        del was  # a look costs nothing here
        old = self._calendars.get(calendar.key)
        stored = insert_or_match(self._calendars, calendar.key, calendar, self._etag())
        tenant, names = calendar.key.tenant, mailbox_names(calendar)
        before = mailbox_names(old) if old else frozenset[str]()
        for name in before - names:
            if self._mailboxes.get((tenant, name)) == calendar.key:
                del self._mailboxes[tenant, name]
        self._mailboxes |= {(tenant, name): calendar.key for name in names - before}
        return stored

    async def calendar(self, key: CalendarKey) -> Calendar | None:
        return self._calendars.get(key)

    async def calendars(self, tenant: str, connection: str = "") -> list[Calendar]:
        mine = [c for c in self._calendars.values() if c.key.tenant == tenant]
        wanted = [c for c in mine if connection in ("", c.connection)]
        return sorted(wanted, key=lambda calendar: escape(calendar.key.calendar))

    async def calendar_keys(
        self, tenant: str, connection: str, after: str = "", limit: int = 0
    ) -> list[CalendarKey]:
        found = [one.key for one in await self.calendars(tenant, connection)]
        behind = [key for key in found if not after or escape(key.calendar) > escape(after)]
        return behind[: limit or None]

    async def calendar_at(self, tenant: str, mailbox: str) -> CalendarKey | None:
        return self._mailboxes.get((tenant, mailbox.lower()))

    def _drop_mailboxes(self, key: CalendarKey) -> None:
        self._mailboxes = {n: k for n, k in self._mailboxes.items() if k != key}

    def _drop_from_directory(self, key: CalendarKey) -> None:
        self._drop_mailboxes(key)
        self._calendars.pop(key, None)

    # The directories of appointments and meetings.

    async def claim(self, tenant: str, appointment: str, key: CalendarKey) -> CalendarKey:
        return self._appointments.setdefault((tenant, appointment), key)

    async def located(self, tenant: str, appointment: str) -> CalendarKey | None:
        return self._appointments.get((tenant, appointment))

    async def unclaim(self, tenant: str, appointment: str) -> None:
        self._appointments.pop((tenant, appointment), None)

    async def move_claim(
        self, tenant: str, appointment: str, old: CalendarKey, new: CalendarKey
    ) -> CalendarKey | None:
        if self._appointments.get((tenant, appointment)) == old:
            self._appointments[tenant, appointment] = new
        return self._appointments.get((tenant, appointment))

    async def claim_meeting(
        self, tenant: str, ical_uid: str, key: CalendarKey, appointment: str
    ) -> tuple[CalendarKey, str]:
        held = self._meetings.get((tenant, ical_uid))
        if held is None or held[0] == key:
            self._meetings[tenant, ical_uid] = (key, appointment)
        return self._meetings[tenant, ical_uid]

    async def release_meeting(self, tenant: str, ical_uid: str, key: CalendarKey) -> None:
        held = self._meetings.get((tenant, ical_uid))
        if held and held[0] == key:
            del self._meetings[tenant, ical_uid]

    # The log.

    async def log(self, tenant: str, changes: Sequence[Change]) -> int:
        log = self._logs.setdefault(tenant, {})
        for change in changes:
            log.setdefault(change.id, replace(deepcopy(change), number=len(log) + 1))
        return len(log)

    async def is_logged(self, tenant: str, change: str) -> bool:
        return change in self._logs.get(tenant, {})

    async def changes(self, tenant: str, after: int = 0, limit: int = 100) -> list[Change]:
        return deepcopy(list(self._logs.get(tenant, {}).values())[after : after + limit])

    async def head(self, tenant: str) -> int:
        return len(self._logs.get(tenant, {}))

    # Endpoints.

    async def put_endpoint(self, endpoint: Endpoint) -> Endpoint:
        key = (endpoint.tenant, endpoint.id)
        return insert_or_match(self._endpoints, key, endpoint, self._etag())

    async def endpoint(self, tenant: str, endpoint: str) -> Endpoint | None:
        return self._endpoints.get((tenant, endpoint))

    async def endpoints(self, tenant: str) -> list[Endpoint]:
        mine = [e for e in self._endpoints.values() if e.tenant == tenant]
        return sorted(mine, key=lambda endpoint: escape(endpoint.id))

    async def drop_endpoint(self, endpoint: Endpoint) -> None:
        self._endpoints.pop((endpoint.tenant, endpoint.id), None)

    # The due index.

    async def remind(self, due: Due) -> None:
        self._due.add(replace(due, at=minute(due.at)))

    async def due(self, kind: DueKind, now: datetime, limit: int = 500) -> list[Due]:
        ripe = [due for due in self._due if due.kind == kind and due.at <= now]
        return sorted(ripe, key=lambda due: (due.at, escape(due.name)))[:limit]

    async def forget(self, due: Due) -> None:
        self._due.discard(replace(due, at=minute(due.at)))

    # Proofs.

    async def put_proof(self, proof: Proof) -> Proof:
        key = (proof.tenant, proof.connection, proof.id)
        return insert_or_match(self._proofs, key, proof, self._etag())

    async def proofs(self, tenant: str, connection: str) -> list[Proof]:
        mine = [p for key, p in self._proofs.items() if key[:2] == (tenant, connection)]
        return sorted(mine, key=lambda proof: (proof.at, escape(proof.id)), reverse=True)

    # Consent.

    async def put_consent_link(self, link: ConsentLink) -> ConsentLink:
        return insert_or_match(self._consent_links, (link.tenant, link.id), link, self._etag())

    async def consent_link(self, tenant: str, link: str) -> ConsentLink | None:
        return self._consent_links.get((tenant, link))

    async def consent_links(self, tenant: str) -> list[ConsentLink]:
        mine = [link for link in self._consent_links.values() if link.tenant == tenant]
        return sorted(mine, key=lambda link: escape(link.id))

    async def burn(self, nonce: str, until: datetime) -> bool:
        del until  # this store does not live long enough to forget
        if nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        return True


def _page(rows: dict[str, R], after: str, limit: int) -> list[R]:
    return [rows[key] for key in sorted(rows) if key > after][:limit]
