"""A twin and a vault over TLS, and Microsoft's own clients in front of them."""

import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.identity.aio import ClientSecretCredential

from local.certs import Certificates
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID, VAULT_CLIENT_ID, VENDOR_TENANT
from local.twin.seed import CONTOSO
from shared.custody.entra import Entra
from shared.custody.grants import Begun, Granted, Grants
from shared.custody.state import Seal
from shared.custody.tokens import Tokens
from shared.custody.vault import KeyVault
from shared.graph.client import Graph
from shared.settings import Secret, Settings
from shared.store.memory import MemoryStore
from shared.store.records import Connection, ConnectionKind, State
from tests.twin.entra.browser import Browser
from tests.twin.entra.served import Served, served


@dataclass(frozen=True)
class Ground:
    """What runs for the whole module."""

    twin: Served
    vault_url: str
    bundle: str

    def credential(self, secret: str = "local-vault-secret") -> ClientSecretCredential:
        return ClientSecretCredential(
            VENDOR_TENANT,
            VAULT_CLIENT_ID,
            secret,
            authority=self.twin.url,
            disable_instance_discovery=True,
            connection_verify=self.bundle,
        )

    def vault(self, secret: str = "local-vault-secret") -> KeyVault:
        return KeyVault(self.vault_url, self.credential(secret), connection_verify=self.bundle)

    def settings(
        self,
        secret: str = "local-app-secret",
        authority: str = "",
        certificate: Mapping[str, Any] | None = None,
        client_ids: Mapping[str, str] | None = None,
    ) -> Settings:
        return Settings(
            public_url="http://localhost:7071",
            api_keys=(),
            signing_key=Secret("k" * 40),
            vault_url=self.vault_url,
            client_id=CALBRIDGE_CLIENT_ID,
            client_secret=Secret(secret),
            authority=authority or self.twin.url,
            graph_url=f"{self.twin.url}/v1.0",
            client_ids=client_ids or {},
            **(certificate or {}),
        )


@dataclass
class Worker:
    """One process of the app, whose clock may be ahead."""

    ground: Ground
    store: MemoryStore
    vault: KeyVault
    settings: Settings
    ahead: timedelta = timedelta()
    tokens: Tokens = field(init=False)
    grants: Grants = field(init=False)

    def __post_init__(self) -> None:
        entra = Entra(self.settings, connection_verify=self.ground.bundle)
        self.tokens = Tokens(
            self.settings, self.vault, self.store, entra=entra, clock=lambda: self.now
        )
        seal = Seal(self.settings.signing_key, self.store)
        self.grants = Grants(self.settings, self.vault, self.tokens, seal, entra)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def graph(self) -> Graph:
        trust = ssl.create_default_context(cafile=self.ground.bundle)
        return Graph(self.settings, self.tokens, httpx.AsyncHTTPTransport(verify=trust))

    async def begin(self, hint: str = "", entra_tenant: str = "") -> Begun:
        return await self.grants.begin(
            "acme", "link-1", self.now, hint=hint, entra_tenant=entra_tenant
        )

    async def granted(self, browser: Browser, address: str) -> Granted:
        begun = await self.begin(address)
        browser.open(begun.url)
        if browser.has("accept"):
            browser.press("accept")
        return await self.grants.finish(browser.landed, begun.cookie, self.now)

    async def connected(self, browser: Browser, address: str) -> Connection:
        granted = await self.granted(browser, address)
        made = connection(granted.entra_tenant, granted.user_id)
        await self.grants.keep(made, granted)
        return made


def connection(entra_tenant: str = CONTOSO, user_id: str = "") -> Connection:
    kind = ConnectionKind.USER if user_id else ConnectionKind.ORGANISATION
    return Connection(
        id=f"{kind}-{user_id or entra_tenant}",
        tenant="acme",
        kind=kind,
        state=State.ACTIVE,
        since=datetime.now(UTC),
        entra_tenant=entra_tenant,
        user_id=user_id,
    )


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("certs")
    state = tmp_path_factory.mktemp("vault") / "vault.json"
    with served(folder) as twin:
        process = _start_vault(folder, state, twin.url)
        bundle = str(Certificates(folder).bundle)
        trusting = pytest.MonkeyPatch()
        # What MSAL sends with puts the environment before what it is told.
        trusting.setenv("REQUESTS_CA_BUNDLE", bundle)
        try:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            yield Ground(twin, url, bundle)
        finally:
            trusting.undo()
            process.terminate()
            process.communicate(timeout=20)


def _start_vault(folder: Path, state: Path, authority: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.vault", "--port", "0", "--tenant", VENDOR_TENANT]
    command += ["--certs", str(folder), "--state", str(state), "--authority", authority]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


@pytest.fixture
def control(ground: Ground) -> Iterator[httpx.Client]:
    """The twin's control API, on a world just made."""
    with ground.twin.client() as client:
        client.post("/_twin/reset", json={"seed": "demo"}).raise_for_status()
        yield client


@pytest.fixture
def browser(control: httpx.Client) -> Browser:
    return Browser(control)


@pytest.fixture
async def vault(ground: Ground) -> AsyncIterator[KeyVault]:
    vault = ground.vault()
    yield vault
    await vault.close()


@pytest.fixture
def new_worker(ground: Ground, vault: KeyVault) -> Callable[..., Worker]:
    """Workers of one app: they share store and vault, and nothing else."""
    store = MemoryStore()

    def start(ahead: timedelta = timedelta(), **settings: Any) -> Worker:
        return Worker(ground, store, vault, ground.settings(**settings), ahead)

    return start


@pytest.fixture
def worker(new_worker: Callable[..., Worker]) -> Worker:
    return new_worker()


@pytest.fixture
def token_requests(ground: Ground) -> Callable[[], int]:
    def count() -> int:
        return sum(
            one.path.endswith("/oauth2/v2.0/token") and VENDOR_TENANT not in one.path
            for one in list(ground.twin.twin.requests)
        )

    return count
