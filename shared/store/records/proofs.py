"""What was found out about a grant that is limited to some mailboxes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """Of opening one mailbox."""

    REACHED = "reached"
    REFUSED = "refused"
    MISSING = "missing"


class Verdict(StrEnum):
    SCOPED = "scoped"
    NOT_SCOPED = "not_scoped"
    NOT_YET = "not_yet"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Proof:
    """`inside` and `outside` are the mailboxes that were tried, `why` the verdict in plain words,
    `roles` those of the token it was tried with.
    """

    id: str
    tenant: str
    connection: str
    at: datetime
    inside: str
    outside: str
    inside_found: Outcome
    outside_found: Outcome
    verdict: Verdict
    why: str
    roles: tuple[str, ...] = ()
    etag: str = ""
