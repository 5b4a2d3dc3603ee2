"""The words: what an event is, on either side.

Values only. An instant is a UTC-aware datetime, a wall time carries an IANA zone, all-day is a
date. Two events are compared by their canonical form (`digest`), never by `==`.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from shared.calendar.recurrence import Rule


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


class Conference(StrEnum):
    NONE = "none"
    TEAMS = "teams"


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
    """`address` is SMTP, compared without regard to case. `response` and `proposed`, the new
    time an attendee would like (in UTC, as Graph tells it), are Outlook's to say.
    """

    address: str
    name: str = ""
    kind: AttendeeKind = AttendeeKind.REQUIRED
    response: Response = Response.NONE
    proposed: Timed | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What one occurrence has otherwise than its series.

    `day` is the local day the rule puts it on, whatever day it was moved to: Exchange has at most
    one occurrence a day, so with the series' time of day it names the original start. `values`
    are pairs of a name in `FIELDS` (never "series") and the value the occurrence has.
    """

    day: date
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """How an event repeats, in the zone of its start; the event's own `when` is the first
    occurrence. `cancelled` are days of the rule on which nothing takes place (EXDATE). Both
    tuples are in order of days, and share no day.
    """

    rule: Rule
    cancelled: tuple[date, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A single event, or with `series` a whole series. `reminder` is minutes before the start,
    None for no reminder. `location` is the first of all locations.
    """

    subject: str
    when: When
    body: Body = field(default_factory=Body)
    location: str = ""
    attendees: tuple[Attendee, ...] = ()
    show_as: ShowAs = ShowAs.BUSY
    sensitivity: Sensitivity = Sensitivity.NORMAL
    reminder: int | None = None
    categories: tuple[str, ...] = ()
    other_locations: tuple[str, ...] = ()
    conference: Conference = Conference.NONE
    hide_attendees: bool = False
    series: Series | None = None


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
    "other_locations",
    "conference",
    "hide_attendees",
    "series",
)
"""The fields both sides can change, in the order reports name them."""
