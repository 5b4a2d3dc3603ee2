"""The local certificates, as unmodified clients meet them."""

import os
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local import certs

CLIENTS = {
    "requests": "import requests; print(requests.get(URL).text)",
    "httpx": "import httpx; print(httpx.get(URL).text)",
    "aiohttp": """
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession() as session, session.get(URL) as answer:
        print(await answer.text())
asyncio.run(main())
""",
}


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def files(tmp_path):
    return certs.ensure(tmp_path)


@pytest.fixture
def port(files):
    server = HTTPServer(("127.0.0.1", 0), Hello)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.server, files.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("client", CLIENTS)
def test_unmodified_clients_trust_the_bundle(files, port, client, host):
    """With nothing but the environment set, each client gets an answer under both names."""
    script = f"URL = 'https://{host}:{port}/'\n{CLIENTS[client]}"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | files.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout.strip() == "hello", ran.stderr


def test_the_bundle_keeps_the_public_roots(files):
    """A real tenant is still reached with the same environment."""
    context = ssl.create_default_context(cafile=files.bundle)
    names = {str(root["subject"]) for root in context.get_ca_certs()}

    assert len(names) > 50
    assert any("Calbridge local" in name for name in names)


def test_certificates_are_kept_until_near_their_end(files):
    """A second call changes nothing; one less than 30 days before the end makes new ones."""
    made = files.server.read_bytes()
    certs.ensure(files.folder)
    kept = files.server.read_bytes()
    certs.ensure(files.folder, datetime.now(UTC) + timedelta(days=340))

    assert kept == made
    assert files.server.read_bytes() != made


def test_a_damaged_certificate_is_made_again(files):
    """Half a set is replaced by a whole one that a server can load."""
    files.server.write_text("nonsense")
    certs.ensure(files.folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.server, files.key)

    assert files.key.stat().st_mode & 0o077 == 0
