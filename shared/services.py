"""The one place of wiring. Nothing does I/O at import or when it is built."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import httpx

from shared.settings import Settings, read_settings
from shared.store.records import CalendarKey, Connection
from shared.store.store import Queues, Store
from shared.sync.wake import Wake


class Vault(Protocol):
    async def read(self, name: str) -> str | None: ...
    async def write(self, name: str, value: str) -> None: ...
    async def destroy(self, name: str) -> None: ...


class Engine(Protocol):
    async def pull(self, key: CalendarKey) -> None: ...
    async def push(self, key: CalendarKey) -> None: ...
    async def provision(self, key: CalendarKey) -> None: ...
    async def subscription_removed(self, key: CalendarKey) -> None: ...
    async def renew_subscriptions(self, now: datetime) -> None: ...
    async def catch_up(self, now: datetime) -> None: ...
    async def sweep(self, now: datetime) -> None: ...
    async def disconnect(self, connection: Connection) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the use cases need. `http` is for deliveries only; its transport refuses private
    addresses.
    """

    settings: Settings
    store: Store
    queues: Queues
    wake: Wake
    graph: Any
    tokens: Any
    vault: Vault
    engine: Engine
    http: httpx.AsyncClient
    clock: Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(values: Mapping[str, str]) -> Services:
    """Imported here and not above, so that a function that needs none of it starts fast."""
    from shared.changes.destination import delivery_client  # noqa: PLC0415
    from shared.custody.tokens import Tokens  # noqa: PLC0415
    from shared.custody.vault import open_vault  # noqa: PLC0415
    from shared.graph.client import Graph  # noqa: PLC0415
    from shared.store.queues import open_queues  # noqa: PLC0415
    from shared.store.tables import open_store  # noqa: PLC0415
    from shared.sync.engine import Engine as SyncEngine  # noqa: PLC0415

    settings = read_settings(values)
    store, queues, vault = open_store(settings), open_queues(settings), open_vault(settings)
    wake = Wake(store, queues)
    tokens = Tokens(settings, vault, store)
    graph = Graph(settings, tokens)
    return Services(
        settings=settings,
        store=store,
        queues=queues,
        wake=wake,
        graph=graph,
        tokens=tokens,
        vault=vault,
        engine=SyncEngine(settings, store, wake, graph, utc_now),
        http=delivery_client(settings.delivery_private_hosts),
        clock=utc_now,
    )


_built: WeakKeyDictionary[asyncio.AbstractEventLoop, Services] = WeakKeyDictionary()


def services() -> Services:
    """Those of this process and event loop. Building awaits nothing, so it needs no lock."""
    loop = asyncio.get_running_loop()
    if loop not in _built:
        _built[loop] = build(os.environ)
    return _built[loop]
