"""The queues on Azure Queue Storage, as the host's trigger reads them."""

import base64
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Self

from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from shared.settings import Settings
from shared.store.account import TIMEOUTS, OnDemand, Place
from shared.store.border import translated

# A key is as good as its mark in the store; the sweep finds what a lost message left.
LIFETIME = 7 * 24 * 3600
PAGE = 32
# In seconds: each message is received once, if all of them take no longer.
UNSEEN = 10
# Left alone, azure waits 15 s and more before it sends again: here it is a second at most.
PATIENCE: dict[str, Any] = TIMEOUTS | {
    "retry_total": 2,
    "retry_status": 0,
    "initial_backoff": 0,
    "increment_base": 0,
    "random_jitter_range": 1,
}


class AzureQueues:
    def __init__(self, place: Place | str) -> None:
        place = Place.parse(place) if isinstance(place, str) else place
        self._service = _service(place)
        self._credential = place.credential
        self._clients: dict[str, QueueClient] = {}
        self._created = OnDemand()

    async def send(self, queue: str, message: str, after: float = 0) -> None:
        """`after` is in seconds, up to seven days."""
        client = self._client(queue)
        await self._created.ensure(queue, client.create_queue)
        with translated():
            await client.send_message(
                message,
                visibility_timeout=(wait := ceil(max(after, 0))),
                time_to_live=LIFETIME + wait,
            )

    async def length(self, queue: str) -> int:
        client = self._client(queue)
        await self._created.ensure(queue, client.create_queue)
        with translated():
            return (await client.get_queue_properties()).approximate_message_count or 0

    async def waiting_since(self, queue: str) -> datetime | None:
        """A lifetime before its end: storage tells when it was put, and that may be long before
        it was to be seen.
        """
        client = self._client(queue)
        await self._created.ensure(queue, client.create_queue)
        with translated():
            first = next(iter(await client.peek_messages()), None)
        if first is None or first.expires_on is None:
            return None
        return first.expires_on - timedelta(seconds=LIFETIME)

    async def drop_given_up(self, queue: str, tenant: str) -> int:
        """Messages of others are unseen for a moment; only people read such a queue."""
        most, dropped, client = await self.length(queue) + PAGE, 0, self._client(queue)
        with translated():
            async for message in client.receive_messages(
                messages_per_page=PAGE, max_messages=most, visibility_timeout=UNSEEN
            ):
                if _is_of(str(message.content), tenant):
                    await client.delete_message(message)
                    dropped += 1
        return dropped

    def _client(self, queue: str) -> QueueClient:
        if queue not in self._clients:
            self._clients[queue] = self._service.get_queue_client(
                queue, message_encode_policy=TextBase64EncodePolicy()
            )
        return self._clients[queue]

    async def close(self) -> None:
        await self._service.close()
        if self._credential:
            await self._credential.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _is_of(content: str, tenant: str) -> bool:
    """Keys begin with the tenant's id; what is no key is nobody's."""
    try:
        return base64.b64decode(content).startswith(f"{tenant}~".encode())
    except ValueError:
        return False


def _service(place: Place) -> QueueServiceClient:
    if place.connection:
        return QueueServiceClient.from_connection_string(place.connection, **PATIENCE)
    return QueueServiceClient(place.queue_uri, credential=place.credential, **PATIENCE)


def open_queues(settings: Settings) -> AzureQueues:
    return AzureQueues(Place.of(settings))
