"""Appointments and their operations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.api.schemas.base import ActingUser, Sent, Told, Words


class Moment(Sent):
    """Either `date` (all-day; an end is the day after the last) or `date_time` with
    `time_zone`. `fold` 1 means the second pass of a time that the end of summer time repeats.
    """

    date: str | None = Field(None, examples=["2026-11-23"])
    date_time: str | None = Field(None, examples=["2026-11-23T10:00:00"])
    time_zone: str | None = Field(None, examples=["Europe/Berlin"])
    fold: Literal[0, 1] | None = None


class BodyText(Sent):
    content: str = ""
    kind: Literal["text", "html"] = "text"


class AttendeeIn(Sent):
    """`response` and `proposed` are Outlook's to say, `person`, `external` and `connection_state`
    follow from the address: they are accepted here, as they are read, and not written.
    """

    address: str = Field(examples=["ada@example.org"])
    name: str = ""
    kind: Literal["required", "optional", "resource"] = "required"
    response: Literal["none", "organizer", "accepted", "tentative", "declined"] = "none"
    proposed: Words | None = None
    person: Words | None = None
    external: bool | None = None
    connection_state: str | None = None


class OverrideIn(Sent):
    """What one occurrence has otherwise than its series: the fields that differ, no others."""

    original_start: str = Field(examples=["2026-12-14T10:00:00"])
    subject: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    body: BodyText | None = None
    location: str | None = None
    attendees: list[AttendeeIn] | None = None
    show_as: Literal["free", "tentative", "busy", "oof", "working_elsewhere"] | None = None
    sensitivity: Literal["normal", "personal", "private", "confidential"] | None = None
    reminder_minutes: int | None = None
    categories: list[str] | None = None
    other_locations: list[str] | None = None
    conference: Literal["none", "teams"] | None = None
    hide_attendees: bool | None = None


class RecurrenceIn(Sent):
    """`rrule` is an RRULE value of RFC 5545, counted from `start` of the appointment. Days are
    named by the local time the series has on them, or by their date.
    """

    rrule: str = Field(min_length=1, max_length=1000, examples=["FREQ=WEEKLY;BYDAY=MO;COUNT=10"])
    exdates: list[str] = Field([], max_length=1000, examples=[["2026-12-07T10:00:00"]])
    overrides: list[OverrideIn] = Field([], max_length=1000)


class AppointmentIn(Sent):
    """`mailbox` is an address, alias or Entra object id of a connected mailbox. `project` and
    `type` are your own words, which choose a policy. `protected` is for an appointment you keep
    whatever Outlook deletes. `acting_user` is the address or Entra object id of the person who
    assigns the appointment; a policy may ask for their right to do so. A
    `conference` left out stays as it is, and is none at first. `prompts` and `private_notes` are
    neither sent nor kept unless the policy shares them; then they become part of the body.
    """

    mailbox: str = Field(min_length=1, max_length=320)
    subject: str
    start: Moment
    end: Moment
    body: BodyText = BodyText()
    location: str = ""
    attendees: list[AttendeeIn] = Field(default_factory=list[AttendeeIn])
    show_as: Literal["free", "tentative", "busy", "oof", "working_elsewhere"] = "busy"
    sensitivity: Literal["normal", "personal", "private", "confidential"] = "normal"
    reminder_minutes: int | None = None
    categories: list[str] = Field(default_factory=list[str])
    other_locations: list[str] = Field(default_factory=list[str])
    conference: Literal["none", "teams"] | None = None
    hide_attendees: bool = False
    recurrence: RecurrenceIn | None = None
    prompts: list[Annotated[str, Field(max_length=2000)]] = Field([], max_length=100)
    private_notes: str = Field("", max_length=32_000)
    status: Literal["tentative", "confirmed", "cancelled"] = "confirmed"
    project: str = Field("", max_length=100)
    type: str = Field("", max_length=100)
    protected: bool = False
    acting_user: ActingUser | None = None
    revision: Annotated[int, Field(ge=0)] | None = None


class AppointmentPatch(BaseModel):
    """RFC 7396: what is named is replaced, null takes away, what is left out stays. The fields
    are those of a whole appointment.
    """

    model_config = ConfigDict(extra="allow")


class AppointmentOut(Told):
    """`synced` is true when Outlook shows this version; `operation` is its last change."""

    id: str
    version: int
    mailbox: str
    calendar: str
    subject: str
    start: Words
    end: Words
    recurrence: Words | None = None
    status: str
    project: str
    type: str
    protected: bool
    origin: str
    organizer: str
    is_organizer: bool
    in_outlook: bool
    occurrences_written: int
    follows: str
    synced: bool
    operation: str
    revision: int | None
    changed: datetime | None
    join_url: str


class WarningOut(Told):
    """What was accepted although it may not be meant; `code` is one of the catalogue's."""

    code: str
    detail: str
    pointer: str


class OperationOut(Told):
    """`not_before`: it waits until then, so that several edits make one mail. `waits_for`: the
    problem that has to end first, such as a pause.
    """

    id: str
    appointment: str
    version: int
    wish: Literal["write", "move", "delete", "cancel"]
    state: Literal["pending", "applied", "refused", "superseded"]
    accepted: datetime
    settled: datetime | None
    problem: Words | None
    not_before: datetime | None
    waits_for: Words | None = None
    warnings: list[WarningOut]


class Written(Told):
    """What became of a write so far; `appointment` is null after a deletion."""

    operation: OperationOut
    appointment: AppointmentOut | None


class SplitIn(BaseModel):
    """`original_start` is the first occurrence that is to follow, `id` that of the appointment
    it begins. Whatever else is named is otherwise there than in the series so far, as in a patch.
    """

    model_config = ConfigDict(extra="allow")

    original_start: str = Field(examples=["2026-12-14T10:00:00"])
    id: str = Field(pattern=r"^[A-Za-z0-9._:@-]{1,120}$")


class Split(Told):
    """What became of the two writes so far."""

    ended: Written
    following: Written


class KeptOut(Told):
    """A `content` that sync replaced by `version`; `side` is whose it was."""

    version: int
    side: Literal["app", "outlook"]
    happened: Literal["deleted", "overwritten"]
    by: Literal["app", "outlook", "operator"]
    at: datetime
    until: datetime
    content: Words


class History(Told):
    history: list[KeptOut]


class RestoreIn(Sent):
    """`version` is one of the history's; without `side` your own content is meant, if both
    sides lost something.
    """

    version: Annotated[int, Field(ge=1)]
    side: Literal["app", "outlook"] | None = None


class Appointments(Told):
    """`next` goes into `after` for the next page; "" on the last."""

    appointments: list[AppointmentOut]
    next: str
