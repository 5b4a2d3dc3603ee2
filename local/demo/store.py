"""What Meridian Care keeps of its own, in SQLite: appointments, changes to be sent, the log."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LINES_SHOWN = 60

_SCHEMA = """
create table if not exists appointments (
  tenant text, id text, person text, fields text, version integer, sync text,
  origin text, is_organizer integer, deleted integer, problem text,
  primary key (tenant, id));
create table if not exists sending (
  number integer primary key autoincrement, tenant text, appointment text, verb text,
  body text, line integer);
create table if not exists lines (
  number integer primary key autoincrement, tenant text, time text, side text, who text,
  text text, state text, lag integer, detail text, operation text);
create table if not exists facts (name text primary key, value text);
"""


@dataclass(frozen=True)
class Appointment:
    """`fields` are those of the API. `version` is Calbridge's, 0 before it has it.

    `sync` is local (nobody else has it), waiting, synced or refused.
    """

    tenant: str
    id: str
    person: str
    fields: dict[str, Any]
    version: int = 0
    sync: str = "local"
    origin: str = "app"
    is_organizer: bool = True
    deleted: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Errand:
    """One change that Calbridge is to be told: `body` is {} for a deletion."""

    number: int
    tenant: str
    appointment: str
    verb: str
    body: dict[str, Any]
    line: int


@dataclass(frozen=True)
class Line:
    """One line of the change log. `lag` is in milliseconds; `side` is where it began.

    `state` is waiting (to be shown by the other side), sent (without anything to be shown),
    done, refused, kept (it concerns this side alone) or note.
    """

    tenant: str
    side: str
    text: str
    state: str = "note"
    lag: int | None = None
    detail: str = ""
    operation: str = ""
    who: str = ""
    number: int = 0
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat())


class Store:
    """Small and on this machine, so nothing here waits."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)
        # Whoever measured is gone since.
        self._run("update lines set state = 'note' where state = 'waiting'")

    def close(self) -> None:
        self._db.close()

    def appointments(self, tenant: str) -> list[Appointment]:
        """Those that were not deleted."""
        rows = self._all(
            "select * from appointments where tenant = ? and deleted = 0 order by id", tenant
        )
        return [_appointment(row) for row in rows]

    def appointment(self, tenant: str, name: str) -> Appointment | None:
        rows = self._all("select * from appointments where tenant = ? and id = ?", tenant, name)
        return _appointment(rows[0]) if rows else None

    def put(self, item: Appointment) -> None:
        values = {**vars(item), "fields": json.dumps(item.fields)}
        self._insert("insert or replace", "appointments", values)

    def send(self, tenant: str, appointment: str, verb: str, body: Any, line: int) -> None:
        values = {"tenant": tenant, "appointment": appointment, "verb": verb, "line": line}
        self._insert("insert", "sending", {**values, "body": json.dumps(body)})

    def errands(self, tenant: str = "", appointment: str = "") -> list[Errand]:
        """Oldest first; of one appointment, or all."""
        rows = self._all(
            "select * from sending where (? = '' or tenant = ?) and (? = '' or appointment = ?) "
            "order by number",
            *(tenant, tenant, appointment, appointment),
        )
        return [Errand(**{**dict(row), "body": json.loads(row["body"])}) for row in rows]

    def sent(self, number: int) -> None:
        self._run("delete from sending where number = ?", number)

    def write(self, line: Line) -> int:
        values = {k: v for k, v in vars(line).items() if k != "number"}
        return self._insert("insert", "lines", values)

    def amend(self, number: int, **changes: Any) -> None:
        found = self._all("select * from lines where number = ?", number)
        if found:
            line = replace(Line(**dict(found[0])), **changes)
            self._insert("insert or replace", "lines", vars(line))

    def lines(self, tenant: str) -> list[Line]:
        """The newest first."""
        rows = self._all(
            "select * from lines where tenant = ? order by number desc limit ?",
            *(tenant, LINES_SHOWN),
        )
        return [Line(**dict(row)) for row in rows]

    def line_of(self, tenant: str, operation: str) -> Line | None:
        rows = self._all(
            "select * from lines where tenant = ? and operation = ? order by number desc",
            *(tenant, operation),
        )
        return Line(**dict(rows[0])) if rows else None

    def fact(self, name: str, default: Any = None) -> Any:
        rows = self._all("select value from facts where name = ?", name)
        return json.loads(rows[0]["value"]) if rows else default

    def set_fact(self, name: str, value: Any) -> None:
        self._insert("insert or replace", "facts", {"name": name, "value": json.dumps(value)})

    @contextmanager
    def together(self) -> Iterator[None]:
        """All of it or nothing."""
        self._db.execute("begin")
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.commit()

    def _insert(self, verb: str, table: str, values: dict[str, Any]) -> int:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        return self._run(f"{verb} into {table} ({names}) values ({marks})", *values.values())

    def _run(self, statement: str, *values: Any) -> int:
        alone = not self._db.in_transaction
        cursor = self._db.execute(statement, values)
        if alone:
            self._db.commit()
        return cursor.lastrowid or 0

    def _all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(query, values).fetchall()


def _appointment(row: sqlite3.Row) -> Appointment:
    values = {**dict(row), "fields": json.loads(row["fields"])}
    flags = {name: bool(values[name]) for name in ("is_organizer", "deleted")}
    return Appointment(**{**values, **flags})
