"""Builds every request that the app can make, and prints how many: run on a pruned SDK.

A builder is whatever in shared/graph gives a RequestInformation; what it takes is made up.
"""

import importlib
import inspect
import pkgutil
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Union

from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.request_adapter import RequestAdapter
from kiota_abstractions.request_information import RequestInformation
from kiota_serialization_json.json_serialization_writer_factory import (
    JsonSerializationWriterFactory,
)
from msgraph_core import BaseGraphRequestAdapter

import shared.graph

ADAPTER = BaseGraphRequestAdapter(
    AnonymousAuthenticationProvider(),
    serialization_writer_factory=JsonSerializationWriterFactory(),
)
MADE_UP: dict[Any, Any] = {
    str: "x",
    int: 1,
    bool: True,
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    RequestAdapter: ADAPTER,
}


def filled(function: Callable[..., Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return {name: made_up(hints[name]) for name in names}


def made_up(hint: Any) -> Any:
    kind = typing.get_origin(hint) or hint
    if kind in MADE_UP:
        return MADE_UP[kind]
    if kind in {Union, UnionType}:
        return made_up(typing.get_args(hint)[0])
    if issubclass(kind, Mapping):
        return {}
    if issubclass(kind, Iterable):
        return [made_up(one) for one in typing.get_args(hint)[:1]]
    return kind(**filled(kind.__init__))


def builders() -> Iterator[Callable[[], RequestInformation]]:
    for module in pkgutil.walk_packages(shared.graph.__path__, "shared.graph."):
        members = vars(importlib.import_module(module.name))
        own = [one for one in members.values() if getattr(one, "__module__", "") == module.name]
        for one in own:
            if inspect.isclass(one):
                methods = [m for m in vars(one).values() if inspect.isfunction(m)]
                if any(_builds(method) for method in methods):
                    made = one(**filled(one.__init__))
                    yield from _bound(made, methods)
            elif inspect.isfunction(one) and _builds(one):
                yield from _bound(None, [one])


def _bound(made: Any, functions: list[Any]) -> Iterator[Callable[[], RequestInformation]]:
    for function in functions:
        if _builds(function):
            first = () if made is None else (made,)
            yield lambda f=function, first=first: f(*first, **filled(f))


def _builds(function: Any) -> bool:
    return typing.get_type_hints(function).get("return") is RequestInformation


def main() -> int:
    count = 0
    for build in builders():
        if not build().url_template:
            raise AssertionError("a request without a place to go to")
        count += 1
    return count


if __name__ == "__main__":
    sys.stdout.write(str(main()))
