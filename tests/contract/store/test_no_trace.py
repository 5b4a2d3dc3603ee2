"""All tables of a real account, row by row, after a tenant was erased."""

from datetime import timedelta

from azure.data.tables.aio import TableServiceClient

from shared.store.records import DueKind
from shared.store.tables import TableStore

from . import examples
from .examples import KEY, NOW
from .test_erasing import furnish


async def rows_naming(storage: str, words: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    async with TableServiceClient.from_connection_string(storage) as service:
        async for table in service.list_tables():
            rows = service.get_table_client(table.name).list_entities()
            found += [
                f"{table.name}: {row['RowKey']}"
                async for row in rows
                if any(word in repr(dict(row)) for word in words)
            ]
    return found


async def test_no_row_names_the_tenant_or_its_people(storage: str):
    """Neither its id, its Entra tenant, nor addresses; its receipt stays."""
    words = ("acme", "ann@", "room-1", "oid-", "@example.com")
    async with TableStore(storage) as store:
        await furnish(store, KEY)
        await store.put_receipt(examples.receipt())
        assert len(await rows_naming(storage, words)) > 12

        acme = await store.tenant("acme")
        assert acme is not None
        await store.drop_tenant(acme)
        for due in await store.due(DueKind.END, NOW + timedelta(days=1)):
            await store.forget(due)

        assert await rows_naming(storage, words) == []
        assert await store.receipt("r1") is not None
