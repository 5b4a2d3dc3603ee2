"""Queue messages: how they are written, and how a queue trigger listens for them."""

import asyncio
import base64
import contextlib
import json
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.protos import TypedData
from local.host.settings import HostJson
from local.host.storage import Storage

log = logging.getLogger("host")

POISON = "-poison"
LONGEST_NAME = 63
SHORTEST_PAUSE = 0.1


@dataclass(frozen=True)
class QueueOptions:
    """host.json's extensions.queues. Times are in seconds.

    `retry_delay` is host.json's visibilityTimeout; `invisibility` is the fixed processing
    lease, which no setting changes.
    """

    batch_size: int = 16
    threshold: int = 8
    max_dequeue_count: int = 5
    retry_delay: float = 0
    longest_pause: float = 2
    encoding: str = "base64"
    invisibility: float = 600

    @classmethod
    def read(cls, host: HostJson) -> "QueueOptions":
        at = "extensions.queues."
        batch = host.integer(at + "batchSize", 16, 1, 32)
        return cls(
            batch,
            host.integer(at + "newBatchThreshold", batch // 2, 0, 1000),
            host.integer(at + "maxDequeueCount", 5, 1, 100_000),
            host.seconds(at + "visibilityTimeout", 0),
            max(host.seconds(at + "maxPollingInterval", 2), SHORTEST_PAUSE),
            str(host.value(at + "messageEncoding", "base64")).lower(),
        )

    def encode(self, body: bytes) -> str:
        return body.decode() if self.encoding == "none" else base64.b64encode(body).decode()

    def decode(self, text: str) -> bytes:
        """Raises ValueError when the text is not in the configured encoding."""
        return text.encode() if self.encoding == "none" else base64.b64decode(text, validate=True)


class Bells:
    """Who wants to know at once that something was put into a queue, by the queue's URL."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def add(self, url: str, wake: Callable[[], None]) -> None:
        self._listeners[url].append(wake)

    def ring(self, url: str) -> None:
        for wake in self._listeners[url]:
            wake()


async def send(queue: QueueClient, text: str) -> None:
    """Puts text as it stands, into a queue made on demand."""
    try:
        await queue.send_message(text)
    except ResourceNotFoundError:
        with contextlib.suppress(HttpResponseError):
            await queue.create_queue()
        await queue.send_message(text)


class QueueOutputs:
    def __init__(self, storage: Storage, options: QueueOptions, bells: Bells) -> None:
        self._storage, self._options, self._bells = storage, options, bells

    async def write(self, binding: Mapping[str, Any], value: TypedData) -> None:
        service = self._storage.queues(binding.get("connection") or "")
        queue = service.get_queue_client(binding["queueName"])
        for body in bodies(value):
            await send(queue, self._options.encode(body))
        self._bells.ring(queue.url)


def bodies(value: TypedData) -> list[bytes]:
    """One body per message: a JSON list is many messages, whose strings go as they are."""
    if value.kind == "json":
        parsed = json.loads(value.value)
        items = parsed if isinstance(parsed, list) else [parsed]
        texts = [item if isinstance(item, str) else json.dumps(item) for item in items]
        return [text.encode() for text in texts]
    raw = value.value
    return [raw if isinstance(raw, bytes) else str(raw).encode()]


def trigger_metadata(message: QueueMessage, text: str) -> dict[str, TypedData]:
    """The names a queue-triggered function may read. Times are ISO 8601, UTC."""
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "QueueTrigger": TypedData(string=text),
        "DequeueCount": TypedData(json=json.dumps(message.dequeue_count)),
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt or ""),
    } | {
        name: TypedData(json=json.dumps(moment.isoformat()))
        for name, moment in times.items()
        if moment
    }


class QueueListener:
    """Receives from one queue and gives each message to `handle`, which says if it succeeded.

    A receive in flight is never cancelled: its messages would stay invisible for the whole
    processing lease. `stop` lets it end, and what was received still runs.
    """

    def __init__(
        self,
        queue: QueueClient,
        poison: QueueClient | None,
        options: QueueOptions,
        handle: Callable[[QueueMessage], Awaitable[bool]],
    ) -> None:
        self._queue, self._poison = queue, poison
        self._options, self._handle = options, handle
        self._running: set[asyncio.Task[None]] = set()
        self._woken, self._changed = asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._empty_polls = 0

    def wake(self) -> None:
        """Poll now, and stay at the shortest pause: the queue is busy."""
        self._empty_polls = 0
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()
        self._changed.set()

    async def listen(self) -> None:
        while not self._stopping:
            messages = await self._receive()
            for message in messages:
                self._start(message)
            if messages:
                self._empty_polls = 0
                await self._room()
            else:
                await self._pause()
        while self._running:
            await asyncio.wait(self._running)

    async def _receive(self) -> list[QueueMessage]:
        size = self._options.batch_size
        try:
            pages = self._queue.receive_messages(
                messages_per_page=size,
                max_messages=size,
                visibility_timeout=int(self._options.invisibility),
            ).by_page()
            return [message async for message in await anext(pages)]
        except (ResourceNotFoundError, StopAsyncIteration):
            return []
        except AzureError as error:
            self._empty_polls += 10
            log.warning("Queue '%s' cannot be read: %s", self._queue.queue_name, _brief(error))
            return []

    def _start(self, message: QueueMessage) -> None:
        task = asyncio.create_task(self._process(message))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("A message of '%s' was not settled: %s", self._queue.queue_name, error)

    async def _room(self) -> None:
        while len(self._running) > self._options.threshold and not self._stopping:
            self._changed.clear()
            await self._changed.wait()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._next_pause())
        self._woken.clear()

    def _next_pause(self) -> float:
        """Random exponential back-off from the shortest pause to maxPollingInterval."""
        growth = SHORTEST_PAUSE * (2 ** min(self._empty_polls, 16) - 1) * random.uniform(0.8, 1.2)
        self._empty_polls += 1
        return min(SHORTEST_PAUSE + growth, self._options.longest_pause)

    async def _process(self, message: QueueMessage) -> None:
        if message.dequeue_count and message.dequeue_count > self._options.max_dequeue_count:
            await self._settle(self._give_up(message), message)
            return
        if await self._held(message):
            await self._settle(self._delete(message), message)
        else:
            await self._settle(self._failed(message), message)

    async def _held(self, message: QueueMessage) -> bool:
        """Runs the message while its lease is renewed."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(message, done))
        try:
            return await self._handle(message)
        except Exception:
            log.exception("A message of '%s' could not be run", self._queue.queue_name)
            return False
        finally:
            # Not cancelled: a renewal in flight changes the pop receipt we need next.
            done.set()
            await renewing

    async def _renew(self, message: QueueMessage, done: asyncio.Event) -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), self._options.invisibility / 2)
                return
            await self._settle(self._hide(message, self._options.invisibility), message)

    async def _settle(self, step: Awaitable[None], message: QueueMessage) -> None:
        try:
            await step
        except AzureError as error:
            # Somebody else has the message by now, or it is gone: it will be seen again.
            log.warning(
                "Message %s of '%s' was left as it is: %s",
                message.id,
                self._queue.queue_name,
                _brief(error),
            )

    async def _delete(self, message: QueueMessage) -> None:
        await self._queue.delete_message(message.id, message.pop_receipt)

    async def _failed(self, message: QueueMessage) -> None:
        if self._poison is None:
            return
        if (message.dequeue_count or 0) >= self._options.max_dequeue_count:
            await self._give_up(message)
        else:
            await self._hide(message, self._options.retry_delay)
            if not self._options.retry_delay:
                self.wake()

    async def _give_up(self, message: QueueMessage) -> None:
        if self._poison is None:
            return
        log.warning(
            "Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.",
            self._options.max_dequeue_count,
            self._poison.queue_name,
        )
        await send(self._poison, message.content)
        await self._delete(message)

    async def _hide(self, message: QueueMessage, seconds: float) -> None:
        hidden = await self._queue.update_message(
            message.id, pop_receipt=message.pop_receipt, visibility_timeout=int(seconds)
        )
        message.pop_receipt = hidden.pop_receipt


def poison_name(queue: str) -> str | None:
    """None for a queue that gets no poison queue: one already, or its name would be too long."""
    name = queue + POISON
    return None if queue.endswith(POISON) or len(name) > LONGEST_NAME else name


def _brief(error: AzureError) -> str:
    code = getattr(error, "error_code", None)
    return str(code or type(error).__name__)
