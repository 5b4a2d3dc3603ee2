"""What the host app wants, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Wish(StrEnum):
    """`MOVE`: to another calendar, with this content. `SPREAD`: nothing is wanted of the event
    itself, but the links derived from it are to agree with it, or it with them.
    """

    WRITE = "write"
    MOVE = "move"
    SPREAD = "spread"
    DELETE = "delete"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Pending:
    """A wanted change not yet settled.

    `maybe_written` holds digests of contents that this or a replaced pending change may have
    put into Outlook: what Outlook shows that is in it is ours, not a person's edit.
    `attempted` is stored before a create is sent: from then on the tag is looked up first.
    `warnings` are for the operation, as `Operation` has them.
    `not_before`: it waits, so that several edits make one mail.
    `to` is the calendar, as text, of a `MOVE`. A `silent` one has no operation and no outcome.
    """

    appointment: str
    version: int
    wish: Wish
    accepted: datetime
    maybe_written: frozenset[str] = frozenset()
    attempted: bool = False
    tries: int = 0
    comment: str = ""
    warnings: tuple[dict[str, Any], ...] = ()
    not_before: datetime | None = None
    to: str = ""
    silent: bool = False
    traceparent: str = ""
    etag: str = ""


class OperationState(StrEnum):
    PENDING = "pending"
    APPLIED = "applied"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Operation:
    """The outcome of one accepted change; its id is `appointment.version`.

    `warnings` are what stands although it may not be meant: {"code", "detail", "pointer"}.
    """

    appointment: str
    version: int
    wish: Wish
    state: OperationState
    accepted: datetime
    settled: datetime | None = None
    problem: dict[str, Any] | None = None
    warnings: tuple[dict[str, Any], ...] = ()
    not_before: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.appointment}.{self.version}"
