import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets.aio import SecretClient

from local import certs
from tests.vault.authority import TENANT, Authority, Served


@dataclass
class RunningVault:
    """`python -m local.vault` as a developer starts it, on a free port."""

    url: str
    files: certs.Certificates
    state: Path
    authority: Authority
    process: subprocess.Popen[str]

    def token(self, audience: str | None = None, **claims: object) -> str:
        resource = self.url.replace("127.0.0.1", "0.0.1")
        return self.authority.token(audience or resource, **claims)

    @asynccontextmanager
    async def client(self, **options: object) -> AsyncIterator[SecretClient]:
        """Microsoft's own client and credential; only the trusted roots are named."""
        trust = str(self.files.bundle)
        credential = ClientSecretCredential(
            TENANT, "an-id", "a-secret", authority=self.authority.url, connection_verify=trust
        )
        client = SecretClient(self.url, credential, connection_verify=trust, **options)
        async with credential, client:
            yield client

    def ask(self, method: str, path: str, token: str | None = None, **options) -> httpx.Response:
        """A request without any client library, with a good token unless one is given."""
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        params = {"api-version": "7.6"} | options.pop("params", {})
        with httpx.Client(verify=trusting(self.files)) as client:
            return client.request(
                method, f"{self.url}{path}", params=params, headers=headers, **options
            )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=20)


def trusting(files: certs.Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files.bundle)


def start_vault(
    authority: Authority, files: certs.Certificates, state: Path, *more: str
) -> RunningVault:
    command = [sys.executable, "-m", "local.vault", "--port", "0", "--tenant", TENANT]
    command += [
        "--certs",
        str(files.folder),
        "--state",
        str(state),
        "--authority",
        authority.url,
        *more,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("READY vault at https://127.0.0.1:")
    return RunningVault(line.split()[-1], files, state, authority, process)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> certs.Certificates:
    return certs.ensure(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="session")
def authority(files: certs.Certificates) -> Iterator[Authority]:
    authority = Authority()
    served = Served(authority, files)
    yield authority
    served.stop()


@pytest.fixture(scope="session")
def vault(authority, files, tmp_path_factory) -> Iterator[RunningVault]:
    running = start_vault(authority, files, tmp_path_factory.mktemp("vault") / "vault.json")
    yield running
    running.stop()


@pytest.fixture
def start(files: certs.Certificates, tmp_path: Path) -> Iterator[Callable[..., RunningVault]]:
    """Starts a vault of the test's own, always over the same file, and stops it whatever happens."""
    started: list[RunningVault] = []

    def begin(authority: Authority, *more: str) -> RunningVault:
        started.append(start_vault(authority, files, tmp_path / "deep" / "vault.json", *more))
        return started[-1]

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
async def client(vault: RunningVault) -> AsyncIterator[SecretClient]:
    async with vault.client() as client:
        yield client


def error_of(response: httpx.Response) -> dict[str, object]:
    return json.loads(response.text)["error"]
