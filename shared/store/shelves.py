"""Copies, many to a row. Pure.

Of a mailbox that is read for the first time every event may be one: a row for each would cost
a transaction a hundred events, and be read one by one for ever. So they lie on sixteen shelves,
each a row of a calendar's partition, and only who holds the lease puts anything there: what it has
read stays so until its transaction, whose fence fails otherwise. Of a row's 1 MiB a copy takes
about 200 bytes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from shared.store.keys import hashed
from shared.store.records import Copy, Settlement
from shared.store.rows import Found, record_of
from shared.store.transaction import Write, upsert

PREFIX = "K|"


@dataclass(frozen=True, slots=True)
class Shelf:
    copies: tuple[Copy, ...] = ()


def shelf_name(event_id: str) -> str:
    return f"{PREFIX}{hashed(event_id)[0]}"


def names(event_ids: Iterable[str]) -> list[str]:
    return sorted({shelf_name(one) for one in event_ids})


def touched(settlement: Settlement) -> list[str]:
    """The event ids of the copies that it puts or drops."""
    put = settlement.copy.event_id if settlement.copy else ""
    return [one for one in (settlement.drop_copy, put) if one]


def copies_of(rows: Iterable[Found]) -> list[Copy]:
    return [copy for row in rows for copy in record_of(Shelf, row).copies]


class Shelves:
    """Those that some settlements touch: as they were found, then with one after the other."""

    def __init__(self, partition: str, found: Iterable[Found]) -> None:
        rows = list(found)
        self._partition = partition
        self._copies = {copy.event_id: copy for copy in copies_of(rows)}
        self._sizes = {row.name: _stored(row.values) for row in rows}
        self._changed: set[str] = set()

    def sizes(self, settlement: Settlement) -> dict[str, int]:
        """Of the rows it touches, by name, in bytes on the wire; at most, and as they were."""
        return {name: self._sizes.get(name, 0) for name in names(touched(settlement))}

    def take(self, settlements: Iterable[Settlement]) -> None:
        for settlement in settlements:
            if self._copies.pop(settlement.drop_copy, None):
                self._changed.add(shelf_name(settlement.drop_copy))
            if copy := settlement.copy:
                self._copies[copy.event_id] = copy
                self._changed.add(shelf_name(copy.event_id))

    def writes(self) -> list[Write]:
        """Of what was changed since this was asked last."""
        lying: dict[str, list[Copy]] = {name: [] for name in sorted(self._changed)}
        for copy in self._copies.values():
            if (name := shelf_name(copy.event_id)) in lying:
                lying[name].append(copy)
        self._changed.clear()
        return [
            upsert(Shelf(tuple(copies)), self._partition, name) for name, copies in lying.items()
        ]


def growth(settlement: Settlement) -> int:
    """How many bytes more there are on the wire after it, at most."""
    return len(json.dumps(astuple(settlement.copy))) * 4 // 3 if settlement.copy else 0


def _stored(row: Mapping[str, object]) -> int:
    return sum(len(value) * 4 // 3 for value in row.values() if isinstance(value, bytes))
