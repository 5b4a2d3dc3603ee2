"""The real engine, a store in memory and the twin in one process, with a fuse that can blow.

Time is the stage's: the engine's clock is an argument, the twin's is moved along with it.
"""

import asyncio
import os
import random
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.twin.app import Twin, create_app
from local.twin.caller import Caller
from shared.custody.access import AccessToken
from shared.graph.client import Graph
from shared.settings import Secret, Settings
from shared.store.memory import MemoryStore
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    Link,
    State,
    Tenant,
)
from shared.sync.engine import Engine
from shared.sync.report import appointment_json
from shared.sync.subscribing import Hooks
from shared.sync.timers import catch_up, sweep
from shared.sync.wake import Wake

# A sweep takes minutes where it crashes everywhere: `make machine` does.
CRASH_EVERY = int(os.environ.get("CRASH_EVERY", "8"))


def crash_points(effects: int) -> range:
    """Where to crash: at each CRASH_EVERYth effect, from a random one on."""
    return range(random.randrange(min(CRASH_EVERY, effects)), effects, CRASH_EVERY)


ENTRA = "22222222-0000-4000-8000-000000000001"
APP = "11111111-0000-4000-8000-000000000003"
TENANT = "contoso"
LEASE_SECONDS = 60

SETTINGS = Settings(
    public_url="https://calbridge.test",
    api_keys=(Secret("k" * 32),),
    signing_key=Secret("s" * 32),
    vault_url="https://vault.test",
    client_id=APP,
    client_secret=Secret("secret"),
)


class Crash(BaseException):
    """The process is gone: nothing after this runs, not even `finally`."""


@dataclass
class Fuse:
    """Counts effects (writes to the store and requests to Graph); blows at the one it is set to.

    `after` says whether the effect at which it blows still took place.
    """

    left: int | None = None
    after: bool = False
    count: int = 0
    blown: bool = False
    lost_answers: int = 0

    def before(self) -> None:
        if self.blown:
            raise Crash
        self.count += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0 and not self.after:
                self.blown = True
                raise Crash

    def afterwards(self) -> None:
        if self.left is not None and self.left < 0:
            self.blown = True
            raise Crash


READS = {
    "tenant", "calendar", "connection", "calendars", "calendar_keys", "calendar_at", "marked", "link",
    "links_of", "links", "copies", "pending", "pendings", "operation", "located", "outbox",
    "changes", "head", "is_logged", "endpoints", "due", "tenants", "connections", "all_copies",
    "contact", "contacts", "contacts_at", "meeting_link", "kept", "receipt", "part", "parts",
    "rollout", "rollouts", "rollout_mailboxes", "rollout_stages",
}  # fmt: skip


