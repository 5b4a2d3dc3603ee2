"""The shapes of the API as pydantic has them: what comes in is checked, what goes out is told."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.calendar.check import is_address, is_control
from shared.calendar.zones import is_known

Words = dict[str, Any]

_MAILBOX = re.compile(
    r"[^\s@/\\?#%]+@[^\s@/\\?#%]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class Moment(_In):
    """Either `date` (all-day; an end is the day after the last) or `date_time` with
    `time_zone`. `fold` 1 means the second pass of a time that the end of summer time repeats.
    """

    date: str | None = Field(None, examples=["2026-11-23"])
    date_time: str | None = Field(None, examples=["2026-11-23T10:00:00"])
    time_zone: str | None = Field(None, examples=["Europe/Berlin"])
    fold: Literal[0, 1] | None = None


class BodyText(_In):
    content: str = ""
    kind: Literal["text", "html"] = "text"


def _names_mailbox(value: str) -> str:
    """It becomes part of a URL of Graph's."""
    if not _MAILBOX.fullmatch(value):
        raise ValueError("must be a user principal name or an Entra object id")
    return value


ActingUser = Annotated[str, Field(max_length=320), AfterValidator(_names_mailbox)]


class AttendeeIn(_In):
    """`response` and `proposed` are Outlook's to say, `person` and `external` follow from the
    address: they are accepted here, as they are read, and not written.
    """

    address: str = Field(examples=["ada@example.org"])
    name: str = ""
    kind: Literal["required", "optional", "resource"] = "required"
    response: Literal["none", "organizer", "accepted", "tentative", "declined"] = "none"
    proposed: Words | None = None
    person: Words | None = None
    external: bool | None = None


class OverrideIn(_In):
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


class RecurrenceIn(_In):
    """`rrule` is an RRULE value of RFC 5545, counted from `start` of the appointment. Days are
    named by the local time the series has on them, or by their date.
    """

    rrule: str = Field(min_length=1, max_length=1000, examples=["FREQ=WEEKLY;BYDAY=MO;COUNT=10"])
    exdates: list[str] = Field([], max_length=1000, examples=[["2026-12-07T10:00:00"]])
    overrides: list[OverrideIn] = Field([], max_length=1000)


class AppointmentIn(_In):
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
    attendees: list[AttendeeIn] = []
    show_as: Literal["free", "tentative", "busy", "oof", "working_elsewhere"] = "busy"
    sensitivity: Literal["normal", "personal", "private", "confidential"] = "normal"
    reminder_minutes: int | None = None
    categories: list[str] = []
    other_locations: list[str] = []
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


class AppointmentOut(_Out):
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
    follows: str
    synced: bool
    operation: str
    revision: int | None
    changed: datetime | None
    join_url: str


class WarningOut(_Out):
    """What was accepted although it may not be meant; `code` is one of the catalogue's."""

    code: str
    detail: str
    pointer: str


class OperationOut(_Out):
    """`not_before`: it waits until then, so that several edits make one mail."""

    id: str
    appointment: str
    version: int
    wish: Literal["write", "move", "delete", "cancel"]
    state: Literal["pending", "applied", "refused", "superseded"]
    accepted: datetime
    settled: datetime | None
    problem: Words | None
    not_before: datetime | None
    warnings: list[WarningOut]


class Written(_Out):
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


class Split(_Out):
    """What became of the two writes so far."""

    ended: Written
    following: Written


class KeptOut(_Out):
    """A `content` that sync replaced by `version`; `side` is whose it was."""

    version: int
    side: Literal["app", "outlook"]
    happened: Literal["deleted", "overwritten"]
    by: Literal["app", "outlook", "operator"]
    at: datetime
    until: datetime
    content: Words


class History(_Out):
    history: list[KeptOut]


class RestoreIn(_In):
    """`version` is one of the history's; without `side` your own content is meant, if both
    sides lost something.
    """

    version: Annotated[int, Field(ge=1)]
    side: Literal["app", "outlook"] | None = None


class Appointments(_Out):
    """`next` goes into `after` for the next page; "" on the last."""

    appointments: list[AppointmentOut]
    next: str


class TenantIn(_In):
    name: str = Field(min_length=1, max_length=200)
    policy: Words | None = None


class TenantOut(_Out):
    id: str
    name: str
    state: str
    cause: str
    since: datetime
    entra_tenant: str
    policy: Words


class Tenants(_Out):
    tenants: list[TenantOut]
    next: str


class PolicyOut(_Out):
    """`document` is what was said; `resolved`, `projects` and `types` what it comes to."""

    document: Words
    resolved: Words
    projects: Words
    types: Words


class PolicyPlan(_Out):
    """`effects` counts appointments by what would become of them; `mails` is always 0."""

    effects: dict[str, int]
    calendars_read_anew: int
    mails: int


class PolicyPresets(_Out):
    presets: dict[str, Words]


class Counted(_Out):
    total: int
    by_state: dict[str, int]


class Status(_Out):
    """`lag` is in seconds: the age of the oldest round of an active calendar."""

    tenant: TenantOut
    connections: Counted
    calendars: Counted
    lag: Words
    log: Words
    endpoints: list[Words]


