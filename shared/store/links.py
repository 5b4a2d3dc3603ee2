"""Links and what belongs to them: copies, pending changes, operations; settling."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from shared.store.calendars import partition_of
from shared.store.keys import escape, is_meeting
from shared.store.leases import Leases, extended, fence
from shared.store.parallel import gathered
from shared.store.records import (
    CalendarKey,
    Copy,
    Kept,
    Lease,
    Link,
    Operation,
    Pending,
    Settlement,
)
from shared.store.rows import Found, record_of
from shared.store.settlement import (
    index_name,
    kept_prefix,
    link_name,
    link_writes,
    meeting_name,
    operation_name,
    operation_writes,
    pending_name,
    pending_write,
    writes,
)
from shared.store.shelves import PREFIX, Shelves, copies_of, growth, names, touched
from shared.store.table import within
from shared.store.transaction import Group, Write, delete, packed


class Links(Leases):
    async def link(self, key: CalendarKey, appointment: str) -> Link | None:
        return await self._calendars.read(Link, partition_of(key), link_name(appointment))

    async def links_of(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Link]:
        wanted = list(dict.fromkeys(event_ids))
        found = await gathered(self._link_of(key, event_id) for event_id in wanted)
        return {e: link for e, link in zip(wanted, found, strict=True) if link}

    async def _link_of(self, key: CalendarKey, event_id: str) -> Link | None:
        index = await self._calendars.get(partition_of(key), index_name(event_id))
        link = await self.link(key, index.text("appointment")) if index else None
        return link if link and link.event_id == event_id else None

    async def meeting_link(self, key: CalendarKey, ical_uid: str) -> Link | None:
        index = await self._calendars.get(partition_of(key), meeting_name(ical_uid))
        link = await self.link(key, index.text("appointment")) if index else None
        return link if link and link.ical_uid == ical_uid and is_meeting(link) else None

    async def links(self, key: CalendarKey, after: str = "", limit: int = 1000) -> list[Link]:
        condition = within(partition_of(key), "A|", escape(after))
        return [record_of(Link, row) for row in await self._calendars.query(condition, limit)]

    async def copies(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Copy]:
        rows = await self._shelves(key, event_ids)
        wanted = frozenset(event_ids)
        return {copy.event_id: copy for copy in copies_of(rows) if copy.event_id in wanted}

    async def _shelves(self, key: CalendarKey, event_ids: Iterable[str]) -> list[Found]:
        partition = partition_of(key)
        rows = await gathered(self._calendars.get(partition, name) for name in names(event_ids))
        return [row for row in rows if row]

    async def all_copies(self, key: CalendarKey) -> list[Copy]:
        return copies_of(await self._calendars.query(within(partition_of(key), PREFIX)))

    async def pending(self, key: CalendarKey, appointment: str) -> Pending | None:
        return await self._calendars.read(Pending, partition_of(key), pending_name(appointment))

    async def pendings(self, key: CalendarKey, limit: int = 100) -> list[Pending]:
        rows = await self._calendars.query(within(partition_of(key), "P|"))
        pendings = [record_of(Pending, row) for row in rows]
        return sorted(pendings, key=lambda p: (p.accepted, escape(p.appointment)))[:limit]

    async def operation(
        self, key: CalendarKey, appointment: str, version: int
    ) -> Operation | None:
        name = operation_name(appointment, version)
        return await self._calendars.read(Operation, partition_of(key), name)

    async def kept(self, key: CalendarKey, appointment: str) -> list[Kept]:
        rows = await self._calendars.query(within(partition_of(key), kept_prefix(appointment)))
        return [record_of(Kept, row) for row in reversed(rows)]

    async def drop_kept(self, key: CalendarKey, before: datetime, limit: int = 99) -> int:
        """Times are compared as the texts they are stored as."""
        partition, until = partition_of(key), before.astimezone(UTC).isoformat()
        condition = f"{within(partition, 'H|')} and at lt '{until}'"
        rows = await self._calendars.query(condition, limit, ("RowKey",))
        await self._calendars.commit([delete(partition, row.name) for row in rows])
        return len(rows)

    # Writing.

    async def accept(
        self,
        key: CalendarKey,
        link: Link,
        pending: Pending,
        operations: Sequence[Operation],
        also: Sequence[tuple[Link, Pending]] = (),
    ) -> None:
        partition = partition_of(key)
        rows: list[Write] = []
        for one, change in ((link, pending), *also):
            rows += [*link_writes(partition, one), pending_write(partition, change)]
        await self._calendars.commit([*rows, *operation_writes(partition, operations)])

    async def attempt(
        self, lease: Lease, pending: Pending, seconds: float, now: datetime
    ) -> tuple[Lease, Pending]:
        renewed = extended(lease, now, seconds)
        write = pending_write(partition_of(lease.key), pending)
        lease_etag, pending_etag = await self._calendars.commit([fence(renewed), write])
        return replace(renewed, etag=lease_etag), replace(pending, etag=pending_etag)

    async def settle(
        self, lease: Lease, settlements: Sequence[Settlement], now: datetime, seconds: float
    ) -> Lease:
        ids = [event_id for one in settlements for event_id in touched(one)]
        shelves = Shelves(partition_of(lease.key), await self._shelves(lease.key, ids))
        left = iter(settlements)
        for batch in packed(_groups(lease, settlements, shelves)):
            taken = list(islice(left, len(batch)))
            shelves.take(taken)
            renewed = extended(lease, now, seconds, sum(len(one.changes) for one in taken))
            rows = [write for group in batch for write in group.writes]
            rows = [fence(renewed), *rows, *shelves.writes()]
            lease = replace(renewed, etag=(await self._calendars.commit(rows))[0])
        return lease


def _groups(lease: Lease, settlements: Sequence[Settlement], shelves: Shelves) -> list[Group]:
    groups: list[Group] = []
    number = lease.settled
    for settlement in settlements:
        rows = writes(partition_of(lease.key), settlement, number)
        groups.append(Group(rows, shelves.sizes(settlement), growth(settlement)))
        number += len(settlement.changes)
    return groups
