"""python -m local.twin as a process."""

import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]


class Process:
    def __init__(self, folder: Path, *more: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "local.twin", "--port", str(port)]
        command += ["--certs", str(folder / "certs"), "--state", str(folder / "state.json"), *more]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline().strip() for _ in range(2)]
        self.url = f"https://localhost:{port}"

    def client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self.lines[0].removeprefix("CA "))
        return httpx.Client(base_url=self.url, verify=trust, trust_env=False)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path):
    started: list[Process] = []

    def start(*more: str) -> Process:
        started.append(Process(tmp_path, *more))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


def test_it_says_where_it_is_and_keeps_its_state(start):
    """READY and the authority on stdout; what was made is there after a restart."""
    first = start("--seed", "none", "--app-client-id", "ABCD", "--app-secret", "s")
    with first.client() as client:
        tenant = {"domain": "kept.example", "name": "Kept"}
        client.post("/_twin/tenants", json=tenant).raise_for_status()
        apps = {a["client_id"] for a in client.get("/_twin/apps").json()["value"]}
    first.stop()

    second = start()
    with second.client() as client:
        domains = [t["domain"] for t in client.get("/_twin/tenants").json()["value"]]

    assert first.lines[1].startswith(f"READY {first.url}")
    assert "abcd" in apps
    assert domains == ["vendor.example", "kept.example"]
