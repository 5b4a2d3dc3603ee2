"""A twin on a free port over TLS, in a thread of its own."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from local import certs
from local.twin.app import Twin, create_app


@dataclass(frozen=True)
class Served:
    url: str
    ca: Path
    twin: Twin

    def client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=str(self.ca))
        return httpx.Client(base_url=self.url, verify=trust, trust_env=False)


@contextmanager
def served(folder: Path, seed: str = "demo") -> Iterator[Served]:
    files = certs.ensure(folder)
    twin = Twin(authority=files.ca, seed=seed)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(
        create_app(twin),
        ssl_certfile=files.server,
        ssl_keyfile=files.key,
        log_level="warning",
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    _await_start(server, thread)
    try:
        yield Served(f"https://localhost:{port}", files.ca, twin)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


class _Server(uvicorn.Server):
    """Does not wait for a client that keeps its end of a TLS connection open."""

    async def shutdown(self, sockets=None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until
        thread.join(0.01)
