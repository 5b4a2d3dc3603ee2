"""The one place of wiring. Nothing does I/O at import or when it is built."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import httpx

from shared.changes.destination import delivery_client
from shared.changes.secrets import SigningSecrets
from shared.collecting import collect_for
from shared.custody.entra import Entra
from shared.custody.grants import Grants
from shared.custody.state import Seal
from shared.custody.tokens import Tokens
from shared.custody.vault import Vault, open_vault
from shared.graph.client import Graph
from shared.observe import hush
from shared.people.rights import Rights
from shared.readiness import Readiness
from shared.settings import Settings, read_settings
from shared.store.queues import open_queues
from shared.store.store import Queues, Store
from shared.store.tables import open_store
from shared.sync.engine import Engine
from shared.sync.subscribing import Hooks
from shared.sync.wake import PULL, Wake
from shared.sync.warming import Warming


@dataclass(frozen=True, slots=True)
class Services:
    """What the use cases need. `http` is for deliveries only; it refuses private addresses."""

    settings: Settings
    store: Store
    queues: Queues
    wake: Wake
    graph: Graph
    tokens: Tokens
    grants: Grants
    vault: Vault
    signing: SigningSecrets
    engine: Engine
    rights: Rights
    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    readiness: Readiness


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(values: Mapping[str, str]) -> Services:
    """Raises SettingsError."""
    hush()
    settings = read_settings(values)
    collect_for(settings)
    warm = Warming(delivery_client(settings.delivery_private_hosts), utc_now)
    return assemble(
        settings,
        open_store(settings),
        open_queues(settings),
        open_vault(settings),
        warm=warm,
    )


def assemble(
    settings: Settings,
    store: Store,
    queues: Queues,
    vault: Vault,
    *,
    clock: Callable[[], datetime] = utc_now,
    entra: Entra | None = None,
    graph_transport: httpx.AsyncBaseTransport | None = None,
    warm: Callable[[str], Awaitable[None]] | None = None,
) -> Services:
    """`entra` and `graph_transport` are given by those who trust other certificates, `warm` by
    those whom Graph calls over a network.
    """
    wake = Wake(store, queues)
    entra = entra or Entra(settings)
    tokens = Tokens(settings, vault, store, entra=entra, clock=clock)
    grants = Grants(settings, vault, tokens, Seal(settings.signing_key, store), entra)
    graph = Graph(settings, tokens, graph_transport)
    engine = Engine(
        store=store,
        graph=graph,
        wake=wake,
        hooks=Hooks(settings.public_url, warm),
        clock=clock,
        forget_grant=grants.forget,
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.poll_seconds,
        granted=tokens.granted,
        exercise_grant=tokens.exercise,
    )
    return Services(
        settings=settings,
        store=store,
        queues=queues,
        wake=wake,
        graph=graph,
        tokens=tokens,
        grants=grants,
        vault=vault,
        signing=SigningSecrets(vault),
        engine=engine,
        rights=Rights(store, graph, clock),
        http=delivery_client(settings.delivery_private_hosts),
        clock=clock,
        readiness=Readiness(
            {
                "tables": lambda: store.tenant("readiness"),
                "queues": lambda: queues.length(PULL),
                "vault": lambda: vault.read("readiness"),
                "entra": tokens.reach,
            }
        ),
    )


_built: WeakKeyDictionary[asyncio.AbstractEventLoop, Services] = WeakKeyDictionary()


def provide(made: Services) -> None:
    """Makes these the services of the running event loop."""
    _built[asyncio.get_running_loop()] = made


def services() -> Services:
    """Those of this process and event loop. Building awaits nothing, so it needs no lock."""
    loop = asyncio.get_running_loop()
    if loop not in _built:
        provide(build(os.environ))
    return _built[loop]
