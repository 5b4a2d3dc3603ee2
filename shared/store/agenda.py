"""What is due when, and what may happen only once.

Table `due`: partition kind|minute, row name. Table `nonces`: partition the first two digits of
the nonce's hash, row the hash.
"""

from datetime import UTC, datetime, timedelta

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.keys import escape, hashed, minute
from shared.store.log import Log
from shared.store.records import Due, DueKind
from shared.store.rows import record_of, row_of
from shared.store.table import Table
from shared.store.transaction import MOST_ROWS, delete

# Nonces live minutes. One whose end lies a day before the end of another is long over.
LONG_OVER = timedelta(days=1)


class Agenda(Log):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._due = Table(tables, "due")
        self._nonces = Table(tables, "nonces")

    async def remind(self, due: Due) -> None:
        due = Due(due.kind, minute(due.at), due.name)
        await self._due.upsert(row_of(due, _partition(due.kind, due.at), escape(due.name)))

    async def due(self, kind: DueKind, now: datetime, limit: int = 500) -> list[Due]:
        first, last = f"{kind}|", _partition(kind, now)
        condition = f"PartitionKey ge '{first}' and PartitionKey le '{last}'"
        return [record_of(Due, row) for row in await self._due.query(condition, limit)]

    async def forget(self, due: Due) -> None:
        await self._due.delete(_partition(due.kind, minute(due.at)), escape(due.name))

    async def burn(self, nonce: str, until: datetime) -> bool:
        name = hashed(nonce)
        partition = name[:2]
        ends = until.astimezone(UTC).isoformat()
        try:
            await self._nonces.insert({"PartitionKey": partition, "RowKey": name, "until": ends})
        except Contended:
            return False
        await self._sweep(partition, until - LONG_OVER)
        return True

    async def _sweep(self, partition: str, before: datetime) -> None:
        limit = before.astimezone(UTC).isoformat()
        condition = f"PartitionKey eq '{partition}' and until lt '{limit}'"
        rows = await self._nonces.query(condition, MOST_ROWS, ("RowKey",))
        await self._nonces.commit([delete(partition, row.name) for row in rows])


def _partition(kind: DueKind, at: datetime) -> str:
    """The minute that `at` is in: of a full minute the minute itself."""
    return f"{kind}|{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
