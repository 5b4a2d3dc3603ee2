"""The app's settings on this machine, in the file that Core Tools reads too."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.run.requirements import Unmet

OWN = "local.settings.json"
SAMPLE = "local.settings.sample.json"
URLS = (
    "CALBRIDGE_PUBLIC_URL",
    "CALBRIDGE_VAULT_URL",
    "CALBRIDGE_AUTHORITY",
    "CALBRIDGE_GRAPH_URL",
    "AZURE_AUTHORITY_HOST",
)


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
    if not values.get("AzureWebJobsStorage"):
        raise Unmet(
            f"Setting AzureWebJobsStorage is missing in {name}: use UseDevelopmentStorage=true."
        )
    for key in URLS:
        if key in values and not _is_url(values[key]):
            raise Unmet(f"Setting {key} in {name} must be a URL such as https://localhost:8443.")


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
