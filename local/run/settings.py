"""The app's settings on this machine, in the file that Core Tools reads too."""

import json
import re
from pathlib import Path
from typing import Any

from local.host.storage import DEVELOPMENT
from local.run.requirements import Unmet
from shared.settings import SettingsError, read_settings

OWN = "local.settings.json"
SAMPLE = "local.settings.sample.json"


STANDARD_PORTS = {
    "blob": 10000,
    "queue": 10001,
    "table": 10002,
    "twin": 8443,
    "vault": 8444,
    "host": 7071,
    "demo": 8080,
}
LOCAL_PORT = re.compile(r"\b(localhost|127\.0\.0\.1):(\d+)\b")


def choose(root: Path) -> Path:
    """The developer's own file, or the sample where there is none."""
    return root / OWN if (root / OWN).exists() else root / SAMPLE


def load(file: Path, shift: int = 0) -> dict[str, str]:
    """The file's Values, with every port of this run in them moved by `shift`."""
    values = _values(file.name, _document(file))
    _check(file.name, values)
    return {name: _moved(value, shift) for name, value in values.items()} if shift else values


def _moved(value: str, shift: int) -> str:
    def move(found: re.Match[str]) -> str:
        port = int(found[2])
        return f"{found[1]}:{port + shift if port in STANDARD_PORTS.values() else port}"

    if value.rstrip(";") == "UseDevelopmentStorage=true":
        value = DEVELOPMENT
    return LOCAL_PORT.sub(move, value)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except OSError:
        raise Unmet(f"{path.name} cannot be read: copy {SAMPLE} to it.") from None
    except ValueError as error:
        raise Unmet(f"{path.name} is not JSON ({error}): correct it.") from None
    if not isinstance(document, dict):
        raise Unmet(f'{path.name} must be an object with "Values": compare it with {SAMPLE}.')
    return document


def _values(name: str, document: dict[str, Any]) -> dict[str, str]:
    if document.get("IsEncrypted"):
        raise Unmet(f"{name} is encrypted: run `func settings decrypt`.")
    values = document.get("Values")
    if not isinstance(values, dict):
        raise Unmet(f'{name} must have "Values": compare it with {SAMPLE}.')
    for key, value in values.items():
        if not isinstance(value, str):
            raise Unmet(f"Setting {key} in {name} must be a string: put it in quotes.")
    return values


def _check(name: str, values: dict[str, str]) -> None:
    if values.get("FUNCTIONS_WORKER_RUNTIME") != "python":
        raise Unmet(f'Setting FUNCTIONS_WORKER_RUNTIME in {name} must be "python".')
    try:
        read_settings(values)
    except SettingsError as error:
        found = "; ".join(f"{key} {right}" for key, right in sorted(error.problems.items()))
        raise Unmet(f"Correct {name}: {found}.") from None
