"""One table: the few verbs the store needs of it, with our errors."""

from collections.abc import Sequence
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.batch import submit
from shared.store.border import code_of, lost, translated
from shared.store.parallel import gathered
from shared.store.rows import Found, Row, record_of, row_of
from shared.store.transaction import Write

R = TypeVar("R")


class Table:
    def __init__(self, tables: Tables, name: str) -> None:
        self._tables = tables
        self._name = name

    async def _client(self) -> Any:
        """Any, because azure's own annotations leave half of it unknown."""
        return await self._tables.client(self._name)

    async def get(self, partition: str, name: str) -> Found | None:
        client = await self._client()
        with translated():
            try:
                return _found(await client.get_entity(partition, name))
            except ResourceNotFoundError as error:
                if code_of(error) == "TableNotFound":  # it was deleted under us: not a "no"
                    raise
                return None

    async def read(self, kind: type[R], partition: str, name: str) -> R | None:
        row = await self.get(partition, name)
        return None if row is None else record_of(kind, row)

    async def insert(self, row: Row) -> str:
        client = await self._client()
        with translated():
            return str((await client.create_entity(row))["etag"])

    async def replace(self, row: Row, etag: str) -> str:
        client = await self._client()
        with translated():
            try:
                done = await client.update_entity(
                    row,
                    mode=UpdateMode.REPLACE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            except ResourceNotFoundError as error:
                raise Contended(reason="a row is gone") from error
        return str(done["etag"])

    async def put(self, record: Any, partition: str, name: str) -> str:
        """Inserts a record without etag, replaces one with; returns the new etag."""
        row = row_of(record, partition, name)
        return await (self.replace(row, record.etag) if record.etag else self.insert(row))

    async def upsert(self, row: Row) -> None:
        client = await self._client()
        with translated():
            await client.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def delete(self, partition: str, name: str, etag: str = "") -> None:
        """Quiet when the row is not there. Contended when it has another etag."""
        client = await self._client()
        match = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        row = {"PartitionKey": partition, "RowKey": name}
        with translated():
            await client.delete_entity(row, **match)

    async def query(
        self, condition: str, limit: int = 0, select: Sequence[str] = ()
    ) -> list[Found]:
        """In order of partition and row key; all of them when `limit` is 0."""
        client = await self._client()
        found: list[Found] = []
        with translated():
            rows = client.query_entities(
                condition, results_per_page=min(limit or 1000, 1000), select=list(select) or None
            )
            async for row in rows:
                found.append(_found(row))
                if len(found) == limit:
                    break
        return found

    async def commit(self, writes: Sequence[Write]) -> list[str]:
        """One transaction; the new etags in the order of the writes ("" for a deletion).

        Contended when a row was not as a write thought. A lenient deletion of a row that is
        not there is left out.
        """
        try:
            return await self._submit(writes)
        except HttpResponseError as error:
            if not lost(error):
                raise
            present = await self._present(writes) if "NotFound" in code_of(error) else writes
            if len(present) == len(writes):
                raise Contended(reason="a row was changed meanwhile") from error
        etags = dict(zip([w.name for w in present], await self.commit(present), strict=True))
        return [etags.get(write.name, "") for write in writes]

    async def _submit(self, writes: Sequence[Write]) -> list[str]:
        if not writes:
            return []
        client = await self._client()
        with translated():
            return await submit(client, self._tables.endpoint, writes)

    async def _present(self, writes: Sequence[Write]) -> list[Write]:
        doubtful = [write for write in writes if write.lenient]
        found = await gathered(self.get(write.partition, write.name) for write in doubtful)
        gone = {w.name for w, row in zip(doubtful, found, strict=True) if row is None}
        return [write for write in writes if write.name not in gone]


def _found(entity: Any) -> Found:
    return Found(dict(entity), str(entity.metadata["etag"]))


def within(partition: str, prefix: str, after: str = "") -> str:
    """The rows of a partition whose keys begin with `prefix` (and are greater than `after`)."""
    above = f"gt '{prefix}{after}'" if after else f"ge '{prefix}'"
    beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return f"PartitionKey eq '{partition}' and RowKey {above} and RowKey lt '{beyond}'"
