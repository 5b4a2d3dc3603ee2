"""Messages as the host's queue trigger reads them."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueClient

from shared.errors import Unavailable
from shared.store.queues import AzureQueues

from .examples import KEY


async def received(storage: str, queue: str) -> list[str]:
    """What a trigger would get now."""
    async with QueueClient.from_connection_string(
        storage, queue, message_decode_policy=TextBase64DecodePolicy()
    ) as client:
        return [message.content async for message in client.receive_messages(max_messages=32)]


async def test_a_key_arrives_as_base64(storage: str):
    async with AzureQueues(storage) as queues:
        await queues.send("sync-calendar", str(KEY))

    async with QueueClient.from_connection_string(storage, "sync-calendar") as client:
        [raw] = [message.content for message in await client.peek_messages()]
    assert raw == "YWNtZX5yb29tLTE="
    assert await received(storage, "sync-calendar") == [str(KEY)]


async def test_a_message_for_later_is_there_but_not_seen_yet(storage: str):
    async with AzureQueues(storage) as queues:
        await queues.send("write-appointment", "acme~later", after=0.2)
        await queues.send("write-appointment", "acme~much-later", after=600)
        await queues.send("write-appointment", "acme~now", after=-3)

    assert await received(storage, "write-appointment") == ["acme~now"]
    async with QueueClient.from_connection_string(storage, "write-appointment") as client:
        assert (await client.get_queue_properties()).approximate_message_count == 3


async def test_a_queue_tells_since_when_its_next_message_waits(storage: str):
    """One for later waits from then on, and is not next before."""
    async with AzureQueues(storage) as queues:
        assert await queues.waiting_since("end-tenant") is None
        await queues.send("end-tenant", "acme~much-later", after=600)
        assert await queues.waiting_since("end-tenant") is None
        await queues.send("end-tenant", "acme~now")
        since = await queues.waiting_since("end-tenant")

    assert since is not None
    assert abs((datetime.now(UTC) - since).total_seconds()) < 5


async def test_what_waits_for_later_is_as_old_as_it_may_be_seen(storage: str):
    """Not as it was put. Storage's times are whole seconds."""
    began = datetime.now(UTC)
    async with AzureQueues(storage) as queues:
        await queues.send("end-tenant", "acme~later", after=1)
        while not (since := await queues.waiting_since("end-tenant")):
            assert datetime.now(UTC) - began < timedelta(seconds=20)

    assert since > began


async def test_a_queue_that_is_there_is_used(storage: str):
    async with AzureQueues(storage) as one, AzureQueues(storage) as other:
        await one.send("deliver-changes", "a~1")
        await other.send("deliver-changes", "a~2")

    assert sorted(await received(storage, "deliver-changes")) == ["a~1", "a~2"]


async def test_a_storage_that_is_not_there_is_unavailable(storage: str):
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    parts = dict(part.split("=", 1) for part in storage.rstrip(";").split(";"))
    parts["QueueEndpoint"] = f"http://127.0.0.1:{port}/{parts['AccountName']}"
    gone = ";".join(f"{name}={value}" for name, value in parts.items())

    async with AzureQueues(gone) as queues:
        with pytest.raises(Unavailable):
            await queues.send("sync-calendar", str(KEY))


async def test_what_was_given_up_of_a_tenant_is_dropped(storage: str):
    """However many messages of others lie before it; and what is no key stays for people."""
    async with AzureQueues(storage) as queues:
        for number in range(40):
            await queues.send("sync-calendar-poison", f"acme2~room-{number}")
        await queues.send("sync-calendar-poison", "acme~room-1")
        await queues.send("sync-calendar-poison", "acme~room-2")
        async with QueueClient.from_connection_string(storage, "sync-calendar-poison") as client:
            await client.send_message("acme~no base64")

        assert await queues.drop_given_up("sync-calendar-poison", "acme") == 2
        assert await queues.drop_given_up("sync-calendar-poison", "acme") == 0
        assert await queues.length("sync-calendar-poison") == 41
        assert await queues.drop_given_up("deliver-changes-poison", "acme") == 0
