"""What each place says of the names that a deployment stands on, read from a copy of the project."""

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = "shared/settings.py"
SAMPLE = "local.settings.sample.json"
HOST = "host.json"
NAMES = "infra/names.json"
MAIN = "infra/main.bicep"
APP = "infra/modules/app.bicep"
STORAGE = "infra/modules/storage.bicep"
ALERTS = "infra/modules/alerts.bicep"
REGISTRATION = "infra/modules/registration.bicep"
APP_SETTINGS = "infra/modules/settings.bicep"
REQUIREMENTS = "requirements.txt"
WORKFLOW = ".github/workflows/ci.yml"
ROLLOUTS = "docs/rollouts.md"
STORE = "shared/store"
FILES = (
    *(SETTINGS, SAMPLE, HOST, NAMES, REQUIREMENTS, WORKFLOW, "pyproject.toml"),
    *(MAIN, APP, STORAGE, ALERTS, REGISTRATION, APP_SETTINGS, ROLLOUTS),
)

# Between braces that stand at these depths: `resource settings ... {` and its `properties: {`.
_APP_SETTING = re.compile(r"^ {4}'?(\w+)'?:", re.MULTILINE)
_TABLE = re.compile(r"\bTable\(([^:()]+)\)")
_WRITTEN_OUT = re.compile(r'\w+, "(\w+)"')
_OVERRIDE = "AzureFunctionsJobHost__"


@dataclass(frozen=True)
class Sources:
    read: frozenset[str]
    sample: frozenset[str]
    deployed: frozenset[str]
    host: Mapping[str, Any]
    names: Mapping[str, Any]
    tables: frozenset[str]
    bindings: Mapping[str, Mapping[str, Any]]
    """By function name: its trigger as the Functions host gets it."""
    texts: Mapping[str, str]
    pythons: tuple[str, ...]
    requires: str


def gather(root: Path, bindings: Mapping[str, Mapping[str, Any]]) -> Sources:
    texts = {name: (root / name).read_text() for name in FILES}
    return Sources(
        read=frozenset(_read(texts[SETTINGS])),
        sample=frozenset(json.loads(texts[SAMPLE])["Values"]),
        deployed=frozenset(_APP_SETTING.findall(_block(texts[APP_SETTINGS]))),
        host=json.loads(texts[HOST]),
        names=json.loads(texts[NAMES]),
        tables=frozenset(_tables((root / STORE).rglob("*.py"))),
        bindings=bindings,
        texts=texts,
        pythons=tuple(re.findall(r'"(3\.\d+)"', texts[WORKFLOW])),
        requires=tomllib.loads(texts["pyproject.toml"])["project"]["requires-python"],
    )


def overrides(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Settings that stand for a value of host.json, and the path of that value."""
    for name in names:
        if name.startswith(_OVERRIDE):
            yield name, name.removeprefix(_OVERRIDE).split("__")


def _read(source: str) -> Iterator[str]:
    """The first argument of every `reader.text(...)` and its like."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_reading(node.func):
            first = node.args[0]
            assert isinstance(first, ast.Constant), "a setting's name must be written out"
            yield first.value


def _is_reading(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "reader"
        and called.attr != "wrong"
    )


def _block(bicep: str) -> str:
    """The properties of the app's settings."""
    _, _, after = bicep.partition("  properties: {\n")
    return after.partition("\n  }\n")[0]


def _tables(files: Iterable[Path]) -> Iterator[str]:
    """The second argument of every `Table(tables, "...")`."""
    for file in files:
        for call in _TABLE.findall(file.read_text()):
            name = _WRITTEN_OUT.fullmatch(call)
            assert name, f"{file}: write the table's name out: Table({call})"
            yield name[1]
