"""The product around an API under test: storage and vault in memory, a clock that stands."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx

from shared.api.app import create_app
from shared.services import Services, assemble
from shared.settings import read_settings
from shared.store.memory import MemoryStore
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    OperationState,
    Settlement,
    State,
    Tenant,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "the-api-key"
T = CalendarKey("acme", "ada")

VALUES = {
    "CALBRIDGE_PUBLIC_URL": "https://sync.example.org",
    "CALBRIDGE_API_KEYS": f"another-key,{KEY}",
    "CALBRIDGE_SIGNING_KEY": "0123456789abcdef0123456789abcdef",
    "CALBRIDGE_VAULT_URL": "https://vault.example.org",
    "CALBRIDGE_CLIENT_ID": "11111111-0000-4000-8000-000000000003",
    "CALBRIDGE_CLIENT_SECRET": "a-client-secret",
    "CALBRIDGE_RETURN_URLS": "https://app.example.org/settings",
    "CALBRIDGE_DELIVERY_PRIVATE_HOSTS": "127.0.0.1",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}


@dataclass
class MemoryQueues:
    sent: list[tuple[str, str, float]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, queue: str, message: str, after: float = 0) -> None:
        self.sent.append((queue, message, after))
        self.arrived.set()

    async def length(self, queue: str) -> int:
        return sum(name == queue for name, *_ in self.sent)

    async def waiting_since(self, queue: str) -> datetime | None:
        return NOW if await self.length(queue) else None

    async def drop_given_up(self, queue: str, tenant: str) -> int:
        of_others = [one for one in self.sent if one[0] != queue or f"{tenant}~" not in one[1]]
        dropped = len(self.sent) - len(of_others)
        self.sent[:] = of_others
        return dropped


@dataclass
class MemoryVault:
    secrets: dict[str, str] = field(default_factory=dict)

    async def read(self, name: str) -> str | None:
        return self.secrets.get(name)

    async def write(self, name: str, value: str) -> None:
        self.secrets[name] = value

    async def destroy(self, name: str) -> datetime | None:
        self.secrets.pop(name, None)
        return None


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class NoGraph(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("there is no Graph on this stage")


@dataclass
class Stage:
    services: Services
    queues: MemoryQueues
    vault: MemoryVault
    clock: Clock

    def client(self, key: str = KEY) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=create_app(lambda: self.services))
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(
            transport=transport, base_url="https://sync.example.org", headers=headers
        )

    async def with_calendar(self) -> None:
        """A tenant with one active calendar, of ada@acme.example."""
        store = self.services.store
        await store.put_tenant(Tenant("acme", "Acme", State.ACTIVE, NOW))
        await store.put_connection(
            Connection("user-ada", "acme", ConnectionKind.USER, State.ACTIVE, NOW, "entra")
        )
        await store.put_calendar(
            Calendar(T, "user-ada", "oid-ada", "ada@acme.example", State.ACTIVE, NOW)
        )

    async def settle(
        self, appointment: str, state: OperationState = OperationState.APPLIED
    ) -> None:
        """What a worker does that wrote the pending change to Outlook, or had it refused."""
        store = self.services.store
        pending = await store.pending(T, appointment)
        link = await store.link(T, appointment)
        assert pending
        assert link
        operation = await store.operation(T, appointment, pending.version)
        lease = await store.acquire(T, "worker", NOW, 60)
        assert operation
        assert lease
        problem = None if state is OperationState.APPLIED else {"code": "refused-by-microsoft"}
        done = Settlement(
            link=replace(link, event_id=f"event-{appointment}", base=link.app, outlook=link.app),
            done=pending,
            operations=(replace(operation, state=state, settled=NOW, problem=problem),),
        )
        await store.release(await store.settle(lease, [done], NOW, 60))


def build_stage(store: MemoryStore | None = None, vault: MemoryVault | None = None) -> Stage:
    queues, vault, clock = MemoryQueues(), vault or MemoryVault(), Clock()
    settings = read_settings(VALUES)
    services = assemble(
        settings, store or MemoryStore(), queues, vault, clock=clock, graph_transport=NoGraph()
    )
    return Stage(services, queues, vault, clock)
