"""The outbox of a calendar and the log of a tenant.

Table `changes`, a tenant's partition: HEAD (the newest number), N|number an entry,
I|hash of the change's id, which keeps it from being logged twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.calendars import partition_of
from shared.store.directory import TRIES
from shared.store.keys import escape, hashed
from shared.store.links import Links
from shared.store.parallel import gathered
from shared.store.records import CalendarKey, Change
from shared.store.rows import Row, record_of, row_of
from shared.store.table import Table, within
from shared.store.transaction import FULL_BYTES, MOST_ROWS, Write, delete

HEAD = "HEAD"
MOST_CHANGES = 30


class Log(Links):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._changes = Table(tables, "changes")

    async def outbox(self, key: CalendarKey, limit: int = 100) -> list[Change]:
        rows = await self._calendars.query(within(partition_of(key), "X|"), limit)
        return [record_of(Change, row) for row in rows]

    async def clear_outbox(self, key: CalendarKey, changes: Sequence[Change]) -> None:
        gone, partition = {change.id for change in changes}, partition_of(key)
        if not gone:
            return
        rows = await self._calendars.query(within(partition, "X|"), 0, ("RowKey", "id"))
        names = iter([row.name for row in rows if row.text("id") in gone])
        while lot := list(islice(names, MOST_ROWS)):
            await self._calendars.commit([delete(partition, name) for name in lot])

    async def log(self, tenant: str, changes: Sequence[Change]) -> int:
        waiting = list({change.id: change for change in reversed(changes)}.values())[::-1]
        number, head_etag = await self._head(tenant)
        failures = 0
        while waiting:
            lot = _lot(escape(tenant), waiting, number)
            try:
                etags = await self._changes.commit(
                    [*lot, _head_write(tenant, number, lot, head_etag)]
                )
            except Contended:
                failures += 1
                if failures > TRIES:
                    raise
                waiting = await self._not_logged(tenant, waiting)
                number, head_etag = await self._head(tenant)
            else:
                number, head_etag = number + len(lot) // 2, etags[-1]
                waiting = waiting[len(lot) // 2 :]
        return number

    async def _not_logged(self, tenant: str, changes: Sequence[Change]) -> list[Change]:
        guards = await gathered(
            self._changes.get(escape(tenant), _guard(change.id)) for change in changes
        )
        return [c for c, guard in zip(changes, guards, strict=True) if guard is None]

    async def is_logged(self, tenant: str, change: str) -> bool:
        return await self._changes.get(escape(tenant), _guard(change)) is not None

    async def _head(self, tenant: str) -> tuple[int, str]:
        row = await self._changes.get(escape(tenant), HEAD)
        return (row.number("number"), row.etag) if row else (0, "")

    async def head(self, tenant: str) -> int:
        return (await self._head(tenant))[0]

    async def changes(self, tenant: str, after: int = 0, limit: int = 100) -> list[Change]:
        condition = within(escape(tenant), "N|", f"{after:012d}")
        return [record_of(Change, row) for row in await self._changes.query(condition, limit)]


def _guard(change_id: str) -> str:
    return f"I|{hashed(change_id)}"


def _lot(partition: str, changes: Sequence[Change], number: int) -> list[Write]:
    """An entry and a guard for each of as many changes as go into one transaction."""
    lot: list[Write] = []
    size = 0
    for i, change in enumerate(changes[:MOST_CHANGES], start=number + 1):
        entry = Write("create", row_of(replace(change, number=i), partition, f"N|{i:012d}"))
        guard = Write("create", {"PartitionKey": partition, "RowKey": _guard(change.id)})
        size += entry.size + guard.size
        if lot and size > FULL_BYTES:
            break
        lot += [entry, guard]
    return lot


def _head_write(tenant: str, number: int, lot: Sequence[Write], etag: str) -> Write:
    row: Row = {"PartitionKey": escape(tenant), "RowKey": HEAD, "number": number + len(lot) // 2}
    return Write("update", row, etag) if etag else Write("create", row)
