"""The words: what an event is, on either side.

Values only. An instant is a UTC-aware datetime, a wall time carries an IANA zone, all-day is a
date. Two events are compared by their canonical form (`digest`), never by `==`.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class ShowAs(StrEnum):
    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OOF = "oof"
    WORKING_ELSEWHERE = "working_elsewhere"


class Sensitivity(StrEnum):
    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class AttendeeKind(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    RESOURCE = "resource"


class Response(StrEnum):
    NONE = "none"
    ORGANIZER = "organizer"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class BodyKind(StrEnum):
    TEXT = "text"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Zoned:
    """A wall time and the IANA zone it is read in; `wall` is naive."""

    wall: datetime
    zone: str

    @property
    def instant(self) -> datetime:
        return self.wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Timed:
    start: Zoned
    end: Zoned


@dataclass(frozen=True, slots=True)
class AllDay:
    """`end` is exclusive: the day after the last one."""

    start: date
    end: date


When = Timed | AllDay


@dataclass(frozen=True, slots=True)
class Body:
    content: str = ""
    kind: BodyKind = BodyKind.TEXT


@dataclass(frozen=True, slots=True)
class Attendee:
    """`address` is SMTP, compared without regard to case. `response` is Outlook's to say."""

    address: str
    name: str = ""
    kind: AttendeeKind = AttendeeKind.REQUIRED
    response: Response = Response.NONE


@dataclass(frozen=True, slots=True)
class Event:
    """A single event. `reminder` is minutes before the start, None for no reminder."""

    subject: str
    when: When
    body: Body = field(default_factory=Body)
    location: str = ""
    attendees: tuple[Attendee, ...] = ()
    show_as: ShowAs = ShowAs.BUSY
    sensitivity: Sensitivity = Sensitivity.NORMAL
    reminder: int | None = None
    categories: tuple[str, ...] = ()


FIELDS = (
    "subject",
    "when",
    "body",
    "location",
    "attendees",
    "show_as",
    "sensitivity",
    "reminder",
    "categories",
)
"""The fields both sides can change, in the order reports name them."""
