"""Microsoft's storage emulator on free ports, once per test process.

`azurite` is the connection string of one account for all tests; `storage` that of an account
nobody has used yet. Both name 127.0.0.1, because azure-data-tables takes localhost for Cosmos DB.
"""

import base64
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "node_modules/azurite/dist/src/azurite.js"
KEY = base64.b64encode(b"a key that opens nothing but tests").decode()
ACCOUNTS = [f"account{number:04}" for number in range(2000)]
SILENT = ("--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence")
START_SECONDS = 60


class Azurite:
    """A running emulator; `connection` is the connection string of one of its accounts."""

    def __init__(self, folder: Path) -> None:
        self.blob, self.queue, self.table = _free_ports(3)
        self._fresh = count(1)
        self._process = subprocess.Popen(
            [_node(), str(PROGRAM), *SILENT, *self._ports()],
            cwd=folder,
            env=os.environ | {"AZURITE_ACCOUNTS": ";".join(f"{a}:{KEY}" for a in ACCOUNTS)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def process(self) -> int:
        return self._process.pid

    def _ports(self) -> list[str]:
        ports = {"blob": self.blob, "queue": self.queue, "table": self.table}
        return [word for name, port in ports.items() for word in (f"--{name}Port", str(port))]

    def connection(self, account: str = ACCOUNTS[0]) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{self.blob}/{account};"
            f"QueueEndpoint=http://127.0.0.1:{self.queue}/{account};"
            f"TableEndpoint=http://127.0.0.1:{self.table}/{account};"
        )

    def fresh(self) -> str:
        return self.connection(ACCOUNTS[next(self._fresh)])

    def listens(self) -> bool:
        """Waits for it. False if it ended, or took too long."""
        deadline = time.monotonic() + START_SECONDS
        ports = (self.blob, self.queue, self.table)
        while self._process.poll() is None and time.monotonic() < deadline:
            if all(_listens(port) for port in ports):
                return True
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    running = _started(tmp_path_factory.mktemp("azurite"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def azurite(emulator: Azurite) -> str:
    return emulator.connection()


@pytest.fixture
def storage(emulator: Azurite) -> str:
    return emulator.fresh()


def _started(folder: Path) -> Azurite:
    """Somebody may take a free port between our look and Azurite's: then others are tried."""
    for _ in range(3):
        running = Azurite(folder)
        if running.listens():
            return running
        running.stop()
    raise RuntimeError("Azurite does not start: is node_modules there (make setup)?")


def _node() -> str:
    return shutil.which("node") or "node"


def _free_ports(number: int) -> list[int]:
    """All bound at once, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [bound.getsockname()[1] for bound in sockets]
    for bound in sockets:
        bound.close()
    return ports


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
