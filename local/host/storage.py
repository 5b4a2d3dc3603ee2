"""Which storage account a connection name means, and clients for it, one per account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from local.host.errors import Unusable
from local.host.settings import Settings

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobServiceClient
    from azure.storage.queue.aio import QueueServiceClient

DEFAULT_CONNECTION = "AzureWebJobsStorage"
# Azurite's published account and key, on its standard ports.
DEVELOPMENT = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)


@dataclass(frozen=True)
class Account:
    """A connection string, or the address of a service and who we are there."""

    connection_string: str = ""
    url: str = ""
    credential: str = ""
    client_id: str = ""


def resolve(settings: Settings, connection: str, service: str) -> Account:
    """The account that `connection` names for `service` (queue, blob). Raises Unusable."""
    name = connection or DEFAULT_CONNECTION
    for candidate in _candidates(name):
        if value := settings.get(candidate):
            return Account(DEVELOPMENT if _is_development(value) else value)
    for candidate in (f"AzureWebJobs{name}", name):
        if section := settings.section(candidate):
            return _from_section(section, candidate, service)
    raise Unusable(
        f"connection '{name}' is not set; give {name} a connection string, "
        f"or set {name}__{service}ServiceUri"
    )


def _candidates(name: str) -> list[str]:
    prefixed = f"AzureWebJobs{name}"
    return [f"ConnectionStrings:{prefixed}", prefixed, f"ConnectionStrings:{name}", name]


def _is_development(value: str) -> bool:
    return value.strip().rstrip(";").lower() == "usedevelopmentstorage=true"


def _from_section(section: dict[str, str], name: str, service: str) -> Account:
    url = section.get(f"{service}serviceuri")
    if not url and (account := section.get("accountname")):
        url = f"https://{account}.{service}.core.windows.net"
    if not url:
        raise Unusable(f"connection '{name}' needs {name}__{service}ServiceUri or __accountName")
    return Account("", url, section.get("credential", ""), section.get("clientid", ""))


@dataclass
class Storage:
    """Clients by account, made when first asked for and closed together."""

    settings: Settings
    _open: dict[tuple[str, Account], Any] = field(default_factory=dict)

    def queues(self, connection: str) -> QueueServiceClient:
        from azure.storage.queue.aio import QueueServiceClient  # noqa: PLC0415 - slow

        account = resolve(self.settings, connection, "queue")
        return self._client(QueueServiceClient, "queue", account)

    def blobs(self, connection: str) -> BlobServiceClient:
        from azure.storage.blob.aio import BlobServiceClient  # noqa: PLC0415 - slow

        account = resolve(self.settings, connection, "blob")
        return self._client(BlobServiceClient, "blob", account)

    async def close(self) -> None:
        for client in self._open.values():
            await client.close()

    def _client(self, kind: Any, service: str, account: Account) -> Any:
        key = (service, account)
        if key not in self._open:
            self._open[key] = self._connect(kind, account)
        return self._open[key]

    def _connect(self, kind: Any, account: Account) -> Any:
        # The trigger's own back-off is the retry; long client retries would hide an outage.
        # Left to look for a proxy and a .netrc, aiohttp asks a thread about both at each poll.
        patience = {
            "retry_total": 2,
            "connection_timeout": 5,
            "read_timeout": 30,
            "use_env_settings": bool(getproxies()),
        }
        if account.connection_string:
            try:
                return kind.from_connection_string(account.connection_string, **patience)
            except ValueError as error:
                raise Unusable(f"a storage connection string is not usable: {error}") from error
        return kind(account.url, credential=self._credential(account), **patience)

    def _credential(self, account: Account) -> Any:
        from azure.identity import aio as identity  # noqa: PLC0415 - rarely needed here, slow

        key = ("credential", account)
        if key not in self._open:
            managed = account.credential.lower() == "managedidentity"
            self._open[key] = (
                identity.ManagedIdentityCredential(client_id=account.client_id or None)
                if managed
                else identity.DefaultAzureCredential()
            )
        return self._open[key]
