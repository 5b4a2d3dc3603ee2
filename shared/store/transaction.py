"""What goes into one entity group transaction, and how much of it.

One partition, 100 rows, each row once, 4 MiB.
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from azure.core import MatchConditions
from azure.data.tables import UpdateMode

from shared.store.rows import Row, row_of

MOST_ROWS = 100
MOST_BYTES = 3_500_000  # of 4 MiB: what the envelope of each row takes is only estimated
FULL_BYTES = 900_000  # beyond 1 MiB aiohttp warns that sending holds up the event loop
ENVELOPE = 1_500

Verb = Literal["create", "update", "upsert", "delete"]


@dataclass(frozen=True, slots=True)
class Write:
    """`etag` "" means unconditional. A lenient deletion may find nothing."""

    verb: Verb
    row: Row
    etag: str = ""
    lenient: bool = False

    @property
    def partition(self) -> str:
        return str(self.row["PartitionKey"])

    @property
    def name(self) -> str:
        return str(self.row["RowKey"])

    @property
    def size(self) -> int:
        return ENVELOPE + sum(_size(name, value) for name, value in self.row.items())


@dataclass(frozen=True, slots=True)
class Group:
    """Rows to be written together. `shared` are those that other groups may write as well, by
    name, with how large they were, in bytes; `growth` is what this one adds to them.
    """

    writes: list[Write]
    shared: Mapping[str, int] = field(default_factory=dict[str, int])
    growth: int = 0

    @property
    def names(self) -> set[str]:
        return {write.name for write in self.writes}

    @property
    def size(self) -> int:
        return self.growth + sum(write.size for write in self.writes)


def put(record: Any, partition: str, name: str) -> Write:
    row = row_of(record, partition, name)
    return Write("update", row, record.etag) if record.etag else Write("create", row)


def upsert(record: Any, partition: str, name: str) -> Write:
    return Write("upsert", row_of(record, partition, name))


def delete(partition: str, name: str, etag: str = "") -> Write:
    row = {"PartitionKey": partition, "RowKey": name}
    return Write("delete", row, etag, lenient=not etag)


def operation(write: Write) -> tuple[str, Row, dict[str, Any]]:
    options: dict[str, Any] = {}
    if write.verb == "create":
        options["response_preference"] = "return-no-content"
    if write.verb in ("update", "upsert"):
        options["mode"] = UpdateMode.REPLACE
    if write.etag:
        options |= {"etag": write.etag, "match_condition": MatchConditions.IfNotModified}
    return write.verb, write.row, options


def packed(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Groups that fit in one transaction together, in order; a group is never split.

    One row of each is left free, for the fence. ValueError for a group that fits in none.
    """
    load = _Load()
    for group in groups:
        if load.groups and not load.takes(group):
            yield load.groups
            load = _Load()
        if not load.takes(group):
            raise ValueError("these rows are too many or too large for one transaction")
        load.add(group)
    if load.groups:
        yield load.groups


class _Load:
    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.names: set[str] = set()
        self.shared: dict[str, int] = {}
        self.size = ENVELOPE

    def takes(self, group: Group) -> bool:
        names, shared = group.names, {**self.shared, **group.shared}
        size = self.size + group.size
        return (
            len(names) == len(group.writes)
            and self.names.isdisjoint(names)
            and len(self.names) + len(names) + len(shared) < MOST_ROWS
            and (not self.groups or size <= FULL_BYTES)
            and size + sum(ENVELOPE + one for one in shared.values()) <= MOST_BYTES
        )

    def add(self, group: Group) -> None:
        self.groups.append(group)
        self.names |= group.names
        self.shared.update(group.shared)
        self.size += group.size


def _size(name: str, value: Any) -> int:
    r"""Base64 for bytes; at worst six bytes (\uXXXX) for each character of a text."""
    if isinstance(value, bytes):
        return 2 * len(name) + 40 + len(value) * 4 // 3
    return 2 * len(name) + 40 + 6 * len(value) if isinstance(value, str) else 100
