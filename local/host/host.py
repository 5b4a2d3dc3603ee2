"""One app, running: its functions indexed, their listeners started, and drained at the end."""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure_functions_runtime as runtime
import uvicorn
from azure.storage.queue import QueueMessage

from local.host import catalog, worker
from local.host import log as logs
from local.host.admin import Admin
from local.host.catalog import Function
from local.host.errors import StartFailed, Unusable
from local.host.invoker import Invoker
from local.host.keys import Keys
from local.host.lock import CONTAINER, Lock, LockOptions
from local.host.protos import RetryContext, TypedData
from local.host.queues import (
    Bells,
    QueueListener,
    QueueOptions,
    QueueOutputs,
    poison_name,
    trigger_metadata,
)
from local.host.schedule import Schedule
from local.host.settings import HostJson, Settings, is_true
from local.host.storage import DEFAULT_CONNECTION, Storage
from local.host.timers import Fire, Monitor, TimerListener, TimerPlan
from local.host.web import HttpOptions, Web, routes

log = logging.getLogger("host")

DRAIN_SECONDS = 30


@dataclass(frozen=True)
class Options:
    app: Path
    port: int
    state: Path
    address: str = "127.0.0.1"
    with_keys: bool = True


class Server(uvicorn.Server):
    """uvicorn without its signal handling: the host drains first and exits with 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


class Host:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings = Settings(os.environ)
        self._json = HostJson.load(options.app / "host.json", self._settings)
        self._queue_options = QueueOptions.read(self._json)
        self._lock_options = LockOptions.read(self._json)
        self._id = host_id(options.app, self._settings)
        self._bells = Bells()
        self._storage = Storage(self._settings)
        outputs = QueueOutputs(self._storage, self._queue_options, self._bells)
        self._invoker = Invoker(outputs)
        self._listeners: list[QueueListener | TimerListener] = []

    async def run(self) -> bool:
        """Until a signal; False when functions were still running at the end of the drain."""
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        web, functions = await self._start()
        with _bound(self._options) as bound:
            server = Server(_server_config(web))
            serving = asyncio.create_task(server.serve([bound]))
            await server.ready.wait()
            listening = [asyncio.create_task(each.listen()) for each in self._listeners]
            _say_ready(bound.getsockname()[1], functions)
            await stop.wait()
            web.admin.state = "Draining"
            return await self._drain(server, [serving, *listening])

    async def _start(self) -> tuple[Web, list[Function]]:
        indexed = await worker.index(self._options.app)
        logs.apply(self._json)
        http = HttpOptions.read(self._json)
        functions = catalog.load(indexed, self._settings, self._json)
        table = routes(functions, http)
        routed = {route.function for route in table}
        loaded = [each for each in functions if self._listens(each, routed)]
        names = [each.name for each in loaded]
        path = self._options.state / "keys.json"
        keys = Keys.open(path, names) if self._options.with_keys else None
        by_name = {each.name: each for each in loaded}
        admin = Admin(self._id, by_name, table, self._invoker)
        return Web(by_name, table, keys, self._invoker, admin, http), loaded

    def _listens(self, function: Function, routed: set[str]) -> bool:
        """Whether the function is loaded, its listener ready to start."""
        makers = {"queueTrigger": self._queue_listener, "timerTrigger": self._timer_listener}
        try:
            self._check_outputs(function)
            if function.kind == "httpTrigger":
                return function.name in routed
            listener = makers[function.kind](function)
        except Unusable as reason:
            log.error("Function '%s' is not loaded: %s", function.name, reason)  # noqa: TRY400
            return False
        if not function.disabled:
            self._listeners.append(listener)
        return True

    def _check_outputs(self, function: Function) -> None:
        for each in function.outputs.values():
            if each["type"] == "queue":
                self._storage.queues(each.get("connection") or "")

    def _queue_listener(self, function: Function) -> QueueListener:
        name = function.trigger["queueName"]
        service = self._storage.queues(function.trigger.get("connection") or "")
        queue, poison = service.get_queue_client(name), poison_name(name)
        listener = QueueListener(
            queue,
            service.get_queue_client(poison) if poison else None,
            self._queue_options,
            self._handle(function),
        )
        self._bells.add(queue.url, listener.wake)
        return listener

    def _handle(self, function: Function) -> Callable[[QueueMessage], Awaitable[bool]]:
        binary = str(function.trigger.get("dataType") or "").upper() == "BINARY"
        reason = f"New queue message detected on '{function.trigger['queueName']}'."

        async def handle(message: QueueMessage) -> bool:
            try:
                body = self._queue_options.decode(message.content)
                text = body.decode("utf-8", "strict" if not binary else "replace")
            except ValueError:
                log.exception("Message %s is not in the configured encoding", message.id)
                return False
            value = TypedData(bytes=body) if binary else TypedData(string=text)
            about = trigger_metadata(message, text)
            outcome = await self._invoker.invoke(function, value, reason=reason, metadata=about)
            return outcome.succeeded

        return handle

    def _timer_listener(self, function: Function) -> TimerListener:
        trigger, full = function.trigger, f"Host.Functions.{function.name}"
        schedule = Schedule.parse(trigger["schedule"])
        container = self._storage.blobs(DEFAULT_CONNECTION).get_container_client(CONTAINER)
        status = container.get_blob_client(f"timers/{self._id}/{full}/status")
        monitored = _wanted(trigger.get("useMonitor"), default=True)
        return TimerListener(
            function.name,
            TimerPlan(
                schedule, _wanted(trigger.get("runOnStartup"), default=False), function.retry
            ),
            Lock(container, f"locks/{self._id}/{full}.Listener", self._lock_options),
            Monitor(status) if monitored and not schedule.is_rapid(datetime.now(UTC)) else None,
            self._fire(function),
        )

    def _fire(self, function: Function) -> Fire:
        async def fire(text: str, retry: RetryContext) -> bool:
            outcome = await self._invoker.invoke(
                function, TypedData(json=text), reason="Timer fired", retry=retry
            )
            return outcome.succeeded

        return fire

    async def _drain(self, server: Server, tasks: list[asyncio.Task[None]]) -> bool:
        log.info("Draining: %d running", self._invoker.running)
        server.should_exit = True
        for each in self._listeners:
            each.stop()
        _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._invoker.idle(), 0.1 if late else DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._storage.close()
        if self._invoker.running:
            log.warning("Stopped with %d still running", self._invoker.running)
            return False
        runtime.stop_threadpool_executor()
        log.info("Stopped")
        return True


def host_id(app: Path, settings: Settings) -> str:
    """AzureFunctionsWebHost__hostid, or the folder's name and a digest of its path."""
    named = settings.get("AzureFunctionsWebHost:hostid")
    plain = re.sub(r"[^a-z0-9-]+", "-", app.name.lower()).strip("-")[:20]
    digest = hashlib.sha256(str(app).encode()).hexdigest()[:10]
    return (named or f"{plain}-{digest}").lower()[:32]


def _wanted(value: object, *, default: bool) -> bool:
    return default if value is None else is_true(value)


def _server_config(web: Web) -> uvicorn.Config:
    return uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _bound(options: Options) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((options.address, options.port))
    except OSError as error:
        bound.close()
        where = f"{options.address}:{options.port}"
        raise StartFailed(f"The host cannot listen on {where}: {error.strerror}") from error
    return bound


def _say_ready(port: int, functions: list[Function]) -> None:
    names = [each.name for each in functions]
    fields = {"event": "ready", "port": port, "functions": names}
    log.warning(
        "Host ready on http://127.0.0.1:%d with functions: %s",
        port,
        ", ".join(names) or "none",
        extra={"fields": fields},
    )
