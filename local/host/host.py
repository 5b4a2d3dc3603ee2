"""One app, running: its functions indexed, their listeners started, and drained at the end."""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure_functions_runtime as runtime
import uvicorn

from local.host import catalog, worker
from local.host import log as logs
from local.host.admin import Admin
from local.host.catalog import Function
from local.host.errors import StartFailed, Unusable
from local.host.invoker import Invoker
from local.host.keys import Keys
from local.host.lock import LockOptions
from local.host.overhearing import overhearing
from local.host.queues import Bells, QueueOptions, QueueOutputs
from local.host.settings import HostJson, Settings
from local.host.storage import Storage
from local.host.triggers import Listener, Triggers
from local.host.web import HttpOptions, Web, routes

log = logging.getLogger("host")

# Kestrel's: clients that keep connections must not meet them closed earlier than in Azure.
KEEP_ALIVE_SECONDS = 130


@dataclass(frozen=True)
class Options:
    app: Path
    port: int
    state: Path
    address: str = "127.0.0.1"
    with_keys: bool = True
    drain_seconds: float = 30


class Server(uvicorn.Server):
    """uvicorn without its signal handling: the host drains first and exits with 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def stop_accepting(self) -> None:
        """At once; uvicorn alone would take connections until its next tick."""
        for each in self.servers:
            each.close()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


class Host:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings = Settings(os.environ)
        self._json = HostJson.load(options.app / "host.json", self._settings)
        self._id = host_id(options.app, self._settings)
        self._storage = Storage(self._settings)
        queues, self._bells = QueueOptions.read(self._json), Bells()
        self._invoker = Invoker(QueueOutputs(self._storage, queues))
        locks = LockOptions.read(self._json)
        self._triggers = Triggers(
            self._id, self._storage, self._invoker, queues, locks, self._bells
        )
        self._listeners: list[Listener] = []

    async def run(self) -> bool:
        """Until a signal; False when functions were still running at the end of the drain."""
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        web, functions = await self._start()
        with _bound(self._options) as bound, overhearing(self._bells.ring):
            server = Server(_server_config(web, self._options.drain_seconds))
            serving = asyncio.create_task(server.serve([bound]))
            await server.ready.wait()
            listening = [asyncio.create_task(_watched(each)) for each in self._listeners]
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
        loaded = self._load(functions, routed)
        names = [each.name for each in loaded]
        path = self._options.state / "keys.json"
        keys = Keys.open(path, names) if self._options.with_keys else None
        by_name = {each.name: each for each in loaded}
        admin = Admin(self._id, by_name, table, self._invoker)
        return Web(by_name, table, keys, self._invoker, admin, http), loaded

    def _load(self, functions: list[Function], routed: set[str]) -> list[Function]:
        """What can be run, its listeners made; what cannot is named in an error."""
        loaded: list[Function] = []
        for function in functions:
            if function.kind == "httpTrigger" and function.name not in routed:
                continue
            try:
                listener = self._triggers.listener(function)
            except Unusable as reason:
                log.error("Function '%s' is not loaded: %s", function.name, reason)  # noqa: TRY400 - no traceback: it is not ours that failed
                continue
            loaded.append(function)
            if listener and not function.disabled:
                self._listeners.append(listener)
        return loaded

    async def _drain(self, server: Server, tasks: list[asyncio.Task[None]]) -> bool:
        server.stop_accepting()
        log.info("Draining: %d running", self._invoker.running)
        limit = self._options.drain_seconds
        for each in self._listeners:
            each.stop()
        _, late = await asyncio.wait(tasks, timeout=limit)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._invoker.idle(), 0.1 if late else limit)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._storage.close()
        if self._invoker.running:
            log.warning("Stopped with %d still running", self._invoker.running)
            return False
        runtime.stop_threadpool_executor()
        log.info("Stopped")
        logs.farewell()
        return True


async def _watched(listener: Listener) -> None:
    try:
        await listener.listen()
    except Exception:
        log.exception("A listener ended; its function is no longer triggered")


def host_id(app: Path, settings: Settings) -> str:
    """AzureFunctionsWebHost__hostid, or the folder's name and a digest of its path."""
    named = settings.get("AzureFunctionsWebHost:hostid")
    plain = re.sub(r"[^a-z0-9-]+", "-", app.name.lower()).strip("-")[:20]
    digest = hashlib.sha256(str(app).encode()).hexdigest()[:10]
    return (named or f"{plain}-{digest}").lower()[:32]


def _server_config(web: Web, drain_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(drain_seconds)),
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
    logs.ready().info(
        "Host ready on http://127.0.0.1:%d with functions: %s",
        port,
        ", ".join(names) or "none",
        extra={"fields": fields},
    )
