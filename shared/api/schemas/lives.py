"""Ending, pausing, and the one provider that is active."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.api.schemas.base import Sent, Told
from shared.calendar.check import is_control

CopiesWord = Literal["leave", "mark", "remove"]


class SubscriptionsEnded(Told):
    """`left` are those that Microsoft did not let us delete; the last of them ends at `end_by`."""

    deleted: int
    left: int
    end_by: datetime | None


class SecretsDestroyed(Told):
    """What is not purged yet the vault keeps for a while, the last of it until `purge_by`."""

    destroyed: int
    purged: int
    purge_by: datetime | None


class LeftBecause(Told):
    """Events that were to be removed or marked, and stay: `with_guests` would have mailed their
    attendees, `of_others` are organised by somebody else, `refused` Microsoft did not let be
    changed, and to `unreachable` it gave no access any more.
    """

    with_guests: int
    of_others: int
    refused: int
    unreachable: int


class CopiesEnded(Told):
    wanted: CopiesWord
    notify: bool
    left: int
    marked: int
    removed: int
    left_because: LeftBecause


class ReceiptOut(Told):
    """Grows while the state is `disconnecting`, and stays as it is once that is `disconnected`."""

    id: str
    what: Literal["calendar", "connection", "tenant"]
    state: Literal["disconnecting", "disconnected"]
    asked: datetime
    ended: datetime | None
    calendars: int
    subscriptions: SubscriptionsEnded
    secrets: SecretsDestroyed
    copies: CopiesEnded
    refused_writes: int


def _readable(value: str) -> str:
    if is_control(value):
        raise ValueError("must not hold control characters")
    return value


Provider = Annotated[str, Field(max_length=60, examples=["google"]), AfterValidator(_readable)]


class ReconnectIn(Sent):
    return_url: str = Field("", max_length=2000)


class ProviderIn(Sent):
    """Null: no other than Microsoft 365."""

    active: Provider | None


class ProviderOut(Told):
    active: str | None