def _is_zone(value: str) -> str:
    if value and not is_known(value):
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return value


# The owner's own zone, in which whole days are written; learned from the calendar if left out.
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_is_zone)]


class ConsentLinkIn(_In):
    kind: Literal["user", "organisation"]
    login_hint: str = Field("", max_length=320)
    return_url: str = Field("", max_length=2000)
    time_zone: TimeZone = ""


class ConsentLinkOut(_Out):
    id: str
    kind: str
    url: str
    state: str
    expires: datetime
    connection: str
    problem: Words | None


class ConsentLinks(_Out):
    consent_links: list[ConsentLinkOut]


class ConnectionOut(_Out):
    id: str
    kind: str
    state: str
    cause: str
    since: datetime
    entra_tenant: str
    user_id: str
    address: str
    display_name: str


class Connections(_Out):
    connections: list[ConnectionOut]
    next: str


class CalendarIn(_In):
    """`mailbox` is the user principal name or Entra object id of its owner."""

    mailbox: Annotated[str, Field(max_length=320), AfterValidator(_names_mailbox)]
    time_zone: TimeZone = ""


class HeldOut(_Out):
    """What a held round would do to how many `links`; `appointments` are a few of them."""

    since: datetime
    links: int
    deletions: int
    changes: int
    appointments: list[str]
    ruling: Literal["resume", "discard"] | None


class RulingPlan(_Out):
    """At most: of the deletions a few may turn out to be none. `mails` are Exchange's, to the
    attendees of events that are written back.
    """

    deleted: int
    changed: int
    written_anew: int
    without_attendees: int
    written_back: int
    mails: int


class Ruled(_Out):
    """`does` is what comes of it, in time; `done` is false after `plan`."""

    calendar: str
    held: HeldOut
    does: RulingPlan
    done: bool


class CalendarOut(_Out):
    """`held` while the state is action_required with cause mass-change."""

    id: str
    connection: str
    mailbox: str
    display_name: str
    state: str
    cause: str
    since: datetime
    time_zone: str
    last_round: datetime | None
    last_change: datetime | None
    held: HeldOut | None


class Calendars(_Out):
    calendars: list[CalendarOut]


def _names_person(value: str) -> str:
    if value == "match":
        raise ValueError("must be another id: people/match is a question of its own")
    return value


def _readable(value: str) -> str:
    if is_control(value):
        raise ValueError("must not hold control characters")
    return value


def _mail_address(value: str) -> str:
    if not is_address(value):
        raise ValueError("must be a mail address such as ada@contoso.com")
    return value


Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_readable)]
Address = Annotated[str, AfterValidator(_mail_address)]


class PersonIn(_In):
    """`kind` is your own word; of `external` the service knows that it means somebody from
    outside. `addresses` begin with the primary one.
    """

    kind: Word = "contact"
    name: Annotated[str, Field(max_length=200), AfterValidator(_readable)] = ""
    addresses: list[Address] = Field(min_length=1, max_length=20)


class PersonItem(PersonIn):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,120}$"), AfterValidator(_names_person)]


class PeopleIn(_In):
    """Each as `PersonItem` has it; what is wrong with one keeps none of the others."""

    people: list[Words] = Field(min_length=1, max_length=1000)


class PersonOut(_Out):
    id: str
    kind: str
    name: str
    addresses: list[str]
    version: int


class People(_Out):
    people: list[PersonOut]
    next: str


class PersonKept(_Out):
    """`problem` says why one was refused."""

    id: str
    state: Literal["kept", "refused"]
    version: int | None
    problem: Words | None


class PeopleKept(_Out):
    """In the order of the request."""

    kept: int
    refused: int
    people: list[PersonKept]


class MatchOut(_Out):
    """`person` is who the address counts for, the first of `people`, who all have it.
    `connected`: it is that of a connected mailbox.
    """

    address: str
    person: PersonOut | None
    people: list[PersonOut]
    connected: bool
    external: bool


class EndpointIn(_In):
    """`after` is a change number to start behind; left out, the next change is the first."""

    url: str = Field(min_length=1, max_length=2000)
    after: Annotated[int, Field(ge=0)] | None = None


class EndpointOut(_Out):
    id: str
    url: str
    state: str
    cause: str
    cursor: int
    failures: int
    next_try: datetime | None


class EndpointCreated(EndpointOut):
    """`secret` is shown this once."""

    secret: str


class Endpoints(_Out):
    endpoints: list[EndpointOut]


class CloudEvent(_Out):
    """CloudEvents 1.0; `sequence` is the number in the tenant's log."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: str
    sequencetype: Literal["Integer"]
    datacontenttype: Literal["application/json"]
    data: Words


class Changes(_Out):
    """`next` goes into `after`; `head` is the newest number of the log."""

    changes: list[CloudEvent]
    next: int
    head: int


class ProblemOut(_Out):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fix_by: Literal["user", "tenant_admin", "vendor", "microsoft"]
    remedy: str
    instance: str | None = None
    pointer: str | None = None


class Health(_Out):
    status: Literal["ok"]
