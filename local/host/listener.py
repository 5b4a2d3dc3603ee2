"""A queue trigger's listener."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError

from local.host.queues import SHORTEST_PAUSE, SURELY_VISIBLE, QueueOptions, send

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient

log = logging.getLogger("host")


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

    def wake(self, after: float = 0) -> None:
        """Poll now, or when what was put there can be seen, in so many seconds."""
        if after:
            loop = asyncio.get_running_loop()
            loop.call_later(after + SURELY_VISIBLE, self._woken.set)
        else:
            self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()
        self._changed.set()

    async def listen(self) -> None:
        told = False
        while not self._stopping:
            messages = await self._receive()
            for message in messages:
                self._start(message)
            if messages:
                await self._room()
            if not messages or (told and len(messages) < self._options.batch_size):
                told = await self._pause()
            else:
                # Somebody writes of whom nothing is heard, or there was more than one batch.
                self._empty_polls, told = 0, False
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

    async def _pause(self) -> bool:
        """Whether it was woken."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._next_pause())
        told = self._woken.is_set()
        self._woken.clear()
        return told

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
            self.wake(self._options.retry_delay)

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


def _brief(error: AzureError) -> str:
    code = getattr(error, "error_code", None)
    return str(code or type(error).__name__)
