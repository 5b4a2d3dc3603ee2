"""`make run` as a developer meets it, beside whatever else runs on this machine."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets.aio import SecretClient

from local import certs
from local.run import settings
from local.run.requirements import ROOT, Unmet, check_ports

SAMPLE = ROOT / settings.SAMPLE
# The demo is tested through a browser, by its own tests.
WITHOUT = ["--without", "demo"]
BUNDLE = ROOT / certs.FOLDER / "bundle.pem"

pytestmark = pytest.mark.slow


@dataclass
class Run:
    """One `python -m local.run` with the sample settings on ports of its own."""

    shift: int
    state: Path
    process: subprocess.Popen[str] | None = None

    @property
    def values(self) -> dict[str, str]:
        return settings.load(SAMPLE, self.shift)

    def start(self) -> str:
        """The line that says where to look."""
        command = [sys.executable, "-m", "local.run", "--shift", str(self.shift)]
        command += ["--state", str(self.state), "--settings", str(SAMPLE), *WITHOUT]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if " run " in line and "READY" in line:
                return line
        raise AssertionError("".join(lines))

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=90)
        return self.process.returncode

    def ports(self) -> list[int]:
        return [port + self.shift for port in settings.STANDARD_PORTS.values()]


def free_shift() -> int:
    """Other workers look from other places, so that two seldom want the same."""
    for shift in range(10_000 + os.getpid() % 1000 * 40, 55_000, 17):
        try:
            check_ports(("any", port + shift) for port in settings.STANDARD_PORTS.values())
        except Unmet:
            continue
        return shift
    raise AssertionError("no free ports")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    running = Run(free_shift(), tmp_path)
    yield running
    if running.process and running.process.poll() is None:
        running.stop()


async def secret_of(values: dict[str, str], new_value: str | None = None) -> str | None:
    """Through the vault, as the app does: with a token of the twin and checks on."""
    credential = ClientSecretCredential(
        values["AZURE_TENANT_ID"],
        values["AZURE_CLIENT_ID"],
        values["AZURE_CLIENT_SECRET"],
        authority=values["AZURE_AUTHORITY_HOST"],
        connection_verify=str(BUNDLE),
    )
    url = values["CALBRIDGE_VAULT_URL"]
    async with credential, SecretClient(url, credential, connection_verify=str(BUNDLE)) as client:
        if new_value is not None:
            await client.set_secret("kept", new_value)
        return (await client.get_secret("kept")).value


async def test_everything_starts_answers_stops_and_remembers(run: Run):
    """All parts answer over their real protocols; a stop is clean; a restart has the state."""
    welcome = run.start()
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=BUNDLE)) as client:
        twin = await client.get(f"{run.values['AZURE_AUTHORITY_HOST']}/_twin/")
        # An unknown route: the host itself answers, whatever the app's functions are.
        host = await client.get(f"{run.values['CALBRIDGE_PUBLIC_URL']}/no/such/route")
    await secret_of(run.values, "the value")
    first = run.stop()
    held = [port for port in run.ports() if _listens(port)]
    run.start()
    remembered = await secret_of(run.values)
    second = run.stop()

    assert str(8443 + run.shift) in welcome
    assert twin.status_code == 200
    assert host.status_code == 404
    assert (first, second) == (0, 0)
    assert held == []
    assert remembered == "the value"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
