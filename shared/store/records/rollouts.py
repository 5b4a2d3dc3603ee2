"""Many mailboxes of one tenant, connected at once."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RolloutSource(StrEnum):
    """Whose mailboxes: everybody's of the directory, a group's, or those of a list."""

    ALL = "all"
    GROUP = "group"
    LIST = "list"


class RolloutState(StrEnum):
    """`DONE` stays so while staff is followed."""

    CREATED = "created"
    DISCOVERING = "discovering"
    CONNECTING = "connecting"
    DONE = "done"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ACTION_REQUIRED = "action_required"


class Stage(StrEnum):
    """How far one mailbox of a rollout is. In `FAILED` its calendar waits for a person; in
    `LEFT` its owner is no longer of those who were to be connected.
    """

    FOUND = "found"
    WAITING = "waiting"
    CONNECTING = "connecting"
    LIVE = "live"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    LEFT = "left"


class MailboxClass(StrEnum):
    """What a look at a mailbox showed; all but `REACHABLE` say why it is not connected."""

    UNSEEN = ""
    REACHABLE = "reachable"
    NO_LICENCE = "no_licence"
    ON_PREMISES = "on_premises"
    INACTIVE = "inactive"
    UNOPENED = "unopened"
    GUEST = "guest"
    DISABLED = "disabled"
    SHARED = "shared"
    ROOM = "room"
    EQUIPMENT = "equipment"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    ELSEWHERE = "elsewhere"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Rollout:
    """`group` is the Entra object id of a group. `ring` is the host app's word for which part of
    its customer this is. While `listing`, the directory is being read: `cursor` is the page that
    comes next ("" the first), `delta_link` where the next reading starts. `counts` are
    mailboxes by `stage` and by `stage.class`, kept in the same transaction as they are.
    `started` is when it first had something to connect, `moved` when a mailbox last got any
    further, `next_pass` when the message that is under way comes. A `dry` one writes nothing,
    `lifting` ends that; `done` is when all of it had come to an end.
    """

    id: str
    tenant: str
    connection: str
    source: RolloutSource
    state: RolloutState
    since: datetime
    created: datetime
    group: str = ""
    ring: str = ""
    dry: bool = False
    follow: bool = True
    time_zone: str = ""
    cause: str = ""
    listing: bool = True
    cursor: str = ""
    delta_link: str = ""
    listed: datetime | None = None
    started: datetime | None = None
    moved: datetime | None = None
    done: datetime | None = None
    lifting: bool = False
    next_pass: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])
    etag: str = ""


@dataclass(frozen=True, slots=True)
class RolloutMailbox:
    """`id` is the owner's Entra object id; of what a list names and nobody has looked up yet, or
    what is not there, a hash of that name. `name` is how the list named it. `problem` is a code
    of the catalogue. `seen` is the reading of the directory that showed it last.
    """

    tenant: str
    rollout: str
    id: str
    stage: Stage
    since: datetime
    name: str = ""
    kind: MailboxClass = MailboxClass.UNSEEN
    address: str = ""
    display_name: str = ""
    aliases: tuple[str, ...] = ()
    problem: str = ""
    dry: bool = False
    tries: int = 0
    look_at: datetime | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A mailbox of a rollout gets from one stage to another: `old` goes, `new` comes. Without
    `old` it is new, without `new` it is forgotten.
    """

    old: RolloutMailbox | None
    new: RolloutMailbox | None
