"""python -m local.host --app DIR: run a function app until SIGTERM or SIGINT."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from local.host import log as logs
from local.host.errors import StartFailed
from local.host.host import Host, Options
from local.host.settings import load_environment


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder of function_app.py")
    parser.add_argument("--port", type=int, default=7071, help="0 picks a free one")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--settings", type=Path, help="default: APP/local.settings.json")
    parser.add_argument(
        "--state", type=Path, default=Path(".local/host"), help="folder of keys.json"
    )
    parser.add_argument(
        "--drain", type=float, default=30, metavar="SECONDS", help="what running functions get"
    )
    parser.add_argument("--no-auth", action="store_true", help="ask for no access keys")
    parser.add_argument("--log-format", choices=("text", "bare", "json"), default="text")
    return parser.parse_args()


def options(given: argparse.Namespace) -> Options:
    app = given.app.resolve()
    if not (app / os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")).is_file():
        raise StartFailed(f"The app in {app} cannot start: it has no function_app.py")
    settings = given.settings or app / "local.settings.json"
    if given.settings or settings.exists():
        load_environment(settings)
    return Options(
        app, given.port, given.state.resolve(), given.address, not given.no_auth, given.drain
    )


async def run(chosen: Options) -> bool:
    return await Host(chosen).run()


def main() -> int:
    given = arguments()
    logs.start(given.log_format)
    try:
        drained = asyncio.run(run(options(given)))
    except StartFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not drained:
        # A sync function that never ends would keep its thread, and with it the process, alive.
        sys.stdout.flush()
        os._exit(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
