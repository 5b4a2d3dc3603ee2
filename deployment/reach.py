"""Which of the Graph SDK's generated modules the app can reach.

The SDK holds a module for each request and model of Graph, sixteen thousand, of which an app uses
a few dozen. Its modules import others where they are read and, inside functions, where they are
used. So a module is kept if a kept module imports it when it is read, or inside a function that
may be called: one whose name stands somewhere in the app or in a kept module's kept function, or
`serialize`, which the SDK calls to write a request's body. Answers are taken as they come, so
nothing that decodes them counts.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SDK = "msgraph"
CALLED_BY_SDK = frozenset({"serialize"})
DECODING = frozenset({"create_from_discriminator_value", "get_field_deserializers"})


@dataclass(frozen=True)
class Import:
    """`inside` is the function it stands in, "" for none."""

    module: str
    inside: str


@dataclass
class Reach:
    """`site` is the folder that holds the SDK's package."""

    site: Path
    used: frozenset[str]
    kept: dict[str, Path] = field(default_factory=dict[str, Path])

    def follow(self, modules: Iterable[str]) -> None:
        waiting = list(modules)
        while waiting:
            name = waiting.pop()
            for part in _with_parents(name):
                file = self._file(part)
                if file and part not in self.kept:
                    self.kept[part] = file
                    waiting += self._imported(part, file)

    def _imported(self, name: str, file: Path) -> Iterator[str]:
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for found in imports(ast.parse(file.read_bytes()), package):
            if _of_sdk(found.module) and (not found.inside or self._called(found.inside)):
                yield found.module

    def _called(self, function: str) -> bool:
        if function in DECODING:
            return False
        return function in CALLED_BY_SDK or function.startswith("__") or function in self.used

    def _file(self, module: str) -> Path | None:
        base = self.site / Path(*module.split("."))
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if file.is_file():
                return file
        return None


def reachable(app: Iterable[Path], site: Path) -> dict[str, Path]:
    """The SDK's modules to keep, by name. `app` are the source files of the app."""
    trees = [ast.parse(file.read_bytes()) for file in app]
    reach = Reach(site, frozenset(name for tree in trees for name in _names(tree)))
    reach.follow(
        found.module for tree in trees for found in imports(tree, "") if _of_sdk(found.module)
    )
    return reach.kept


def imports(tree: ast.AST, package: str, inside: str = "") -> Iterator[Import]:
    """All but those for type checkers. A name imported from a module may be a module itself."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _for_type_checkers(node.test):
            continue
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            yield Import(module, inside)
            yield from (Import(f"{module}.{alias.name}", inside) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (Import(alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, package, inside or node.name)
        else:
            yield from imports(node, package, inside)


def _of_sdk(module: str) -> bool:
    return module.partition(".")[0] == SDK


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _for_type_checkers(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
