"""What only the store on Table Storage can get wrong: failures of the network and of others."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient

from shared.errors import Contended, Unavailable
from shared.settings import Secret, Settings
from shared.store.account import Place
from shared.store.keys import hashed
from shared.store.queues import open_queues
from shared.store.records import Settlement
from shared.store.tables import TableStore, open_store

from . import examples
from .examples import KEY, NOW, OTHER

SECONDS = 60.0
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Proxy:
    """Hands everything on to storage. Once `losing`, the answer to the next transaction is lost
    on its way back.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.losing = False
        self.lost = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await asyncio.gather(
                self._requests(reader, up_writer), self._answers(up_reader, writer)
            )
        finally:
            up_writer.close()
            writer.close()

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.losing and b"/$batch" in data:
                    self.losing, self.lost = False, 1
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.lost:
                self.lost = 0
                writer.transport.abort()
                return
            writer.write(data)
            await writer.drain()


async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that answers 503 and nothing else."""
    await reader.read(65_536)
    writer.write(
        b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
        b"Connection: close\r\n\r\n"
    )
    writer.close()


@contextlib.asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    tasks: list[asyncio.Task[None]] = []

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def at(connection: str, port: int) -> str:
    """The connection string, with the table endpoint moved to another port."""
    parts = dict(part.split("=", 1) for part in connection.rstrip(";").split(";"))
    account = parts["AccountName"]
    parts["TableEndpoint"] = f"http://127.0.0.1:{port}/{account}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def table_port(connection: str) -> int:
    return int(connection.split("TableEndpoint=http://127.0.0.1:")[1].split("/", maxsplit=1)[0])


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return bound.getsockname()[1]


class TestFailures:
    async def test_storage_that_is_not_there_is_unavailable(self, storage: str):
        async with TableStore(at(storage, closed_port())) as store:
            with pytest.raises(Unavailable) as caught:
                await store.tenant("acme")

        assert caught.value.after > 0

    async def test_storage_that_is_busy_is_unavailable(self, storage: str):
        """For reads, writes and transactions alike, and for as long as it asks for."""
        async with TableStore(storage) as ready:
            lease = await ready.acquire(KEY, "w1", NOW, SECONDS)
        assert lease is not None
        async with serving(busy) as port, TableStore(at(storage, port)) as store:
            with pytest.raises(Unavailable) as caught:
                await store.link(KEY, "a1")
            with pytest.raises(Unavailable):
                await store.put_tenant(examples.tenant())
            with pytest.raises(Unavailable):
                await store.settle(lease, [Settlement(link=examples.link())], NOW, SECONDS)

        assert caught.value.after == 1

    async def test_a_failure_among_many_reads_is_the_failure_of_all(self, storage: str):
        async with serving(busy) as port, TableStore(at(storage, port)) as store:
            with pytest.raises(Unavailable):
                await store.links_of(KEY, [f"ev{n}" for n in range(40)])

    async def test_a_table_deleted_meanwhile_is_no_answer(self, storage: str):
        """It must not read as if nothing had ever been stored."""
        async with TableStore(storage) as store:
            await store.put_tenant(examples.tenant())
            async with TableClient.from_connection_string(storage, "tenants") as table:
                await table.delete_table()

            with pytest.raises(ResourceNotFoundError):
                await store.tenant("acme")

    async def test_a_settlement_whose_answer_was_lost_stands(self, storage: str):
        """Its worker cannot know; it can still give the lease back, and the next one sees all."""
        proxy = Proxy(table_port(storage))
        async with serving(proxy) as port, TableStore(at(storage, port)) as store:
            lease = await store.acquire(KEY, "w1", NOW, SECONDS)
            assert lease is not None
            first = Settlement(link=examples.link(), changes=(examples.change("first"),))
            proxy.losing = True

            with pytest.raises(Unavailable):
                await store.settle(lease, [first], NOW, SECONDS)
            await store.release(lease)

            again = await store.acquire(KEY, "w2", NOW, SECONDS)
            assert again is not None
            await store.settle(again, [Settlement(changes=(examples.change("then"),))], NOW, 60)
            assert [change.id for change in await store.outbox(KEY)] == ["first", "then"]
            assert await store.link(KEY, "a1") is not None

    async def test_a_log_entry_whose_answer_was_lost_is_not_logged_again(self, storage: str):
        proxy = Proxy(table_port(storage))
        async with serving(proxy) as port, TableStore(at(storage, port)) as store:
            await store.log("acme", [examples.change("x")])
            proxy.losing = True

            with pytest.raises(Unavailable):
                await store.log("acme", [examples.change("y")])

            assert await store.log("acme", [examples.change("y"), examples.change("z")]) == 3
            log = await store.changes("acme")
            assert [change.id for change in log] == ["x", "y", "z"]


class TestKeeping:
    async def test_two_processes_see_the_same(self, storage: str):
        """Both create the tables; neither minds that they are there."""
        async with TableStore(storage) as one, TableStore(storage) as other:
            await asyncio.gather(one.mark(KEY, NOW), other.mark(OTHER, NOW))
            lease = await one.acquire(KEY, "w1", NOW, SECONDS)

            assert lease is not None
            assert await other.acquire(KEY, "w2", NOW, SECONDS) is None
            assert await other.marked(KEY) == await one.marked(KEY)

    async def test_a_stale_index_row_finds_nothing(self, storage: str):
        """A row that names a link of another event is as good as none."""
        async with TableStore(storage) as store:
            await store.accept(KEY, examples.link(), examples.pending(), [])
            link = await store.link(KEY, "a1")
            assert link is not None
            lease = await store.acquire(KEY, "w1", NOW, SECONDS)
            assert lease is not None
            moved = Settlement(link=replace(link, event_id="ev2"))

            await store.settle(lease, [moved], NOW, SECONDS)

            assert list(await store.links_of(KEY, ["ev1", "ev2"])) == ["ev2"]

    async def test_a_crash_between_directory_and_record_is_made_good(self, storage: str):
        """A name that leads to no calendar finds nothing, until the calendar is put again."""
        async with TableStore(storage) as store:
            calendar = await store.put_calendar(examples.calendar())
            async with TableClient.from_connection_string(storage, "calendars") as table:
                await table.delete_entity(str(KEY), "C")
            assert await store.calendar_at("acme", calendar.address) is None
            assert await store.calendars("acme") == []

            await store.put_calendar(examples.calendar())

            assert await store.calendar_at("acme", calendar.address) == KEY

    async def test_no_index_row_is_left_behind(self, storage: str):
        """By an event that moved to another link, nor by a link that was forgotten."""
        async with TableStore(storage) as store:
            await store.accept(KEY, examples.link(), examples.pending(), [])
            for event_id, event_was in (("ev2", "ev1"), ("", "")):
                link = await store.link(KEY, "a1")
                lease = await store.acquire(KEY, "w1", NOW, SECONDS)
                assert link is not None
                assert lease is not None
                moved = Settlement(link=replace(link, event_id=event_id), event_was=event_was)
                gone = Settlement(forget=link)
                await store.settle(lease, [moved if event_id else gone], NOW, SECONDS)
            async with TableClient.from_connection_string(storage, "calendars") as table:
                keys = [row["RowKey"] async for row in table.list_entities()]

        assert [key for key in keys if key.startswith(("A|", "E|"))] == []

    async def test_no_address_is_part_of_a_row_key(self, storage: str):
        """Keys are part of URLs, and those end up in logs."""
        async with TableStore(storage) as store:
            await store.put_calendar(examples.calendar())
            async with TableClient.from_connection_string(storage, "tenants") as table:
                keys = [row["RowKey"] async for row in table.list_entities()]

        assert any(key.startswith("mailbox|") for key in keys)
        assert [key for key in keys if "@" in key or "example" in key] == []

    async def test_nonces_long_over_are_swept(self, storage: str):
        """By one that is burnt later in the same partition; one just over is kept."""
        first, second, third = in_one_partition(3)
        async with TableStore(storage) as store:
            await store.burn(first, NOW)
            await store.burn(second, NOW + timedelta(days=2))
            await store.burn(third, NOW + timedelta(days=2))

            assert await store.burn(first, NOW)
            assert not await store.burn(second, NOW)


def in_one_partition(number: int) -> list[str]:
    names = (f"n{n}" for n in count())
    return list(islice((name for name in names if hashed(name).startswith("00")), number))


class TestOpening:
    async def test_a_connection_string_opens_both(self, storage: str):
        settings = settings_with(storage_connection=Secret(storage))
        store, queues = open_store(settings), open_queues(settings)
        async with store, queues:
            await queues.send("sync-calendar", str(KEY))

            assert await store.tenants() == []

    async def test_endpoints_are_opened_with_the_managed_identity(self):
        settings = settings_with(
            table_uri="https://acme.table.core.windows.net",
            queue_uri="https://acme.queue.core.windows.net",
            storage_identity="11111111-2222-3333-4444-555555555555",
        )
        place = Place.of(settings)
        async with open_store(settings), open_queues(settings):
            pass

        assert (place.table_uri, place.queue_uri) == (settings.table_uri, settings.queue_uri)
        assert place.credential is not None
        await place.credential.close()

    def test_the_short_form_means_the_emulator_on_its_own_ports(self):
        place = Place.parse("UseDevelopmentStorage=true;")

        assert "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1" in place.connection
        assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in place.connection

    def test_a_place_does_not_show_its_key(self):
        assert "secret" not in repr(Place.parse("AccountName=a;AccountKey=secret"))


def settings_with(**values: object) -> Settings:
    needed: dict[str, object] = {
        "public_url": "https://sync.example",
        "api_keys": (Secret("key"),),
        "signing_key": Secret("s" * 32),
        "vault_url": "https://vault.example",
        "client_id": "client",
        "client_secret": Secret("secret"),
    }
    return Settings(**(needed | values))


class TestContention:
    async def test_many_workers_share_a_calendar_without_losing_anything(self, storage: str):
        """Each takes the lease when it is free, settles one change and gives it back. All that
        settled is in the outbox, once, and nothing else is.
        """
        async with TableStore(storage) as store:
            done: list[str] = []
            await asyncio.gather(*(work(store, f"w{n}", done) for n in range(4)))

            outbox = [change.id for change in await store.outbox(KEY)]
            assert sorted(outbox) == sorted(done)
            assert len(outbox) == 4 * 3


async def work(store: TableStore, holder: str, done: list[str]) -> None:
    waiting = [f"{holder}-{n}" for n in range(3)]
    while waiting:
        lease = await store.acquire(KEY, holder, NOW, SECONDS)
        if lease is None:
            continue
        with contextlib.suppress(Contended):
            change = examples.change(waiting[0])
            lease = await store.settle(lease, [Settlement(changes=(change,))], NOW, SECONDS)
            done.append(waiting.pop(0))
        await store.release(lease)
