"""python -m local.twin: Graph and Entra over TLS on this machine."""

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from local import certs
from local.twin.app import Twin, create_app
from local.twin.entra.apps import App, Secret, default_apps
from local.twin.seed import SEEDS


def main() -> int:
    options = _options()
    files = certs.ensure(options.certs)
    try:
        twin = Twin(authority=files.ca, state=options.state, seed=options.seed)
    except (ValueError, KeyError, TypeError) as error:
        print(
            f"The snapshot {options.state} cannot be read, delete it: {error!r}", file=sys.stderr
        )
        return 2
    _register(twin, options)
    config = uvicorn.Config(
        create_app(twin),
        host=options.host,
        port=options.port,
        ssl_certfile=files.server,
        ssl_keyfile=files.key,
        log_level="warning",
        access_log=False,
        date_header=False,  # the twin dates its answers as Graph does
        server_header=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections
        timeout_graceful_shutdown=2,
    )
    server = _Announcing(config, f"https://localhost:{options.port}", files.ca)
    server.run()
    return 0 if server.started else 1


class _Announcing(uvicorn.Server):
    """Says READY once the port is open, for who started this process."""

    def __init__(self, config: uvicorn.Config, address: str, authority: Path) -> None:
        super().__init__(config)
        self._words = (f"CA {authority}", f"READY {address} control {address}/_twin/")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(*self._words, sep="\n", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.twin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--certs", type=Path, default=certs.FOLDER, help="folder of certificates")
    parser.add_argument("--state", type=Path, help="snapshot file; without it nothing is kept")
    parser.add_argument("--seed", choices=sorted(SEEDS), default="demo")
    parser.add_argument("--app-client-id", help="client id of one more app registration")
    parser.add_argument("--app-secret", help="its secret")
    options = parser.parse_args()
    if bool(options.app_client_id) != bool(options.app_secret):
        parser.error("--app-client-id and --app-secret go together")
    return options


def _register(twin: Twin, options: argparse.Namespace) -> None:
    """An app of the developer's own: as Calbridge's in all but id and secret."""
    if not options.app_client_id:
        return
    like = default_apps()[0]
    client_id = options.app_client_id.lower()
    known = twin.entra.apps.get(client_id)
    app = known or App(**{**vars(like), "client_id": client_id, "secrets": []})
    app.secrets = [Secret(options.app_secret)]
    twin.entra.apps[client_id] = app


if __name__ == "__main__":
    sys.exit(main())
