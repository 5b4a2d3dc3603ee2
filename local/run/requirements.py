"""What must be there before anything starts. Standard library only, as all else may be missing."""

# An older Python must be able to read this file, to be told that it is too old.
from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AZURITE = Path("node_modules/azurite/dist/src/azurite.js")
PACKAGES = ("azure.functions", "azure_functions_runtime", "httpx", "jwt", "trustme", "uvicorn")


class Unmet(Exception):
    """One sentence: what is missing or wrong, and what to do about it."""


def check_installation(root: Path = ROOT) -> None:
    """Raises Unmet for the first thing that `make setup` or an installation would mend."""
    _check_python()
    for package in PACKAGES:
        if not _installed(package):
            raise Unmet(f"The Python package {package!r} is not installed: run `make setup`.")
    if shutil.which("node") is None:
        raise Unmet(
            "Azurite needs Node.js: install Node.js 20 or newer, with npm, and run `make setup`."
        )
    if not (root / AZURITE).exists():
        raise Unmet("Azurite is not installed: run `make setup`.")


def _check_python() -> None:
    if not (3, 11) <= sys.version_info < (3, 14):
        found = ".".join(str(part) for part in sys.version_info[:2])
        raise Unmet(
            f"Python 3.11, 3.12 or 3.13 is needed and this is {found}: remove .venv and run "
            "`make setup PYTHON=python3.13`."
        )


def _installed(package: str) -> bool:
    with suppress(ModuleNotFoundError):
        return importlib.util.find_spec(package) is not None
    return False


def check_ports(wanted: Iterable[tuple[str, int]]) -> None:
    """Takes (service, port) pairs. Raises Unmet for the first port that something holds."""
    for name, port in wanted:
        if _taken(port):
            raise Unmet(
                f"Port {port}, which {name} needs, is taken: stop what listens there "
                f"(`lsof -i :{port}` names it), or move every port with `make run SHIFT=1000`."
            )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # Else a connection closed a moment ago would look like a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
