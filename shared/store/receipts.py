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
from shared.store.records import DueKind, Lease, Receipt, ReceiptPart, Tenant
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

    # Erasing. The tenant's row goes last, so that who was cut off finds it and goes on. It is
    # looked at between reading rows and deleting them, which is done by their etags: a row that
    # was read while it stood is not of a tenant created anew, nor deleted once it is.

    async def drop_lease(self, lease: Lease) -> None:
        with suppress(Contended):
            await self._calendars.delete(partition_of(lease.key), LEASE, lease.etag)

    async def drop_tenant(self, tenant: Tenant) -> None:
        await self._check_stands(tenant)
        partition = escape(tenant.id)
        # No name holds a tilde, so these are the partitions of its calendars and grants.
        of_calendars = f"PartitionKey ge '{partition}~' and PartitionKey lt '{partition}~~'"
        own = f"PartitionKey eq '{partition}'"
        named = f"(RowKey ge '{partition}~' and RowKey lt '{partition}~~')"
        others = f"(PartitionKey lt '{DueKind.END}|' or PartitionKey gt '{DueKind.END}|~')"
        for table, condition in (
            (self._calendars, of_calendars),
            *((table, own) for table in (self._rollouts, self._people, self._changes)),
            (self._tenants, own),
            (self._tenants, f"PartitionKey eq '{ALL_ENTRA}' and tenant eq '{tenant.id}'"),
            (self._due, f"(RowKey eq '{partition}' or {named}) and {others}"),
        ):
            await self._clear(tenant, table, condition)
        await self._tenants.delete(ALL_TENANTS, f"tenant|{partition}", tenant.etag)

    async def _clear(self, tenant: Tenant, table: Table, condition: str) -> None:
        while rows := await table.query(condition, MOST_ROWS, ("PartitionKey", "RowKey")):
            await self._check_stands(tenant)
            lots: dict[str, list[Write]] = {}
            for row in rows:
                partition = row.text("PartitionKey")
                gone = {"PartitionKey": partition, "RowKey": row.name}
                lots.setdefault(partition, []).append(Write("delete", gone, row.etag, True))
            for lot in lots.values():
                await table.commit(lot)

    async def _check_stands(self, tenant: Tenant) -> None:
        held = await self.tenant(tenant.id)
        if held is None or held.etag != tenant.etag:
            raise Contended(reason="the tenant's row was changed meanwhile")
