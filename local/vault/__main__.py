"""Serves one vault over TLS on 127.0.0.1.

Key Vault's client insists that the vault's host ends with "." and the domain of the resource in
the challenge (https://aka.ms/azsdk/blog/vault-uri). `vault.localhost` does not resolve
everywhere, but 127.0.0.1 always does, and it ends with ".0.0.1": so the vault is reached as
https://127.0.0.1:PORT and calls its resource https://0.0.1:PORT. The client compares no more
than text, and nobody needs to switch the check off.
"""

import argparse
import socket
import ssl
from pathlib import Path

import uvicorn

from local import certs
from local.vault.app import Vault
from local.vault.state import State
from local.vault.tokens import Tokens

HOST = "127.0.0.1"


class Server(uvicorn.Server):
    """Says READY once it listens, so that whoever started it need not guess."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        bound = sockets[0].getsockname() if sockets else (HOST, self.config.port)
        print(f"READY vault at https://{HOST}:{bound[1]}", flush=True)


def create(options: argparse.Namespace, files: certs.Certificates, port: int) -> Vault:
    url, resource = f"https://{HOST}:{port}", f"https://0.0.1:{port}"
    audiences = [resource, f"{resource}/", "https://vault.azure.net", "https://vault.azure.net/"]
    authority = options.authority.rstrip("/")
    trust = ssl.create_default_context(cafile=files.bundle)
    tokens = Tokens(authority, options.tenant, audiences, trust)
    challenge = f'Bearer authorization="{authority}/{options.tenant}", resource="{resource}"'
    return Vault(url, challenge, State(options.state, options.lag), tokens)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.vault")
    parser.add_argument("--port", type=int, default=8444, help="0 takes a free one")
    parser.add_argument("--certs", type=Path, default=certs.FOLDER)
    parser.add_argument("--state", type=Path, default=Path(".local/vault.json"))
    parser.add_argument("--authority", default="https://localhost:8443")
    parser.add_argument("--tenant", required=True, help="whose tokens open the vault")
    parser.add_argument("--lag", type=float, default=0.0, help="seconds a deletion takes")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    files = certs.ensure(options.certs)
    listener = socket.create_server((HOST, options.port))
    vault = create(options, files, listener.getsockname()[1])
    config = uvicorn.Config(
        vault.app(),
        ssl_keyfile=files.key,
        ssl_certfile=files.server,
        log_level="warning",
        lifespan="off",
    )
    Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
