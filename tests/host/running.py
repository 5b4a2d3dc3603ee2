"""Azurite and the host as processes of their own, for tests to talk to from outside."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
AZURITE = ROOT / "node_modules/azurite/dist/src/azurite.js"
# Azurite's published development key.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
DEADLINE = 30


def until(found: Callable[[], T | None], what: str, deadline: float = DEADLINE) -> T:
    """What `found` gives as soon as it is something."""
    end = time.monotonic() + deadline
    tick = threading.Event()
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        tick.wait(0.02)
    raise AssertionError(f"not seen within {deadline} s: {what}")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in bound]


@contextlib.contextmanager
def azurite() -> Iterator[str]:
    """A fresh Azurite in memory; gives its connection string."""
    blob, queue, table = free_ports(3)
    command = ["node", str(AZURITE), "--silent", "--skipApiVersionCheck", "--inMemoryPersistence"]
    ports = ["--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)]
    process = subprocess.Popen([*command, *ports, "--disableTelemetry"], stdout=subprocess.DEVNULL)
    try:
        for port in (blob, queue):
            until(lambda port=port: _listens(port), f"Azurite on port {port}")
        yield (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{blob}/devstoreaccount1;"
            f"QueueEndpoint=http://127.0.0.1:{queue}/devstoreaccount1;"
        )
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class RunningHost:
    """A host process; `lines` are its JSON log records so far."""

    def __init__(self, process: subprocess.Popen[str], state: Path) -> None:
        self.process, self._state = process, state
        self.lines: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self.lines.append(json.loads(line))

    def ready(self) -> dict[str, Any]:
        def event() -> dict[str, Any] | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the host ended: {self.error()}")
            return next((line for line in list(self.lines) if line.get("event") == "ready"), None)

        return until(event, "the host's ready line")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ready()['port']}"

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=DEADLINE, **options)

    def keys(self) -> dict[str, Any]:
        return json.loads((self._state / "keys.json").read_text())

    def said(self, pattern: str) -> list[str]:
        """The messages so far that hold the pattern."""
        return [
            line["message"] for line in list(self.lines) if re.search(pattern, line["message"])
        ]

    def saw(self, pattern: str, times: int = 1) -> list[str]:
        def enough() -> list[str]:
            found = self.said(pattern)
            return found if len(found) >= times else []

        return until(enough, f"{times} lines with {pattern!r}")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Its exit code."""
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def error(self) -> str:
        assert self.process.stderr
        return self.process.stderr.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.terminate()
        try:
            self.end()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.end()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()


def write_app(
    folder: Path, code: str, host: dict[str, Any] | None = None, imports: str = ""
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    head = "import azure.functions as func\n" + imports + "\n"
    (folder / "function_app.py").write_text(head + code)
    (folder / "host.json").write_text(json.dumps({"version": "2.0"} | (host or {})))
    return folder


@contextlib.contextmanager
def run_host(
    app: Path, *more: str, settings: dict[str, str] | None = None
) -> Iterator[RunningHost]:
    state = app.parent / f"{app.name}-state"
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "local.host", "--app", str(app), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--state", str(state), "--log-format", "json", *more],
        cwd=ROOT,
        env=base | {"PYTHONUNBUFFERED": "1"} | (settings or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    host = RunningHost(process, state)
    try:
        yield host
    finally:
        host.close()
