"""Table `tenants`: who is a customer, what is connected, and what lives in which calendar.

Rows: all tenants in a partition of their own (so that listing them reads nothing else), and in
another entra|guid, which names the tenant that is bound to it; in a tenant's partition
connection|id, calendar|id (names the calendars; their records are in their own partitions),
mailbox|hash of a name, appointment|id, meeting|hash of the iCalUId, endpoint|id, consent|id,
proof|connection|time|id.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.keys import escape, hashed
from shared.store.records import CalendarKey, Connection, ConsentLink, Endpoint, Proof, Tenant
from shared.store.rows import Row, record_of
from shared.store.table import Table, within

R = TypeVar("R", Tenant, Connection, Endpoint, ConsentLink, Proof)
ALL_TENANTS = "~tenants"
ALL_ENTRA = "~entra"
TRIES = 10


class Directory:
    def __init__(self, tables: Tables) -> None:
        self._tenants = Table(tables, "tenants")

    async def _put(self, record: R, partition: str, name: str) -> R:
        return replace(record, etag=await self._tenants.put(record, partition, name))

    async def _list(
        self, kind: type[R], partition: str, prefix: str, after: str = "", limit: int = 0
    ) -> list[R]:
        rows = await self._tenants.query(within(partition, prefix, escape(after)), limit)
        return [record_of(kind, row) for row in rows]

    # Tenants and connections.

    async def put_tenant(self, tenant: Tenant) -> Tenant:
        return await self._put(tenant, ALL_TENANTS, f"tenant|{escape(tenant.id)}")

    async def tenant(self, tenant: str) -> Tenant | None:
        return await self._tenants.read(Tenant, ALL_TENANTS, f"tenant|{escape(tenant)}")

    async def tenants(self, after: str = "", limit: int = 100) -> list[Tenant]:
        return await self._list(Tenant, ALL_TENANTS, "tenant|", after, limit)

    async def claim_entra(self, entra_tenant: str, tenant: str) -> str:
        name = _entra(entra_tenant)
        mine = {"PartitionKey": ALL_ENTRA, "RowKey": name, "tenant": tenant}
        for _ in range(TRIES):
            row = await self._tenants.get(ALL_ENTRA, name)
            if row is not None:
                return row.text("tenant")
            if await self._inserted(mine):
                return tenant
        raise Contended(reason="an Entra tenant is claimed and given up again and again")

    async def release_entra(self, entra_tenant: str, tenant: str) -> None:
        name = _entra(entra_tenant)
        row = await self._tenants.get(ALL_ENTRA, name)
        if row is not None and row.text("tenant") == tenant:
            with suppress(Contended):
                await self._tenants.delete(ALL_ENTRA, name, row.etag)

    async def put_connection(self, connection: Connection) -> Connection:
        name = f"connection|{escape(connection.id)}"
        return await self._put(connection, escape(connection.tenant), name)

    async def connection(self, tenant: str, connection: str) -> Connection | None:
        name = f"connection|{escape(connection)}"
        return await self._tenants.read(Connection, escape(tenant), name)

    async def connections(
        self, tenant: str, after: str = "", limit: int = 100
    ) -> list[Connection]:
        return await self._list(Connection, escape(tenant), "connection|", after, limit)

    # Appointments.

    async def claim(self, tenant: str, appointment: str, key: CalendarKey) -> CalendarKey:
        for _ in range(TRIES):
            held = await self.located(tenant, appointment)
            if held or await self._inserted(_pointer(tenant, _appointment(appointment), key)):
                return held or key
        raise Contended(reason="an appointment is claimed and given up again and again")

    async def located(self, tenant: str, appointment: str) -> CalendarKey | None:
        row = await self._tenants.get(escape(tenant), _appointment(appointment))
        return CalendarKey.parse(row.text("calendar")) if row else None

    async def unclaim(self, tenant: str, appointment: str) -> None:
        await self._tenants.delete(escape(tenant), _appointment(appointment))

    async def move_claim(
        self, tenant: str, appointment: str, old: CalendarKey, new: CalendarKey
    ) -> CalendarKey | None:
        for _ in range(TRIES):
            row = await self._tenants.get(escape(tenant), _appointment(appointment))
            held = CalendarKey.parse(row.text("calendar")) if row else None
            if row is None or held != old:
                return held
            moved = _pointer(tenant, _appointment(appointment), new)
            with suppress(Contended):
                await self._tenants.replace(moved, row.etag)
                return new
        raise Contended(reason="an appointment is moved again and again")

    async def _inserted(self, row: Row) -> bool:
        try:
            await self._tenants.insert(row)
        except Contended:
            return False
        return True

    async def _drop_pointer(self, tenant: str, name: str, key: CalendarKey) -> None:
        """Leaves the row alone if it points elsewhere, or does by the time it would go."""
        row = await self._tenants.get(escape(tenant), name)
        if row is None or row.text("calendar") != str(key):
            return
        try:
            await self._tenants.delete(escape(tenant), name, row.etag)
        except Contended:
            return

    # Meetings.

    async def claim_meeting(
        self, tenant: str, ical_uid: str, key: CalendarKey, appointment: str
    ) -> tuple[CalendarKey, str]:
        name = _meeting(ical_uid)
        mine = _pointer(tenant, name, key) | {"appointment": appointment}
        for _ in range(TRIES):
            row = await self._tenants.get(escape(tenant), name)
            if row is None and await self._inserted(mine):
                return key, appointment
            if row is not None:
                return await self._held_meeting(row.values, mine)
        raise Contended(reason="a meeting is claimed and given up again and again")

    async def _held_meeting(self, row: dict[str, Any], mine: Row) -> tuple[CalendarKey, str]:
        if row["calendar"] == mine["calendar"] and row["appointment"] != mine["appointment"]:
            await self._tenants.upsert(mine)
            row = mine
        return CalendarKey.parse(row["calendar"]), str(row["appointment"])

    async def release_meeting(self, tenant: str, ical_uid: str, key: CalendarKey) -> None:
        await self._drop_pointer(tenant, _meeting(ical_uid), key)

    # Endpoints.

    async def put_endpoint(self, endpoint: Endpoint) -> Endpoint:
        name = f"endpoint|{escape(endpoint.id)}"
        return await self._put(endpoint, escape(endpoint.tenant), name)

    async def endpoint(self, tenant: str, endpoint: str) -> Endpoint | None:
        name = f"endpoint|{escape(endpoint)}"
        return await self._tenants.read(Endpoint, escape(tenant), name)

    async def endpoints(self, tenant: str) -> list[Endpoint]:
        return await self._list(Endpoint, escape(tenant), "endpoint|")

    async def drop_endpoint(self, endpoint: Endpoint) -> None:
        await self._tenants.delete(escape(endpoint.tenant), f"endpoint|{escape(endpoint.id)}")

    # Proofs.

    async def put_proof(self, proof: Proof) -> Proof:
        name = f"proof|{escape(proof.connection)}|{proof.at:%Y%m%dT%H%M%S%f}|{escape(proof.id)}"
        return await self._put(proof, escape(proof.tenant), name)

    async def proofs(self, tenant: str, connection: str) -> list[Proof]:
        return (await self._list(Proof, escape(tenant), f"proof|{escape(connection)}|"))[::-1]

    # Consent.

    async def put_consent_link(self, link: ConsentLink) -> ConsentLink:
        return await self._put(link, escape(link.tenant), f"consent|{escape(link.id)}")

    async def consent_link(self, tenant: str, link: str) -> ConsentLink | None:
        name = f"consent|{escape(link)}"
        return await self._tenants.read(ConsentLink, escape(tenant), name)

    async def consent_links(self, tenant: str) -> list[ConsentLink]:
        return await self._list(ConsentLink, escape(tenant), "consent|")


def _entra(entra_tenant: str) -> str:
    return f"entra|{escape(entra_tenant.lower())}"


def _appointment(appointment: str) -> str:
    return f"appointment|{escape(appointment)}"


def _meeting(ical_uid: str) -> str:
    return f"meeting|{hashed(ical_uid)}"


def _pointer(tenant: str, name: str, key: CalendarKey) -> Row:
    return {"PartitionKey": escape(tenant), "RowKey": name, "calendar": str(key)}
