"""The queue listener in process, where its fixed ten minutes can be made short."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self, TypeVar

import pytest
from azure.storage.queue import QueueClient as PlainClient
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.listener import QueueListener
from local.host.overhearing import overhearing
from local.host.queues import Bells, QueueOptions, poison_name

T = TypeVar("T")

QUICK = QueueOptions(longest_pause=0.2, invisibility=2)


@pytest.fixture
async def queue(storage, request) -> AsyncIterator[QueueClient]:
    name = re.sub("[^a-z0-9]+", "-", request.node.name)[-50:].strip("-")
    async with QueueClient.from_connection_string(storage, name) as client:
        await client.create_queue()
        yield client


class Listening:
    """A listener that runs for the length of a block, with what it handled."""

    def __init__(
        self,
        queue: QueueClient,
        options: QueueOptions,
        hold: asyncio.Event,
        poison: QueueClient | None = None,
    ) -> None:
        self.seen: list[tuple[str, int | None]] = []
        self.first, self.hold, self.ended = asyncio.Event(), hold, asyncio.Event()
        self.listener = QueueListener(queue, poison, options, self.handle)

    async def handle(self, message: QueueMessage) -> bool:
        self.seen.append((message.content, message.dequeue_count))
        self.first.set()
        await self.hold.wait()
        self.ended.set()
        return True

    async def both(self) -> bool:
        return len(self.seen) == 2

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.listener.listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hold.set()
        self.listener.stop()
        async with asyncio.timeout(20):
            await self.task


async def eventually(found: Callable[[], Awaitable[T]]) -> T:
    async with asyncio.timeout(10):
        while True:
            if value := await found():
                return value
            await asyncio.sleep(0.02)


async def count(queue: QueueClient) -> int:
    return (await queue.get_queue_properties()).approximate_message_count


async def test_lease_is_renewed_while_the_function_runs(queue):
    """Running longer than the invisibility, a message is not seen twice, and is still deleted."""
    async with Listening(queue, QUICK, asyncio.Event()) as listening:
        await queue.send_message("long")
        async with asyncio.timeout(10):
            await listening.first.wait()
            done, _ = await asyncio.wait([listening.task], timeout=2.6)
        assert not done

    assert listening.seen == [("long", 1)]
    assert await count(queue) == 0


async def test_stop_lets_running_messages_finish(queue):
    """Stopping receives no more; what runs is awaited and settled."""
    hold = asyncio.Event()
    one_at_a_time = QueueOptions(batch_size=1, threshold=0, longest_pause=0.2)
    async with Listening(queue, one_at_a_time, hold) as listening:
        await queue.send_message("last")
        await listening.first.wait()
        listening.listener.stop()
        await queue.send_message("too late")
        hold.set()

    assert listening.ended.is_set()
    assert listening.seen == [("last", 1)]
    assert await count(queue) == 1


async def test_message_seen_too_often_is_poisoned_uncalled(queue, storage):
    """Beyond maxDequeueCount the function is not called at all."""
    await queue.send_message("worn")
    for _ in range(2):
        message = await queue.receive_message()
        assert message
        await queue.update_message(message, visibility_timeout=0)
    options = QueueOptions(max_dequeue_count=2, longest_pause=0.2)
    async with (
        QueueClient.from_connection_string(storage, "worn-poison") as poison,
        Listening(queue, options, asyncio.Event(), poison) as listening,
    ):
        await poison.create_queue()
        moved = await eventually(poison.peek_messages)

    assert [each.content for each in moved] == ["worn"]
    assert listening.seen == []


async def test_message_taken_away_is_left_alone(queue, caplog):
    """A delete that comes too late is a warning, and the listener goes on."""
    hold = asyncio.Event()
    async with Listening(queue, QUICK, hold) as listening:
        await queue.send_message("gone")
        await listening.first.wait()
        await queue.clear_messages()
        hold.set()
        await queue.send_message("next")
        await eventually(listening.both)

    assert "was left as it is" in caplog.text
    assert listening.seen[-1] == ("next", 1)


async def test_bell_wakes_an_idle_listener(queue):
    """Rung, it polls at once instead of at the end of a long pause."""
    slow = QueueOptions(longest_pause=600)
    hold, bells = asyncio.Event(), Bells()
    hold.set()
    async with Listening(queue, slow, hold) as listening:
        bells.add(queue.url, listening.listener)
        listening.listener._empty_polls = 20
        await queue.send_message("rung")
        bells.ring(queue.url)
        async with asyncio.timeout(10):
            await listening.first.wait()


async def at_once(queue: QueueClient, _storage: str) -> None:
    await queue.send_message("written")


async def late(queue: QueueClient, _storage: str) -> None:
    await queue.send_message("written", visibility_timeout=1)


async def in_a_thread(queue: QueueClient, storage: str) -> None:
    with PlainClient.from_connection_string(storage, queue.queue_name) as client:
        await asyncio.to_thread(client.send_message, "written")


@pytest.mark.parametrize("write", [at_once, late, in_a_thread])
async def test_what_the_app_writes_itself_is_overheard(queue, storage, write):
    """By a client of its own, of either kind: seen when it is visible, not at the next poll."""
    hold, bells = asyncio.Event(), Bells()
    hold.set()
    async with Listening(queue, QueueOptions(longest_pause=600), hold) as listening:
        bells.add(queue.url, listening.listener)
        listening.listener._empty_polls = 20
        with overhearing(bells.ring):
            await write(queue, storage)
            async with asyncio.timeout(10):
                await listening.first.wait()

    assert listening.seen == [("written", 1)]


async def test_overhearing_ends(queue):
    """Nothing is told any more, and the clients are as they were."""
    heard, before = [], QueueClient.send_message
    with overhearing(lambda url, after: heard.append((url, after))):
        await queue.send_message("told")
        await asyncio.sleep(0)
    await queue.send_message("untold")
    await asyncio.sleep(0)

    assert heard == [(queue.url, 0)]
    assert QueueClient.send_message is before


class Counting(QueueListener):
    polls = 0

    async def _receive(self) -> list[QueueMessage]:
        self.polls += 1
        return await super()._receive()


async def test_what_rang_costs_one_poll(queue):
    """It says nothing of others who write; a message of whom nothing was heard lets it look on."""
    hold = asyncio.Event()
    hold.set()
    listening = Listening(queue, QueueOptions(), hold)
    listener = listening.listener = Counting(queue, None, QueueOptions(), listening.handle)
    listener._empty_polls = 20

    async def handled(count: int) -> None:
        await queue.send_message("rung")
        listener.wake()
        await eventually(lambda: has(listening, count))

    async with listening:
        await eventually(lambda: polled(listener))
        for count in (1, 2, 3):
            await handled(count)
        assert listener.polls == 4


async def has(listening: Listening, count: int) -> bool:
    return len(listening.seen) == count


async def polled(listener: Counting) -> int:
    return listener.polls


async def test_pauses_grow_to_the_longest_and_fall_back(queue):
    """From 100 ms, doubling at random, to maxPollingInterval; a message starts over."""
    listening = Listening(queue, QueueOptions(longest_pause=30), asyncio.Event())
    pauses = [listening.listener._next_pause() for _ in range(12)]
    await queue.send_message("from outside")
    async with listening:
        async with asyncio.timeout(10):
            await listening.first.wait()
        again = listening.listener._next_pause()

    assert pauses[0] == pytest.approx(0.1)
    assert pauses[:6] == sorted(pauses[:6])
    assert pauses[-1] == 30
    assert again < 3


@pytest.mark.parametrize(
    ("queue_name", "expected"),
    [
        ("work", "work-poison"),
        ("work-poison", None),
        ("w" * 56, "w" * 56 + "-poison"),
        ("w" * 57, None),
    ],
)
def test_poison_queue_names(queue_name, expected):
    """None for a poison queue, nor where the name would pass 63 letters."""
    assert poison_name(queue_name) == expected
