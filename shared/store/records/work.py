"""What one worker does at a time, and what must be looked at when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.store.records.changes import Change
from shared.store.records.links import Copy, Kept, Link
from shared.store.records.pendings import Operation, Pending
from shared.store.records.states import CalendarKey


@dataclass(frozen=True, slots=True)
class Settlement:
    """All rows of one event that must change together (rule: settle once).

    `forget` names a link that goes with its index row. `event_was` is an event id whose index
    row is out of date (the link stays, as a tombstone or with another event). Every field left
    at its default leaves its rows alone.
    """

    link: Link | None = None
    event_was: str = ""
    forget: Link | None = None
    done: Pending | None = None
    keep: Pending | None = None
    operations: tuple[Operation, ...] = ()
    changes: tuple[Change, ...] = ()
    copy: Copy | None = None
    drop_copy: str = ""
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """`etag` is the fence: every settling transaction carries and renews it. `holder` names one
    run of one worker. `settled` counts the changes that ever went into the calendar's outbox,
    so that their order depends on no clock.
    """

    key: CalendarKey
    holder: str
    until: datetime
    etag: str
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A calendar is dirty. `hints` are (event id, etag) pairs that notifications named, `traces`
    the traceparents of those who marked it.
    """

    key: CalendarKey
    since: datetime
    hints: tuple[tuple[str, str], ...] = ()
    traces: tuple[str, ...] = ()
    etag: str = ""


class DueKind(StrEnum):
    WORK = "work"
    POLL = "poll"
    RENEW = "renew"
    DELIVER = "deliver"
    KEPT = "kept"
    STANDING = "standing"
    CHECK = "check"
    LINK = "link"
    ROLLOUT = "rollout"
    END = "end"
    REFILL = "refill"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the due index: `name` needs a look of `kind` at `at` (rounded up to a minute)."""

    kind: DueKind
    at: datetime
    name: str
