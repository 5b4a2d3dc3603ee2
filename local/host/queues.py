"""Queue messages: their encoding and options, what a function is told of them, writing them."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from local.host.protos import TypedData
from local.host.settings import HostJson
from local.host.storage import Storage

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient

log = logging.getLogger("host")

POISON = "-poison"
LONGEST_NAME = 63
SHORTEST_PAUSE = 0.1
SURELY_VISIBLE = 0.05


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
    def read(cls, host: HostJson) -> QueueOptions:
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


class Listening(Protocol):
    def wake(self, after: float = 0) -> None: ...


class Bells:
    """Who wants to know that something was put into a queue, by the queue's URL."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, list[Listening]] = defaultdict(list)

    def add(self, url: str, listener: Listening) -> None:
        self._listeners[url].append(listener)

    def ring(self, url: str, after: float = 0) -> None:
        """`after` is how long the message stays invisible, in seconds."""
        for listener in self._listeners[url]:
            listener.wake(after)


async def send(queue: QueueClient, text: str) -> None:
    """Puts text as it stands, into a queue made on demand."""
    try:
        await queue.send_message(text)
    except ResourceNotFoundError:
        with contextlib.suppress(HttpResponseError):
            await queue.create_queue()
        await queue.send_message(text)


class QueueOutputs:
    def __init__(self, storage: Storage, options: QueueOptions) -> None:
        self._storage, self._options = storage, options

    async def write(self, binding: Mapping[str, Any], value: TypedData) -> None:
        service = self._storage.queues(binding.get("connection") or "")
        queue = service.get_queue_client(binding["queueName"])
        for body in bodies(value):
            await send(queue, self._options.encode(body))


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


def poison_name(queue: str) -> str | None:
    """None for a queue that gets no poison queue: one already, or its name would be too long."""
    name = queue + POISON
    return None if queue.endswith(POISON) or len(name) > LONGEST_NAME else name
