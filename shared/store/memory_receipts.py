"""The part of `memory.MemoryStore` that knows what was ended."""

from shared.store.keys import escape
from shared.store.memory_directory import insert_or_match
from shared.store.memory_rollouts import MemoryRollouts
from shared.store.records import DueKind, Receipt, ReceiptPart


class MemoryReceipts(MemoryRollouts):
    def __init__(self) -> None:
        super().__init__()
        self._receipts: dict[str, Receipt] = {}
        self._parts: dict[tuple[str, str], ReceiptPart] = {}

    async def put_receipt(self, receipt: Receipt) -> Receipt:
        return insert_or_match(self._receipts, receipt.id, receipt, self._etag())

    async def receipt(self, receipt: str) -> Receipt | None:
        return self._receipts.get(receipt)

    async def put_part(self, part: ReceiptPart) -> None:
        self._parts[part.receipt, part.name] = part

    async def part(self, receipt: str, name: str) -> ReceiptPart | None:
        return self._parts.get((receipt, name))

    async def parts(self, receipt: str) -> list[ReceiptPart]:
        mine = [part for part in self._parts.values() if part.receipt == receipt]
        return sorted(mine, key=lambda part: escape(part.name))

    def _drop_directory(self, tenant: str) -> None:
        for rows in (self._contacts, self._connections, self._endpoints, self._consent_links):
            for key in [key for key in rows if key[0] == tenant]:
                del rows[key]  # pyright: ignore[reportArgumentType] - each by its own keys
        for pointers in (self._mailboxes, self._appointments, self._meetings):
            for key in [key for key in pointers if key[0] == tenant]:
                del pointers[key]
        self._entra = {entra: held for entra, held in self._entra.items() if held != tenant}
        self._logs.pop(tenant, None)
        self._tenants.pop(tenant, None)
        self._due = {
            due
            for due in self._due
            if due.kind is DueKind.END or due.name.partition("~")[0] != tenant
        }
