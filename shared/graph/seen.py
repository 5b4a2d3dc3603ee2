"""What Graph showed, decoded once into values."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.calendar.event import Event


class Kind(StrEnum):
    SINGLE = "single"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "master"


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of a round, or one event read by id.

    `event` is None for a removed item, and for a series' master, occurrences and exceptions in a
    round: a series is one event, which `Mailbox.event` reads as a whole (and leaves None where
    its pattern is none that Graph documents). `start` is the instant at which it begins, as
    Graph shows it, of bare occurrences too; `original_start` the one at which the pattern has
    an exception, wherever it was moved to. `instances` are the exceptions of a whole series, as
    day of the rule, event id and etag: good for the step at hand, as Outlook may give
    occurrences new ids. `tag` is the appointment id from our extended property, "" when it was
    not asked for or is another tenant's. A removed item may only have left the window: confirm
    with `Mailbox.event` before acting on it. `body_html` is the whole body as Graph sent it if
    that was HTML, of which the event's own may be a section; a write of the body needs it to
    keep the rest, as one of an exception does its `instance_html`. `zone` is the IANA zone the
    event was made in, "" where it is none we know.
    """

    event_id: str
    etag: str = ""
    ical_uid: str = ""
    kind: Kind = Kind.SINGLE
    series_master: str = ""
    organizer: str = ""
    is_organizer: bool = True
    is_cancelled: bool = False
    event: Event | None = None
    start: datetime | None = None
    removed: bool = False
    tag: str = ""
    join_url: str = ""
    last_modified: datetime | None = None
    original_start: datetime | None = None
    instances: tuple[tuple[date, str, str], ...] = ()
    instance_html: tuple[tuple[date, str], ...] = ()
    body_html: str = ""
    zone: str = ""

    @property
    def is_unreadable(self) -> bool:
        """A series of a pattern that Graph does not document: it is there, and that is all that
        is known.
        """
        return self.kind is Kind.MASTER and self.event is None and not self.is_cancelled

    @property
    def around(self) -> str:
        """The whole body where more stands in it than the event's own."""
        own = self.event.body.content if self.event else ""
        return "" if self.body_html == own else self.body_html


@dataclass(frozen=True, slots=True)
class Page:
    """Of a delta round: exactly one of the links is set. An empty page may still go on."""

    items: tuple[Seen, ...]
    next_link: str = ""
    delta_link: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`expires` is what Graph answered, which may be earlier than what was asked for."""

    id: str
    expires: datetime
    resource: str = ""
    notification_url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """`aliases` are all SMTP addresses, lower-cased, the primary one included."""

    user_id: str
    address: str
    upn: str
    display_name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody may do in a calendar. `address` is "" for all colleagues together; `role` is
    Graph's word.
    """

    address: str
    role: str

    @property
    def may_write(self) -> bool:
        """Graph: resources/calendarpermission; a custom role says nothing we could rely on."""
        return self.role.lower() in _WRITING


_WRITING = {"write", "delegatewithoutprivateeventaccess", "delegatewithprivateeventaccess"}


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """`has_teams`: meetings made in it can be Teams meetings. `owner` is an address; `can_edit`
    and `sees_private` are of whoever asks.
    """

    id: str
    name: str
    can_edit: bool
    has_teams: bool = True
    sees_private: bool = True
    owner: str = ""
