"""Rollouts: many mailboxes at once."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from shared.api.schemas.base import Sent, Told, Words, names_mailbox
from shared.api.schemas.tenancy import TimeZone
from shared.store.records import RolloutSource

Mailbox = Annotated[str, Field(max_length=320), AfterValidator(names_mailbox)]
StageName = Literal["found", "waiting", "connecting", "live", "failed", "unreachable", "left"]


class RolloutSourceIn(Sent):
    """One of the three. `group` is an Entra object id, with the groups in it."""

    all: Literal[True] | None = None
    group: str = Field("", pattern=r"^$|^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
    mailboxes: list[Mailbox] = Field(default_factory=list[str], max_length=5000)

    @model_validator(mode="after")
    def _one(self) -> "RolloutSourceIn":
        if sum(map(bool, (self.all, self.group, self.mailboxes))) != 1:
            raise ValueError("must have exactly one of all, group and mailboxes")
        return self

    @property
    def kind(self) -> RolloutSource:
        if self.all:
            return RolloutSource.ALL
        return RolloutSource.GROUP if self.group else RolloutSource.LIST


class RolloutIn(Sent):
    """`follow`: who comes is connected and who leaves is disconnected, once a day."""

    source: RolloutSourceIn
    ring: str = Field("", max_length=100)
    dry: bool = False
    follow: bool = True
    time_zone: TimeZone = ""


class RolloutOut(Told):
    """`mailboxes` has `total`, `by_stage` and `by_class`. `percent` is of those found so far;
    `seconds_left` is reckoned from what was measured, null where nothing was yet.
    """

    id: str
    connection: str
    source: str
    group: str
    ring: str
    dry: bool
    follow: bool
    state: str
    cause: str
    since: datetime
    created: datetime
    listed_at: datetime | None
    done_at: datetime | None
    mailboxes: Words
    percent: int
    seconds_left: int | None


class Rollouts(Told):
    rollouts: list[RolloutOut]
    next: str


class RolloutMailboxOut(Told):
    """`name` is how a list named it. `class` says what a look showed, `cause` what is wrong."""

    id: str
    name: str
    mailbox: str
    display_name: str
    stage: str
    cause: str
    since: datetime
    tries: int
    look_at: datetime | None


class RolloutMailboxes(Told):
    mailboxes: list[RolloutMailboxOut]
    next: str


class Rehearsal(Told):
    """`events` are those Outlook shows: `imported` by the first round, `left_alone` until
    somebody edits them, `left_out` by the policy. `writes` are your changes that wait, `mails`
    those of them that make Exchange mail, to `people` (who has several of your calendars is
    counted for each).
    """

    rollout: str
    calendars: int
    events: dict[str, int]
    writes: dict[str, int]
    mails: int
    people: int
