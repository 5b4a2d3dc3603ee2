"""The app's settings on this machine, in the file that Core Tools reads too."""

import json
from pathlib import Path
from typing import Any

from local.run.requirements import Unmet
from shared.settings import SettingsError, read_settings

OWN = "local.settings.json"
SAMPLE = "local.settings.sample.json"


def load(root: Path) -> dict[str, str]:
    """The Values of the developer's own file, or of the sample where there is none."""
    name = OWN if (root / OWN).exists() else SAMPLE
    values = _values(name, _document(root / name))
    _check(name, values)
    return values


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except OSError:
        raise Unmet(f"{path.name} cannot be read: restore it from version control.") from None
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
