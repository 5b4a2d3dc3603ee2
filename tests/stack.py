"""The running system, each part a process of its own: twin, vault, and the function app.

Storage is the emulator that all tests share, in an account of the stack's own. The app alone can
be killed and started again; it comes back to the same ports, storage and keys.
"""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import httpx
import pytest

from local import certs
from local.run import settings
from local.run.plan import VENDOR_TENANT
from tests.azurite import Azurite
from tests.host.running import ROOT, free_ports, until

START_SECONDS = 60
LEASE_SECONDS = 5
KEY = "the-key-of-the-host-app"
RETURN_URL = "http://localhost:1/settings"
TAIL = 4000


class Stack:
    """`url` is where browsers, Graph and the host app reach the functions. `app` is the folder
    that the host serves; what lies in its `libraries` goes before what is installed.
    """

    def __init__(
        self, storage: str, folder: Path, app: Path = ROOT, libraries: Path | None = None
    ) -> None:
        self.storage = storage
        self._app = app
        self._libraries = {"PYTHONPATH": str(libraries)} if libraries else {}
        self.folder = folder
        self.files = certs.ensure(folder / "certs")
        app, twin, vault = free_ports(3)
        self.url = f"http://localhost:{app}"
        self.twin_url = f"https://localhost:{twin}"
        self._ports = {"host": app, "twin": twin, "vault": vault}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.files.bundle)

    @property
    def master_key(self) -> str:
        return json.loads((self.folder / "host/keys.json").read_text())["master"]

    @property
    def values(self) -> dict[str, str]:
        """The sample's settings, with this stack's places and a shorter lease."""
        return settings.load(ROOT / settings.SAMPLE) | {
            "AzureWebJobsStorage": self.storage,
            "CALBRIDGE_PUBLIC_URL": self.url,
            "CALBRIDGE_API_KEYS": f"{KEY},its-older-key",
            "CALBRIDGE_RETURN_URLS": RETURN_URL,
            "CALBRIDGE_VAULT_URL": f"https://127.0.0.1:{self._ports['vault']}",
            "CALBRIDGE_AUTHORITY": self.twin_url,
            "CALBRIDGE_GRAPH_URL": f"{self.twin_url}/v1.0",
            "AZURE_AUTHORITY_HOST": self.twin_url,
            "CALBRIDGE_LEASE_SECONDS": str(LEASE_SECONDS),
            # Who wants a poll makes it due: those of all tests' calendars would be most of the work.
            "CALBRIDGE_POLL_SECONDS": "3600",
            "CALBRIDGE_TRACES": str(self.folder / "traces.jsonl"),
        }

    def start(self) -> None:
        ports, folder = self._ports, self.folder
        where = ("--certs", str(self.files.folder))
        self._run("twin", *where, "--port", str(ports["twin"]), "--seed", "none")
        self._run(
            *("vault", *where, "--port", str(ports["vault"])),
            *("--state", str(folder / "vault.json"), "--tenant", VENDOR_TENANT),
            *("--authority", self.twin_url),
        )
        for name in ("twin", "vault"):
            self._wait(name, lambda name=name: "READY" in self.log(name))
        self.start_app()

    def start_app(self) -> None:
        file = self.folder / "settings.json"
        file.write_text(json.dumps({"IsEncrypted": False, "Values": self.values}))
        self._run(
            *("host", "--app", str(self._app), "--port", str(self._ports["host"])),
            *("--state", str(self.folder / "host"), "--settings", str(file)),
            environment=self._libraries,
        )
        self._wait("host", self._answers)

    def kill_app(self) -> None:
        """As a machine dies: nothing is finished, nothing is said."""
        process = self._processes["host"]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @property
    def traces(self) -> str:
        """A span a line, as they ended."""
        return (self.folder / "traces.jsonl").read_text()

    @property
    def measures(self) -> str:
        """A measure a line; empty in the first seconds."""
        file = self.folder / "traces.jsonl.measures"
        return file.read_text() if file.exists() else ""

    def stop(self) -> None:
        for name in ("host", "vault", "twin"):
            if process := self._processes.get(name):
                _end(process)

    def _run(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        base |= environment or {}
        with (self.folder / f"{module}.log").open("ab") as log:
            self._processes[module] = subprocess.Popen(
                [sys.executable, "-m", f"local.{module}", *arguments],
                cwd=ROOT,
                env=base | {"PYTHONUNBUFFERED": "1"} | self.files.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait(self, name: str, ready) -> None:
        def look() -> bool:
            if self._processes[name].poll() is not None:
                raise AssertionError(f"{name} ended:\n{self.log(name)[-TAIL:]}")
            return ready()

        until(look, f"{name} is ready", START_SECONDS)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/admin/host/ping").is_success
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(
    emulator: Azurite, folder: Path, app: Path = ROOT, libraries: Path | None = None
) -> Iterator[Stack]:
    made = Stack(emulator.fresh(), folder, app, libraries)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def stack(emulator: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all tests; each brings tenants of its own."""
    with running(emulator, tmp_path_factory.mktemp("stack")) as made:
        yield made
