"""The command line of `python -m local.run`."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from local import certs
from local.run import plan, settings
from local.run.log import Log
from local.run.requirements import ROOT, Unmet, check_ports
from local.run.service import Service
from local.run.supervisor import Supervisor

STATE = ROOT / ".local"
NAMES = ("azurite", "vault", "twin", "host", "demo")
HIGHEST_SHIFT = 65_535 - max(settings.STANDARD_PORTS.values())


def main() -> int:
    options = arguments()
    try:
        running = prepare(options)
    except Unmet as unmet:
        print(unmet, file=sys.stderr)
        return 2
    return asyncio.run(run(running))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.run", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="begin with empty state")
    parser.add_argument("--shift", type=int, default=0, help="add this to every port")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of all state")
    parser.add_argument(
        "--settings", type=Path, help="default: local.settings.json, else the sample"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=NAMES,
        help="leave a service out, because it runs elsewhere; may be given again",
    )
    return parser.parse_args()


def prepare(options: argparse.Namespace) -> list[Service]:
    """Everything that can be refused is refused here, before any process starts."""
    if not 0 <= options.shift <= HIGHEST_SHIFT:
        raise Unmet(f"A shift of {options.shift} is out of range: use 0 to {HIGHEST_SHIFT}.")
    file = (options.settings or settings.choose(ROOT)).resolve()
    values = settings.load(file, options.shift)
    state = options.state.resolve()
    place = plan.Place(state, certs.ensure(ROOT / certs.FOLDER), file, options.shift)
    everything = plan.services(place, values)
    running = [service for service in everything if service.name not in options.without]
    check_ports((service.name, port) for service in running for port in service.ports)
    if options.reset:
        reset(state)
    state.mkdir(parents=True, exist_ok=True)
    return running


def reset(state: Path) -> None:
    """Remove all state but the certificates, which browsers may have been told to trust."""
    for entry in state.iterdir() if state.exists() else ():
        if entry.name == certs.FOLDER.name:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


async def run(running: list[Service]) -> int:
    return await Supervisor(running, ROOT, Log()).run(plan.welcome(running))