class FragileStore:
    """Gives way to other workers before each verb, as a real store does."""

    def __init__(self, store: MemoryStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name in READS:
            return self._alive(verb)

        async def fragile(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            self._fuse.before()
            result = await verb(*args, **kwargs)
            self._fuse.afterwards()
            return result

        return fragile

    def _alive(self, verb: Any) -> Any:
        async def reading(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            if self._fuse.blown:
                raise Crash
            return await verb(*args, **kwargs)

        return reading


class FragileGraph(httpx.AsyncBaseTransport):
    """In front of the twin: may lose the answer to a request that was carried out."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        # A request to a path with `slow_path` in it has its answer held back until `go_on`.
        self.slow_path = ""
        self.is_waiting = asyncio.Event()
        self.go_on = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fuse.before()
        response = await self._inner.handle_async_request(request)
        self._fuse.afterwards()
        if self.slow_path and self.slow_path in request.url.path:
            self.slow_path = ""
            self.is_waiting.set()
            await self.go_on.wait()
        if self._fuse.lost_answers and request.method != "GET":
            self._fuse.lost_answers -= 1
            await response.aclose()
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response


@dataclass
class ListQueues:
    """Holds what was sent, in order, until a worker takes it."""

    sent: deque[tuple[str, str]] = field(default_factory=deque)

    async def send(self, queue: str, message: str, after: float = 0) -> None:
        del after
        self.sent.append((queue, message))

    async def length(self, queue: str) -> int:
        return sum(name == queue for name, _ in self.sent)

    async def waiting_since(self, queue: str) -> datetime | None:
        """Nobody measures here."""
        del queue

    async def drop_given_up(self, queue: str, tenant: str) -> int:
        """Nothing is ever given up here."""
        del queue, tenant
        return 0


class OneToken:
    """The twin is told who calls by the transport; this is what Graph's header says."""

    async def token(self, connection: Connection) -> AccessToken:
        del connection
        return AccessToken("in-process", datetime.now(UTC) + timedelta(hours=1))

    def drop(self, connection: Connection) -> None:
        del connection


class Deaf:
    """In place of the twin's notifier: keeps the notifications for the test to send, or lose."""

    def __init__(self) -> None:
        self.heard: deque[tuple[str, str, str]] = deque()

    def changed(
        self,
        tenant_id: str,
        user_id: str,
        calendar_id: str,
        event_id: str,
        immutable_id: str,
        etag: str,
        kind: str,
    ) -> None:
        del tenant_id, calendar_id, event_id, kind
        self.heard.append((user_id, immutable_id, etag))


class HostApp:
    """Applies the log in order, as a host app would, and complains about echoes.

    An entry older than what it has written since is out of date, and passed over.
    """

    def __init__(self) -> None:
        self.appointments: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.refused: list[str] = []
        self.cursor = 0
        self.echoes: list[str] = []

    def wrote(self, appointment: str, version: int, content: dict[str, Any]) -> None:
        self.appointments[appointment] = content
        self.versions[appointment] = version

    def deleted(self, appointment: str, version: int) -> None:
        self.appointments.pop(appointment, None)
        self.versions[appointment] = version

    def apply(self, change: Any) -> None:
        if change.number != self.cursor + 1:
            raise AssertionError(f"gap in the log: {change.number} after {self.cursor}")
        self.cursor = change.number
        kind = change.type.rpartition(".")[2]
        if change.type.startswith("calbridge.appointment."):
            self._appointment(kind, change.subject, change.data)
        elif change.type == "calbridge.operation.refused":
            self.refused.append(change.subject)

    def _appointment(self, kind: str, appointment: str, data: dict[str, Any]) -> None:
        version = data["appointment"]["version"]
        if version <= self.versions.get(appointment, 0):
            return
        self.versions[appointment] = version
        if kind == "deleted":
            if appointment not in self.appointments:
                self.echoes.append(f"{appointment} deleted, which it was")
            self.appointments.pop(appointment, None)
            return
        content = comparable(data["appointment"])
        # Of attendees it keeps nothing to compare.
        news = data.get("conflicts") or data.get("fields") == ["attendees"]
        if self.appointments.get(appointment) == content and not news:
            self.echoes.append(f"{appointment} {kind} to what the host app had")
        self.appointments[appointment] = content


def as_told(link: Link) -> dict[str, Any]:
    """The content as the host app gets it in a change."""
    assert link.app is not None
    return comparable(appointment_json(link))


def comparable(appointment: dict[str, Any]) -> dict[str, Any]:
    fields = ("subject", "start", "end", "location", "show_as", "status", "recurrence")
    return {name: appointment.get(name) for name in fields}


class Stage:
    roles = frozenset({"Calendars.ReadWrite"})

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.fuse = Fuse()
        self.memory = MemoryStore()
        self.queues = ListQueues()
        self.host = HostApp()
        self.twin = Twin()
        self.deaf = Deaf()
        self.app = create_app(self.twin)
        self.twin.notifier.changed = self.deaf.changed
        self.twin.world.create_tenant(ENTRA, "contoso.test", "Contoso")
        self.people = {
            name: self.twin.world.create_person(ENTRA, f"{name}@contoso.test", name.title())
            for name in ("anna", "ben", "carol")
        }
        self.start_process()

    def start_process(self) -> None:
        """A new process: nothing survives of the old one but what was stored."""
        self.fuse = Fuse()
        self.store = FragileStore(self.memory, self.fuse)
        transport = httpx.ASGITransport(as_caller(self.app, self.caller()))
        self.graph = FragileGraph(transport, self.fuse)
        graph = Graph(SETTINGS, OneToken(), self.graph)
        self.wake = Wake(self.store, self.queues)
        self.engine = Engine(
            self.store,
            graph,
            self.wake,
            Hooks(SETTINGS.public_url),
            lambda: self.now,
            self._forget_grant,
            LEASE_SECONDS,
        )

    def caller(self) -> Caller:
        """Whose token it is that Graph gets."""
        return Caller(ENTRA, APP, None, frozenset(), self.roles)

    async def _forget_grant(self, connection: Connection) -> None:
        del connection

    async def connect(self, *names: str, policy: dict[str, Any] | None = None) -> None:
        await self.memory.put_tenant(
            Tenant(TENANT, "Contoso", State.ACTIVE, self.now, entra_tenant=ENTRA,
                   policy=policy or {"backfill": "window"})
        )  # fmt: skip
        await self.memory.put_connection(
            Connection("grant", TENANT, ConnectionKind.ORGANISATION, State.ACTIVE, self.now, ENTRA)
        )
        for name in names:
            await self.memory.put_calendar(self._calendar(name))
            await self.wake.dirty(self.key(name), self.now)
        await self.settle_down()

    def _calendar(self, name: str) -> Calendar:
        person = self.people[name]
        return Calendar(
            self.key(name), "grant", person.id, f"{name}@contoso.test", State.PROVISIONING,
            self.now, subscription="none", subscription_expires=self.now + timedelta(days=3650),
        )  # fmt: skip

    def key(self, name: str) -> CalendarKey:
        return CalendarKey(TENANT, self.people[name].id)

    def outlook(self, name: str) -> Any:
        return self.twin.exchange.act_as_person(ENTRA, self.people[name].id)

    async def tenant(self) -> Tenant:
        tenant = await self.memory.tenant(TENANT)
        assert tenant is not None
        return tenant

    # What moves messages and time.

    async def notify(self, *, lose: bool = False) -> None:
        """Hands on, or loses, the oldest notification."""
        if not self.deaf.heard:
            return
        user, event_id, etag = self.deaf.heard.popleft()
        key = CalendarKey(TENANT, user)
        if not lose and await self.memory.calendar(key) is not None:
            await self.wake.dirty(key, self.now, ((event_id, etag),))

    async def take_message(self) -> None:
        """One worker takes one message; one that must wait is put back at the end."""
        if not self.queues.sent:
            return
        queue, message = self.queues.sent.popleft()
        await self._run(queue, message)

    async def _run(self, queue: str, message: str) -> None:
        from shared.errors import TryAgain

        if queue in {"deliver-changes", "end-tenant"}:
            return
        try:
            await self.engine.work(CalendarKey.parse(message))
        except TryAgain:
            self.now += timedelta(seconds=15)
            self.queues.sent.append((queue, message))
        except Crash:
            self.crash()

    def crash(self) -> None:
        """The message stays unseen until its time is up: here, the sweep finds the work."""
        self.start_process()
        self.now += timedelta(seconds=LEASE_SECONDS + 1)

    async def deliver(self) -> None:
        for change in await self.memory.changes(TENANT, self.host.cursor, 1000):
            self.host.apply(change)

    async def settle_down(self, *, polls: bool = True) -> None:
        """Everything that is going to happen by itself happens; without `polls`, only what
        notifications and the sweep set going.
        """
        self.fuse.left, self.fuse.lost_answers = None, 0
        for _ in range(4):
            self.now += timedelta(seconds=3700)
            self.twin.clock.advance(3700)
            if polls:
                await catch_up(self.engine, self.now)
            await sweep(self.engine, self.now)
            while self.deaf.heard:
                await self.notify()
            rounds = 0
            while self.queues.sent:
                await self.take_message()
                rounds += 1
                assert rounds < 500, "the queues never come to rest"
        await self.deliver()


def as_caller(app: Any, caller: Caller) -> Any:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {**scope.get("state", {}), "caller": caller}}, receive, send)

    return inner


def replace_policy(tenant: Tenant, **policy: Any) -> Tenant:
    return replace(tenant, policy={**tenant.policy, **policy})
