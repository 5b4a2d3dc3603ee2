"""What both sides agreed on, and what was lost on the way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.calendar.event import Event


class AppointmentStatus(StrEnum):
    """The host app's own word on the appointment; it is never written to Outlook as such,
    but `CANCELLED` cancels the event.
    """

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    APP = "app"
    OUTLOOK = "outlook"


class Spread(NamedTuple):
    """A link derived from another: its calendar, as text, and its name there. `taken` is what
    was last taken over from it: Graph's etag of an edit, "gone" when a person deleted its event.
    """

    calendar: str
    name: str
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What both sides last agreed on for one event, and what the host app wants now.

    `app` is what the host app has (None: it deleted the appointment). `base` is the agreed
    content as the host app had it, `outlook` as Outlook had it; both None before the first
    agreement. `version` counts every accepted or reported change of the appointment;
    `revision` is the host app's own number, if it sends one. `event_id` is Graph's immutable id.
    `life` counts the events the appointment has had: creates of one life are one create.

    `project` and `type` are the host app's words that choose a policy. `protected`: the host app
    keeps it whatever Outlook deletes. `parent` is the appointment this event is made of, where it
    is a copy for a participant or one occurrence of a series; `home` is then the calendar of that
    appointment, as text. A link with a `home` is no appointment of its calendar: it is derived
    from one, or it is what was left when the appointment moved there. `spread` are the links that
    are derived from this one, or may be: stored before they are. `mailed` is when a write last
    made Exchange mail attendees. `hidden`: it lies beyond the host app's horizon. `first_only`:
    Outlook has a series, of which the host app gets no more than its first occurrence. `singly`:
    its series has no event, but each occurrence has one, which is derived from it.
    `exceptions` are short hashes of the etags of a series' exceptions. `follows` is the
    appointment whose series this one goes on with.
    `markup` is the whole body in Outlook where more stands in it than that of `outlook`.
    `ended` is the receipt under which its event was marked, or removed, when the calendar ended.
    """

    appointment: str
    version: int
    app: Event | None
    life: int = 1
    base: Event | None = None
    outlook: Event | None = None
    event_id: str = ""
    outlook_etag: str = ""
    exceptions: tuple[str, ...] = ()
    ical_uid: str = ""
    organizer: str = ""
    is_organizer: bool = True
    status: AppointmentStatus = AppointmentStatus.CONFIRMED
    origin: Origin = Origin.APP
    revision: int | None = None
    changed: datetime | None = None
    project: str = ""
    type: str = ""
    protected: bool = False
    join_url: str = ""
    markup: str = ""
    parent: str = ""
    home: str = ""
    spread: tuple[Spread, ...] = ()
    follows: str = ""
    mailed: datetime | None = None
    hidden: bool = False
    first_only: bool = False
    singly: bool = False
    ended: str = ""
    etag: str = ""


class Loss(StrEnum):
    DELETED = "deleted"
    OVERWRITTEN = "overwritten"


@dataclass(frozen=True, slots=True)
class Kept:
    """A content that sync took away, kept for a while so that it can be restored.

    `version` is the appointment's from then on; `side` is whose content it was, `by` who took it
    away: "app", "outlook" or "operator".
    """

    appointment: str
    version: int
    side: Origin
    loss: Loss
    before: Event
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An event that is known but not linked.

    An attendee's copy of a meeting that is linked at its organiser's calendar, or (organizer "")
    an event from before the connection that the policy leaves alone until somebody edits it:
    `etag` is Graph's, of when it was last looked at. `differs` names what the host app was told
    that it shows otherwise than the organiser's meeting, "" if it does not.
    """

    event_id: str
    ical_uid: str
    organizer: str
    etag: str = ""
    differs: str = ""
