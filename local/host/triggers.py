"""A listener for each function that is not called by HTTP."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.host.catalog import Function
from local.host.invoker import Invoker
from local.host.listener import QueueListener
from local.host.lock import CONTAINER, Lock, LockOptions
from local.host.protos import RetryContext, TypedData
from local.host.queues import Bells, QueueOptions, poison_name, trigger_metadata
from local.host.schedule import Schedule
from local.host.settings import is_true
from local.host.storage import DEFAULT_CONNECTION, Storage
from local.host.timers import Fire, Monitor, TimerListener, TimerPlan

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage

log = logging.getLogger("host")

Listener = QueueListener | TimerListener


@dataclass(frozen=True)
class Triggers:
    host_id: str
    storage: Storage
    invoker: Invoker
    queues: QueueOptions
    locks: LockOptions
    bells: Bells

    def listener(self, function: Function) -> Listener | None:
        """None for an HTTP function. Raises Unusable when the function cannot be loaded."""
        self._check_outputs(function)
        match function.kind:
            case "queueTrigger":
                return self._queue_listener(function)
            case "timerTrigger":
                return self._timer_listener(function)
            case _:
                return None

    def _check_outputs(self, function: Function) -> None:
        for each in function.outputs.values():
            if each["type"] == "queue":
                self.storage.queues(each.get("connection") or "")

    def _queue_listener(self, function: Function) -> QueueListener:
        name = function.trigger["queueName"]
        service = self.storage.queues(function.trigger.get("connection") or "")
        queue, poison = service.get_queue_client(name), poison_name(name)
        listener = QueueListener(
            queue,
            service.get_queue_client(poison) if poison else None,
            self.queues,
            self._handle(function),
        )
        self.bells.add(queue.url, listener)
        return listener

    def _handle(self, function: Function) -> Callable[[QueueMessage], Awaitable[bool]]:
        binary = str(function.trigger.get("dataType") or "").upper() == "BINARY"
        reason = f"New queue message detected on '{function.trigger['queueName']}'."

        async def handle(message: QueueMessage) -> bool:
            try:
                body = self.queues.decode(message.content)
                text = body.decode("utf-8", "strict" if not binary else "replace")
            except ValueError:
                log.exception("Message %s is not in the configured encoding", message.id)
                return False
            value = TypedData(bytes=body) if binary else TypedData(string=text)
            about = trigger_metadata(message, text)
            outcome = await self.invoker.invoke(function, value, reason=reason, metadata=about)
            return outcome.succeeded

        return handle

    def _timer_listener(self, function: Function) -> TimerListener:
        trigger, full = function.trigger, f"Host.Functions.{function.name}"
        schedule = Schedule.parse(trigger["schedule"])
        container = self.storage.blobs(DEFAULT_CONNECTION).get_container_client(CONTAINER)
        status = container.get_blob_client(f"timers/{self.host_id}/{full}/status")
        monitored = _wanted(trigger.get("useMonitor"), default=True)
        return TimerListener(
            function.name,
            TimerPlan(
                schedule, _wanted(trigger.get("runOnStartup"), default=False), function.retry
            ),
            Lock(container, f"locks/{self.host_id}/{full}.Listener", self.locks),
            Monitor(status) if monitored and not schedule.is_rapid(datetime.now(UTC)) else None,
            self._fire(function),
        )

    def _fire(self, function: Function) -> Fire:
        async def fire(text: str, retry: RetryContext) -> bool:
            outcome = await self.invoker.invoke(
                function, TypedData(json=text), reason="Timer fired", retry=retry
            )
            return outcome.succeeded

        return fire


def _wanted(value: object, *, default: bool) -> bool:
    return default if value is None else is_true(value)
