"""An app's settings as the host sees them: environment, local.settings.json, host.json."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.host.errors import StartFailed, Unusable

HOST_PREFIX = "azurefunctionsjobhost:"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?")


class Settings:
    """Read-only settings. Names ignore case, and `__` in a name means `:`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {_key(name): value for name, value in values.items()}

    def get(self, name: str) -> str | None:
        return self._values.get(_key(name))

    def section(self, name: str) -> dict[str, str]:
        """All settings under `name:`, by their lower-case remainder."""
        start = _key(name) + ":"
        found = self._values.items()
        return {key.removeprefix(start): value for key, value in found if key.startswith(start)}

    def expand(self, text: str) -> str:
        """`text` with every %NAME% replaced. Raises Unusable on an unset name or a lone %."""
        parts = text.split("%")
        if len(parts) % 2 == 0:
            raise Unusable(f"'{text}' has a % without its pair; write %NAME%")
        parts[1::2] = [self._named(name, text) for name in parts[1::2]]
        return "".join(parts)

    def _named(self, name: str, text: str) -> str:
        value = self.get(name) if name else None
        if value is None:
            raise Unusable(f"'%{name}%' in '{text}' does not name a setting that has a value")
        return value


def load_environment(path: Path) -> None:
    """Puts a local.settings.json's Values into the environment, which wins where both speak."""
    document = read_json(path)
    if document.get("IsEncrypted"):
        raise StartFailed(f"{path} is encrypted; decrypt it with 'func settings decrypt'")
    for name, value in document.get("Values", {}).items():
        if not isinstance(value, str):
            raise StartFailed(f"{path}: Values.{name} must be a string")
        os.environ.setdefault(name, value)


def read_json(path: Path) -> dict[str, Any]:
    """Raises StartFailed unless the file holds a JSON object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise StartFailed(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(document, dict):
        raise StartFailed(f"{path} must hold a JSON object")
    return document


@dataclass(frozen=True)
class HostJson:
    """host.json with the AzureFunctionsJobHost__ overrides laid over it."""

    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path, settings: Settings) -> "HostJson":
        document = read_json(path) if path.exists() else {"version": "2.0"}
        if document.get("version") != "2.0":
            raise StartFailed(f'{path}: version must be "2.0"')
        for key, value in settings.section("AzureFunctionsJobHost").items():
            _put(document, key.split(":"), value)
        return cls(document)

    def value(self, path: str, default: Any) -> Any:
        """What stands at a dotted path, ignoring case, or the default."""
        node: Any = self.document
        for step in path.split("."):
            node = _member(node, step)
        return default if node is None else node

    def integer(self, path: str, default: int, least: int, most: int) -> int:
        value = self.value(path, default)
        if isinstance(value, bool) or not str(value).lstrip("-").isdigit():
            raise StartFailed(f"host.json: {path} must be a whole number, not {value!r}")
        if not least <= int(value) <= most:
            raise StartFailed(f"host.json: {path} must be between {least} and {most}, not {value}")
        return int(value)

    def seconds(self, path: str, default: float) -> float:
        value = self.value(path, None)
        if value is None:
            return default
        try:
            return time_span(str(value)).total_seconds()
        except ValueError as error:
            raise StartFailed(f"host.json: {path} must be a time such as 00:00:02") from error


def time_span(text: str) -> timedelta:
    """.NET's [d.]hh:mm[:ss[.fffffff]]. Raises ValueError on anything else."""
    match = _TIME_SPAN.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time span")
    days, hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds or 0),
        microseconds=int(f"{fraction or '0':0<7}") // 10,
    )


def is_true(value: object) -> bool:
    return str(value).strip().lower() in {"true", "1"}


def _key(name: str) -> str:
    return name.replace("__", ":").lower()


def _member(node: Any, step: str) -> Any:
    if not isinstance(node, Mapping):
        return None
    return next((value for key, value in node.items() if key.lower() == step.lower()), None)


def _put(node: dict[str, Any], steps: list[str], value: str) -> None:
    name = next((key for key in node if key.lower() == steps[0]), steps[0])
    if len(steps) == 1:
        node[name] = value
        return
    child = node.setdefault(name, {})
    if not isinstance(child, dict):
        child = node[name] = {}
    _put(child, steps[1:], value)
