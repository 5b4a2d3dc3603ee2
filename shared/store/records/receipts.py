"""What is left to show of something that was ended. Nothing in it names anybody."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Copies(StrEnum):
    """What is to become of the events that the host app made in Outlook."""

    LEAVE = "leave"
    MARK = "mark"
    REMOVE = "remove"


class Ended(StrEnum):
    """What somebody asked to end, or (ENDPOINT) what ended with it."""

    CALENDAR = "calendar"
    CONNECTION = "connection"
    TENANT = "tenant"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`notify`: meetings may be removed too, although that mails their attendees."""

    id: str
    what: Ended
    asked: datetime
    copies: Copies = Copies.LEAVE
    notify: bool = False
    ended: datetime | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptPart:
    """What became of one calendar, connection or endpoint; `name` is a digest.

    `subscriptions` were to be deleted; one that Microsoft kept ends by itself at
    `subscription_until`. `secrets` were destroyed; one that the vault did not let us purge is
    purged by it at `purge_by`. `removed` events are not in Outlook any more; of those left,
    `with_guests` would have mailed attendees, `of_others` are of another organiser, `refused`
    Microsoft refused to touch, and to `unreachable` it did not let us any more.
    """

    receipt: str
    name: str
    what: Ended
    subscriptions: int = 0
    subscription_until: datetime | None = None
    secrets: int = 0
    purge_by: datetime | None = None
    refused_writes: int = 0
    left: int = 0
    marked: int = 0
    removed: int = 0
    with_guests: int = 0
    of_others: int = 0
    refused: int = 0
    unreachable: int = 0
