"""What is left of what was ended, and how a tenant is erased.

Table `receipts`: partition the receipt's id; RECEIPT itself, P|name what became of one part.
"""

from contextlib import suppress
from dataclasses import replace

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.calendars import LEASE, partition_of
from shared.store.directory import ALL_ENTRA, ALL_TENANTS
from shared.store.keys import escape
from shared.store.records import DueKind, Lease, Receipt, ReceiptPart
from shared.store.rollouts import Rollouts
from shared.store.rows import record_of, row_of
from shared.store.table import Table, within
from shared.store.transaction import MOST_ROWS, Write

RECEIPT = "RECEIPT"


class Receipts(Rollouts):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._receipts = Table(tables, "receipts")

    async def put_receipt(self, receipt: Receipt) -> Receipt:
        etag = await self._receipts.put(receipt, escape(receipt.id), RECEIPT)
        return replace(receipt, etag=etag)

    async def receipt(self, receipt: str) -> Receipt | None:
        return await self._receipts.read(Receipt, escape(receipt), RECEIPT)

    async def put_part(self, part: ReceiptPart) -> None:
        await self._receipts.upsert(row_of(part, escape(part.receipt), f"P|{escape(part.name)}"))

    async def part(self, receipt: str, name: str) -> ReceiptPart | None:
        return await self._receipts.read(ReceiptPart, escape(receipt), f"P|{escape(name)}")

    async def parts(self, receipt: str) -> list[ReceiptPart]:
        rows = await self._receipts.query(within(escape(receipt), "P|"))
        return [record_of(ReceiptPart, row) for row in rows]

    # Erasing. The tenant's row goes last, so that who was cut off finds it and goes on.

    async def drop_lease(self, lease: Lease) -> None:
        with suppress(Contended):
            await self._calendars.delete(partition_of(lease.key), LEASE, lease.etag)

    async def drop_tenant(self, tenant: str) -> None:
        partition = escape(tenant)
        # No name holds a tilde, so these are the partitions of its calendars and grants.
        of_calendars = f"PartitionKey ge '{partition}~' and PartitionKey lt '{partition}~~'"
        await _clear(self._calendars, of_calendars)
        await self.drop_rollouts(tenant)
        for table in (self._people, self._changes, self._tenants):
            await _clear(table, f"PartitionKey eq '{partition}'")
        await _clear(self._tenants, f"PartitionKey eq '{ALL_ENTRA}' and tenant eq '{tenant}'")
        await self._tenants.delete(ALL_TENANTS, f"tenant|{partition}")
        named = f"(RowKey ge '{partition}~' and RowKey lt '{partition}~~')"
        others = f"(PartitionKey lt '{DueKind.END}|' or PartitionKey gt '{DueKind.END}|~')"
        await _clear(self._due, f"(RowKey eq '{partition}' or {named}) and {others}")


async def _clear(table: Table, condition: str) -> None:
    while rows := await table.query(condition, MOST_ROWS, ("PartitionKey", "RowKey")):
        lots: dict[str, list[Write]] = {}
        for row in rows:
            partition = row.text("PartitionKey")
            gone = {"PartitionKey": partition, "RowKey": row.name}
            lots.setdefault(partition, []).append(Write("delete", gone, lenient=True))
        for lot in lots.values():
            await table.commit(lot)
