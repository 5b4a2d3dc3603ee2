"""Meridian Care, a small SaaS product that uses Calbridge."""

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from local import certs
from local.demo.app import create_app
from local.demo.product import Product
from local.demo.settings import from_environment


class Server(uvicorn.Server):
    """Says READY once it listens, and lets go of open pages when it is to end."""

    def __init__(self, config: uvicorn.Config, product: Product) -> None:
        super().__init__(config)
        self._product = product

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"READY {self._product.settings.url}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._product.live.end()
        await super().shutdown(sockets)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--state", type=Path, default=Path(".local/demo"), help="its own store")
    options = parser.parse_args()
    bundle = certs.ensure().bundle
    product = Product(from_environment(options.port, options.state, bundle))
    config = uvicorn.Config(
        create_app(product),
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config, product)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
