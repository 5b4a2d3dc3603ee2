"""Access keys: made at the first start, kept in a file, and what each one opens."""

import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.host.settings import read_json


@dataclass(frozen=True)
class Keys:
    """`host` keys open any function; a function's own open that one; `master` opens all."""

    master: str
    host: dict[str, str]
    functions: dict[str, dict[str, str]]

    @classmethod
    def open(cls, path: Path, functions: list[str]) -> "Keys":
        """Reads the file, adds what is missing, writes it back readable by its owner only."""
        stored = read_json(path) if path.exists() else {}
        own = stored.get("functions", {})
        keys = cls(
            stored.get("master") or _new(),
            stored.get("host") or {"default": _new()},
            own | {name: own.get(name) or {"default": _new()} for name in functions},
        )
        _write(path, {"master": keys.master, "host": keys.host, "functions": keys.functions})
        return keys

    def is_master(self, key: str) -> bool:
        return _same(key, [self.master])

    def opens(self, key: str, level: str, function: str) -> bool:
        """Whether `key` is enough for a function of auth level `level`."""
        match level.lower():
            case "anonymous":
                return True
            case "admin":
                return self.is_master(key)
            case _:
                own = self.functions.get(function, {})
                return _same(key, [self.master, *self.host.values(), *own.values()])


def _new() -> str:
    return secrets.token_urlsafe(40)


def _same(key: str, allowed: list[str]) -> bool:
    # Every one is compared, so that time does not tell which came close.
    matches = [hmac.compare_digest(key.encode(), each.encode()) for each in allowed]
    return bool(key) and any(matches)


def _write(path: Path, document: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
