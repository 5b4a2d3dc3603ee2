"""Records as rows of a table, and back.

A field that is None has no property. Texts, numbers and truth values are properties of their
own; all else (an event, a list, a long text) is JSON, compressed, in binary properties of at
most 60,000 bytes named field_0, field_1 ..., because a property may hold 64 KiB.
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from azure.data.tables import EdmType, EntityProperty

from shared.calendar.event import Event
from shared.calendar.event_json import event_from_json, event_to_json
from shared.store.records import CalendarKey, Copy, Held, Spread

CHUNK = 60_000
LONG_TEXT = 8_000
Row = dict[str, Any]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Found:
    """A row as it was read."""

    values: Row
    etag: str

    @property
    def name(self) -> str:
        return str(self.values["RowKey"])

    def text(self, name: str) -> str:
        return str(self.values[name])

    def number(self, name: str) -> int:
        return int(_value(self.values, name))


def row_of(record: object, partition: str, name: str) -> Row:
    row: Row = {"PartitionKey": partition, "RowKey": name}
    kind = type(record)
    for field in _hints(kind):
        if field != "etag":
            row.update(_properties(field, _plain(getattr(record, field))))
    return row


def record_of(kind: type[R], row: Found) -> R:
    """The row's own etag, which is no property, becomes the record's, where the record has one."""
    values = {
        name: _typed(hint, _value(row.values, name))
        for name, hint in _hints(kind).items()
        if name != "etag" and (_holds(row.values, name) or _may_be_none(hint))
    }
    if "etag" in _hints(kind):
        values["etag"] = row.etag
    return kind(**values)


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _may_be_none(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _holds(row: Mapping[str, Any], name: str) -> bool:
    return name in row or f"{name}_0" in row


def _plain(value: Any) -> Any:
    """What JSON can say, from what a record holds."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Event() | Held() | Copy():
            return _nested(value)
        case CalendarKey():
            return str(value)
        case frozenset():
            return sorted(cast("frozenset[str]", value))
        case tuple():
            return [_plain(item) for item in cast("tuple[Any, ...]", value)]
        case _:
            return value


def _nested(value: Event | Held | Copy) -> dict[str, Any] | list[str]:
    if isinstance(value, Event):
        return event_to_json(value)
    if isinstance(value, Copy):  # there are many, whose fields all have the same names
        return list(astuple(value))
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}


def _properties(name: str, value: Any) -> Row:
    match value:
        case None:
            return {}
        case Enum():
            return {name: value.value}
        case bool():
            return {name: value}
        case int():
            return {name: EntityProperty(value, EdmType.INT64)}
        case str() if len(value) <= LONG_TEXT:
            return {name: value}
        case _:
            return {f"{name}_{i}": chunk for i, chunk in enumerate(_chunks(value))}


def _chunks(value: Any) -> list[bytes]:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"))
    return [packed[i : i + CHUNK] for i in range(0, len(packed), CHUNK)]


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name in row:
        value = row[name]
        return value.value if isinstance(value, EntityProperty) else value
    packed = b""
    while (chunk := row.get(f"{name}_{len(packed) // CHUNK}")) is not None:
        packed += cast("bytes", chunk)
        if len(chunk) < CHUNK:
            break
    text = zlib.decompress(packed).decode("utf-8", "surrogatepass") if packed else "null"
    return json.loads(text)


def _typed(hint: Any, value: Any) -> Any:
    """What a record holds, from what JSON said."""
    if value is None:
        return None
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _typed(next(h for h in inner if h is not type(None)), value)
    if origin is tuple:
        return _tuple(inner, value)
    if origin is frozenset:
        return frozenset(value)
    return _scalar(hint, value)


def _tuple(inner: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    if inner[-1] is Ellipsis:
        return tuple(_typed(inner[0], item) for item in value)
    return tuple(_typed(hint, item) for hint, item in zip(inner, value, strict=True))


def _scalar(hint: Any, value: Any) -> Any:
    if hint in _READERS:
        return _READERS[hint](value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


def _held(value: dict[str, Any]) -> Held:
    hints = _hints(Held)
    return Held(**{name: _typed(hints[name], part) for name, part in value.items()})


def _spread(value: list[str]) -> Spread:
    return Spread(*value)


def _copy(value: list[str]) -> Copy:
    return Copy(*value)


_READERS: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    Event: event_from_json,
    CalendarKey: CalendarKey.parse,
    Held: _held,
    Spread: _spread,
    Copy: _copy,
}
