"""The twin: its parts in one object, and the ASGI application that serves them."""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from local.twin.caller import Caller
from local.twin.clock import Clock
from local.twin.control import control_routes
from local.twin.directory import Directory
from local.twin.entra import Entra, entra_routes
from local.twin.exchange import Exchange
from local.twin.faults import Faults, Switches
from local.twin.gate import Authenticated, Recorder, RequestLog, Spoiled
from local.twin.graph import graph_routes
from local.twin.notify import Notifier
from local.twin.seed import SEEDS
from local.twin.subscriptions import subscription_routes
from local.twin.world import World

SAVE_AFTER_SECONDS = 0.5
SAVE_SHARE = 20  # at most a twentieth of the time goes into writing
REQUESTS_KEPT = 10_000


class Twin:
    """`transport` carries notifications; None means real sockets that trust `authority`.

    `state` is the snapshot file: read when it exists, written half a second after a change.
    `seed` names the world to start from when there is no snapshot.
    """

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        authority: Path | None = None,
        state: Path | None = None,
        seed: str = "none",
    ) -> None:
        self.clock = Clock()
        self.switches = Switches()
        self.faults = Faults()
        self.requests: RequestLog = deque(maxlen=REQUESTS_KEPT)
        self.directory = Directory(lambda: self.world)
        self.notifier = Notifier(self, transport=transport, authority=authority)
        self.entra = Entra(self)
        self.graph_asgi: ASGIApp | None = None
        self._state = state
        self._save_took = 0.0
        self._saving: asyncio.Task[None] | None = None
        self._hold(World())
        if state is not None and state.exists():
            self.load(json.loads(state.read_text()))
        else:
            SEEDS[seed](self)

    def _hold(self, world: World) -> None:
        self.world = world
        self.exchange = Exchange(self)
        world.touched.append(self.touch)

    def reset(self, seed: str = "none") -> None:
        """Back to the first day: nobody, no faults, real time; then the named seed."""
        self.clock.load({})
        self.switches.patch(Switches().to_json())
        self.faults.clear()
        self.requests.clear()
        self.notifier.reset()
        self.entra.reset()
        self._hold(World())
        SEEDS[seed](self)
        self.touch()

    async def ask(
        self, caller: Caller, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        """A request to Graph from inside, as that caller; `path` starts behind /v1.0."""
        if self.graph_asgi is None:
            raise RuntimeError("create_app was not called for this twin")
        inner = _as_caller(self.graph_asgi, caller)
        transport = httpx.ASGITransport(inner)
        async with httpx.AsyncClient(transport=transport) as client:
            url = f"https://graph.microsoft.com/v1.0{path}"
            return await client.request(method, url, headers=headers, content=body)

    def to_json(self) -> dict[str, Any]:
        return {
            "clock": self.clock.to_json(),
            "switches": self.switches.to_json(),
            "world": self.world.to_json(),
            "entra": self.entra.to_json(),
            "subscriptions": self.notifier.subscriptions.to_json(),
        }

    def load(self, data: dict[str, Any]) -> None:
        self.clock.load(data["clock"])
        known = self.switches.to_json()
        self.switches.patch({k: v for k, v in data["switches"].items() if k in known})
        self._hold(World.from_json(data["world"]))
        self.entra.load(data["entra"])
        self.notifier.subscriptions.load(data["subscriptions"])

    def touch(self) -> None:
        """Something changed: the snapshot follows, if one is kept."""
        if self._state is None or (self._saving and not self._saving.done()):
            return
        with contextlib.suppress(RuntimeError):
            self._saving = asyncio.get_running_loop().create_task(self._save_soon())

    async def _save_soon(self) -> None:
        """A large world takes long to write: then it is written less often."""
        await asyncio.sleep(max(SAVE_AFTER_SECONDS, SAVE_SHARE * self._save_took))
        began = time.monotonic()
        self.save()
        self._save_took = time.monotonic() - began

    def save(self) -> None:
        if self._state is not None:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            draft = self._state.with_suffix(".new")
            draft.touch(mode=0o600)  # it holds the signing key and refresh tokens
            draft.write_text(json.dumps(self.to_json()))
            draft.replace(self._state)

    async def close(self) -> None:
        if self._saving is not None:
            self._saving.cancel()
        await self.notifier.close()
        self.save()


def _as_caller(app: ASGIApp, caller: Caller) -> ASGIApp:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"caller": caller}}, receive, send)

    return inner


def create_app(twin: Twin) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await twin.close()

    graph = Router([*subscription_routes(twin), *graph_routes(twin)])
    answers = Starlette(routes=[Mount("/v1.0", graph)])
    twin.graph_asgi = Recorder(Authenticated(Spoiled(answers, twin), twin), twin)
    sign_in = Recorder(Spoiled(Router(entra_routes(twin)), twin), twin)
    routes = [
        Mount("/_twin", routes=control_routes(twin)),
        Mount("/v1.0", _unmounted(twin.graph_asgi)),
        Mount("/", sign_in),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.twin = twin
    return app


def _unmounted(app: ASGIApp) -> ASGIApp:
    """Lets the inner application see the whole path, as it does when a batch part asks it."""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": ""}, receive, send)

    return inner
