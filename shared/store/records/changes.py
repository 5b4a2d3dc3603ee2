"""What is told to the host app, and where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a tenant's log. `id` guards against logging it twice; `number` is 0 until
    it is in the log. `data` is JSON. `began` is when it was done in Outlook, as far as known.
    """

    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    number: int = 0
    traceparent: str = ""
    began: datetime | None = None


class EndpointState(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook of the host app; a consumer of the log with its cursor.

    `cursor` is the number of the last change it confirmed. `busy_until` is the delivery lease.
    A secret is named by what its name in the vault ends with, and never changes; the first one
    has none. `former` are signed with too until each one's time, `coming` are being made: they
    are nobody's after theirs.
    """

    id: str
    tenant: str
    url: str
    state: EndpointState = EndpointState.ACTIVE
    cursor: int = 0
    failures: int = 0
    next_try: datetime | None = None
    busy_until: datetime | None = None
    cause: str = ""
    secret: str = ""
    former: tuple[tuple[str, datetime], ...] = ()
    coming: tuple[tuple[str, datetime], ...] = ()
    etag: str = ""
