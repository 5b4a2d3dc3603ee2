"""A store that forgets when the process ends: same contract as `tables.TableStore`.

No verb awaits anything, so each is atomic among the tasks of one event loop.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.errors import Contended
from shared.store.keys import escape, is_meeting, with_hints
from shared.store.memory_directory import insert_or_match
from shared.store.memory_receipts import MemoryReceipts
from shared.store.records import (
    Calendar,
    CalendarKey,
    Change,
    Copy,
    Kept,
    Lease,
    Link,
    Mark,
    Operation,
    Pending,
    Settlement,
    Tenant,
)
from shared.telemetry import with_traces

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Partition:
    """What belongs to one calendar."""

    links: dict[str, Link] = field(default_factory=dict[str, Link])
    index: dict[str, str] = field(default_factory=dict[str, str])
    meetings: dict[str, str] = field(default_factory=dict[str, str])
    pending: dict[str, Pending] = field(default_factory=dict[str, Pending])
    operations: dict[tuple[str, int], Operation] = field(
        default_factory=dict[tuple[str, int], Operation]
    )
    copies: dict[str, Copy] = field(default_factory=dict[str, Copy])
    outbox: list[Change] = field(default_factory=list[Change])
    kept: dict[tuple[str, int, str], Kept] = field(
        default_factory=dict[tuple[str, int, str], Kept]
    )
    lease: Lease | None = None
    mark: Mark | None = None

    def duplicate(self) -> "_Partition":
        return _Partition(
            dict(self.links),
            dict(self.index),
            dict(self.meetings),
            dict(self.pending),
            dict(self.operations),
            dict(self.copies),
            list(self.outbox),
            dict(self.kept),
            self.lease,
            self.mark,
        )


class MemoryStore(MemoryReceipts):
    def __init__(self) -> None:
        super().__init__()
        self._partitions: dict[CalendarKey, _Partition] = {}

    def _of(self, key: CalendarKey) -> _Partition:
        return self._partitions.setdefault(key, _Partition())

    async def drop_calendar(self, calendar: Calendar) -> None:
        partition = self._partitions.pop(calendar.key, _Partition())
        tenant = calendar.key.tenant
        for link in partition.links.values():
            if self._appointments.get((tenant, link.appointment)) == calendar.key:
                del self._appointments[tenant, link.appointment]
            await self.release_meeting(tenant, link.ical_uid, calendar.key)
        self._drop_from_directory(calendar.key)

    async def drop_lease(self, lease: Lease) -> None:
        partition = self._of(lease.key)
        if partition.lease and partition.lease.etag == lease.etag:
            partition.lease = None

    async def drop_tenant(self, tenant: Tenant) -> None:
        held = await self.tenant(tenant.id)
        if held is None or held.etag != tenant.etag:
            raise Contended(reason="the tenant's row was changed meanwhile")
        self._drop_all(tenant.id)

    def _drop_all(self, tenant: str) -> None:
        for key in [key for key in (*self._partitions, *self._calendars) if key.tenant == tenant]:
            self._partitions.pop(key, None)
            self._calendars.pop(key, None)
        self._drop_rollouts(tenant)
        self._drop_directory(tenant)

    # Dirty marks.

    async def mark(
        self,
        key: CalendarKey,
        now: datetime,
        hints: Sequence[tuple[str, str]] = (),
        traceparent: str = "",
    ) -> bool:
        partition = self._of(key)
        old = partition.mark
        since, had = (old.since, old.hints) if old else (now, ())
        traces = with_traces(old.traces if old else (), (traceparent,))
        partition.mark = Mark(key, since, with_hints(had, hints), traces, self._etag())
        return old is None

    async def marked(self, key: CalendarKey) -> Mark | None:
        return self._of(key).mark

    async def unmark(self, mark: Mark) -> bool:
        partition = self._of(mark.key)
        if partition.mark is None or partition.mark.etag != mark.etag:
            return False
        partition.mark = None
        return True

    # The lease.

    async def acquire(
        self, key: CalendarKey, holder: str, now: datetime, seconds: float
    ) -> Lease | None:
        partition = self._of(key)
        old = partition.lease
        if old and old.holder != holder and old.until > now:
            return None
        until = now + timedelta(seconds=seconds)
        partition.lease = Lease(key, holder, until, self._etag(), old.settled if old else 0)
        return partition.lease

    async def renew(self, lease: Lease, now: datetime, seconds: float) -> Lease:
        return self._renewed(self._of(lease.key), lease, now, seconds)

    def _renewed(
        self, partition: _Partition, lease: Lease, now: datetime, seconds: float, changes: int = 0
    ) -> Lease:
        if partition.lease is None or partition.lease.etag != lease.etag:
            raise Contended(reason="the lease was lost")
        until = now + timedelta(seconds=seconds)
        settled = lease.settled + changes
        partition.lease = replace(lease, until=until, etag=self._etag(), settled=settled)
        return partition.lease

    async def release(self, lease: Lease) -> None:
        partition = self._of(lease.key)
        held = partition.lease
        if held and held.holder == lease.holder:
            partition.lease = replace(held, holder="", until=NEVER, etag=self._etag())

    # Links and what belongs to them.

    async def link(self, key: CalendarKey, appointment: str) -> Link | None:
        return self._of(key).links.get(appointment)

    async def links_of(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Link]:
        partition = self._of(key)
        found = {e: partition.links.get(partition.index.get(e, "")) for e in event_ids}
        return {e: link for e, link in found.items() if link and link.event_id == e}

    async def meeting_link(self, key: CalendarKey, ical_uid: str) -> Link | None:
        partition = self._of(key)
        link = partition.links.get(partition.meetings.get(ical_uid, ""))
        return link if link and link.ical_uid == ical_uid and is_meeting(link) else None

    async def links(self, key: CalendarKey, after: str = "", limit: int = 1000) -> list[Link]:
        links = sorted(self._of(key).links.values(), key=lambda link: escape(link.appointment))
        return [link for link in links if escape(link.appointment) > escape(after)][:limit]

    async def copies(self, key: CalendarKey, event_ids: Sequence[str]) -> dict[str, Copy]:
        copies = self._of(key).copies
        return {e: copies[e] for e in event_ids if e in copies}

    async def all_copies(self, key: CalendarKey) -> list[Copy]:
        return list(self._of(key).copies.values())

    async def pending(self, key: CalendarKey, appointment: str) -> Pending | None:
        return self._of(key).pending.get(appointment)

    async def pendings(self, key: CalendarKey, limit: int = 100) -> list[Pending]:
        pendings = self._of(key).pending.values()
        return sorted(pendings, key=lambda p: (p.accepted, escape(p.appointment)))[:limit]

    async def operation(
        self, key: CalendarKey, appointment: str, version: int
    ) -> Operation | None:
        return deepcopy(self._of(key).operations.get((appointment, version)))

    async def kept(self, key: CalendarKey, appointment: str) -> list[Kept]:
        kept = self._of(key).kept
        return [kept[name] for name in sorted(kept, reverse=True) if name[0] == appointment]

    async def drop_kept(self, key: CalendarKey, before: datetime, limit: int = 99) -> int:
        kept = self._of(key).kept
        old = [name for name in sorted(kept) if kept[name].at < before][:limit]
        for name in old:
            del kept[name]
        return len(old)

    async def attempt(
        self, lease: Lease, pending: Pending, seconds: float, now: datetime
    ) -> tuple[Lease, Pending]:
        draft = self._of(lease.key).duplicate()
        renewed = self._renewed(draft, lease, now, seconds)
        stored = self._put_pending(draft, pending)
        self._partitions[lease.key] = draft
        return renewed, stored

    async def accept(
        self,
        key: CalendarKey,
        link: Link,
        pending: Pending,
        operations: Sequence[Operation],
        also: Sequence[tuple[Link, Pending]] = (),
    ) -> None:
        draft = self._of(key).duplicate()
        for one, change in ((link, pending), *also):
            self._put_link(draft, one)
            self._put_pending(draft, change)
        _put_operations(draft, operations)
        self._partitions[key] = draft

    async def settle(
        self, lease: Lease, settlements: Sequence[Settlement], now: datetime, seconds: float
    ) -> Lease:
        for settlement in settlements:
            draft = self._of(lease.key).duplicate()
            lease = self._renewed(draft, lease, now, seconds, len(settlement.changes))
            self._settle_one(draft, settlement)
            self._partitions[lease.key] = draft
        return lease

    def _settle_one(self, draft: _Partition, settlement: Settlement) -> None:
        draft.index.pop(settlement.event_was, None)
        draft.copies.pop(settlement.drop_copy, None)
        if settlement.forget:
            _forget_link(draft, settlement.forget)
        if settlement.done:
            _match(draft.pending.get(settlement.done.appointment), settlement.done)
            del draft.pending[settlement.done.appointment]
        if settlement.link:
            self._put_link(draft, settlement.link)
        if settlement.keep:
            self._put_pending(draft, settlement.keep)
        if settlement.copy:
            draft.copies[settlement.copy.event_id] = settlement.copy
        draft.kept |= {(k.appointment, k.version, k.side): k for k in settlement.kept}
        _put_operations(draft, settlement.operations)
        draft.outbox.extend(deepcopy(settlement.changes))

    def _put_link(self, draft: _Partition, link: Link) -> None:
        insert_or_match(draft.links, link.appointment, link, self._etag())
        if link.event_id:
            draft.index[link.event_id] = link.appointment
        if is_meeting(link):
            draft.meetings[link.ical_uid] = link.appointment

    def _put_pending(self, draft: _Partition, pending: Pending) -> Pending:
        return insert_or_match(draft.pending, pending.appointment, pending, self._etag())

    # The outbox.

    async def outbox(self, key: CalendarKey, limit: int = 100) -> list[Change]:
        return deepcopy(self._of(key).outbox[:limit])

    async def clear_outbox(self, key: CalendarKey, changes: Sequence[Change]) -> None:
        gone = {change.id for change in changes}
        partition = self._of(key)
        partition.outbox = [change for change in partition.outbox if change.id not in gone]


def _match(held: Link | Pending | None, given: Link | Pending) -> None:
    if held is None or held.etag != given.etag:
        raise Contended(reason="a row was changed meanwhile")


def _forget_link(draft: _Partition, link: Link) -> None:
    _match(draft.links.get(link.appointment), link)
    del draft.links[link.appointment]
    draft.index.pop(link.event_id, None)


def _put_operations(draft: _Partition, operations: Iterable[Operation]) -> None:
    for operation in operations:
        draft.operations[operation.appointment, operation.version] = deepcopy(operation)
