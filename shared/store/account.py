"""The storage account: where it is, and a client per table or queue, made when first needed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableServiceClient

from shared.settings import Settings
from shared.store.border import translated

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

# The emulator's account, known to all: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
DEVELOPMENT = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)

# Left to look for a proxy and a .netrc, aiohttp asks a thread about both before each request.
TIMEOUTS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 20,
    "use_env_settings": bool(getproxies()),
}
# The queue is the retry loop: in process only what a dropped packet needs, 0.2 s in all, and
# nothing for an answer that asks for patience.
PATIENCE: dict[str, Any] = TIMEOUTS | {
    "retry_total": 2,
    "retry_status": 0,
    "retry_backoff_factor": 0.1,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A connection string, or the two endpoints and a credential for them."""

    connection: str = field(default="", repr=False)
    table_uri: str = ""
    queue_uri: str = ""
    credential: "AsyncTokenCredential | None" = field(default=None, repr=False)

    @classmethod
    def parse(cls, connection: str) -> "Place":
        short = connection.strip().rstrip(";").lower() == "usedevelopmentstorage=true"
        return cls(DEVELOPMENT if short else connection)

    @classmethod
    def of(cls, settings: Settings) -> "Place":
        if settings.storage_connection:
            return cls.parse(settings.storage_connection.reveal())
        # Imported late: a quarter of a second that a connection string does not need.
        from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - see above

        credential = ManagedIdentityCredential(client_id=settings.storage_identity or None)
        return cls("", settings.table_uri, settings.queue_uri, credential)


class OnDemand:
    """Creates each named table or queue once per process, before its first use."""

    def __init__(self) -> None:
        self._there: set[str] = set()
        self._lock = asyncio.Lock()

    async def ensure(self, name: str, create: Callable[[], Awaitable[object]]) -> None:
        if name in self._there:
            return
        async with self._lock:
            if name not in self._there:
                await _create(create)
                self._there.add(name)


async def _create(create: Callable[[], Awaitable[object]]) -> None:
    with translated():
        try:
            await create()
        except ResourceExistsError:
            return


class Tables:
    def __init__(self, place: Place) -> None:
        self._service = _service(place)
        self._credential = place.credential
        self._clients: dict[str, Any] = {}  # azure's own annotations leave half of it unknown
        self._created = OnDemand()

    @property
    def endpoint(self) -> str:
        return self._service.url.partition("?")[0]

    async def client(self, name: str) -> Any:
        if name not in self._clients:
            self._clients[name] = self._service.get_table_client(name)
        client = self._clients[name]
        await self._created.ensure(name, client.create_table)
        return client

    async def close(self) -> None:
        await self._service.close()
        if self._credential:
            await self._credential.close()


def _service(place: Place) -> TableServiceClient:
    if place.connection:
        return TableServiceClient.from_connection_string(place.connection, **PATIENCE)
    return TableServiceClient(endpoint=place.table_uri, credential=place.credential, **PATIENCE)
