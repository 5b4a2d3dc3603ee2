"""Tenants, their policies, consent, connections and calendars."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.api.schemas.base import Sent, Told, Words, names_mailbox
from shared.calendar.zones import is_known


class Explanation(Told):
    """A state's cause, for people."""

    title: str
    meaning: str
    fixed_by: Literal["user", "tenant_admin", "vendor", "microsoft"]
    remedy: str


class StandingOut(Told):
    """`cause` and `explanation` where the state is not as it should be, and `next_step` the
    request that helps, as "POST /v1/...", once what `explanation` says is done.
    """

    state: str
    cause: str
    since: datetime
    explanation: Explanation | None
    next_step: str


class TenantIn(Sent):
    name: str = Field(min_length=1, max_length=200)
    policy: Words | None = None


class TenantOut(StandingOut):
    id: str
    name: str
    entra_tenant: str
    policy: Words


class Tenants(Told):
    tenants: list[TenantOut]
    next: str


class PolicyOut(Told):
    """`document` is what was said; `resolved`, `projects` and `types` what it comes to."""

    document: Words
    resolved: Words
    projects: Words
    types: Words


class PolicyPlan(Told):
    """`effects` counts appointments by what would become of them; `mails` is always 0."""

    effects: dict[str, int]
    calendars_read_anew: int
    mails: int


class PolicyPresets(Told):
    presets: dict[str, Words]


class Counted(Told):
    total: int
    by_state: dict[str, int]


class Trouble(Told):
    cause: str
    calendars: int
    explanation: Explanation | None


class Warned(Told):
    """Of the whole service: what its operator should do, and by when."""

    code: str
    title: str
    meaning: str
    remedy: str
    ends: datetime | None
    days_left: int | None


class ServiceStatus(Told):
    """`credential` is how the app proves itself to Entra, and until when it can."""

    credential: Words
    warnings: list[Warned]
    tenants: Counted


class Status(Told):
    """`lag` is in seconds: the age of the oldest round of a calendar that is at work.
    `calendars` counts what their connections keep them from, too; `troubles` how many have
    which cause. `rollouts` are those under way, each with its `percent` and `seconds_left`.
    """

    tenant: TenantOut
    connections: Counted
    calendars: Counted
    rollouts: list[Words]
    troubles: list[Trouble]
    lag: Words
    log: Words
    endpoints: list[Words]


def _is_zone(value: str) -> str:
    if value and not is_known(value):
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return value


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_is_zone)]


Kind = Literal["user", "organisation", "service_account"]


class ConsentLinkIn(Sent):
    """`expected` is whom it is for: an address or an Entra object id, "" for anybody."""

    kind: Kind
    choices: list[Kind] = Field(default_factory=list[Kind], max_length=3)
    reach: Literal["rooms", "free_busy", "read", "read_write"] = "read_write"
    expected: str = Field("", max_length=320)
    login_hint: str = Field("", max_length=320)
    return_url: str = Field("", max_length=2000)
    time_zone: TimeZone = ""
    valid_hours: int = Field(168, ge=1, le=720)


class ConsentLinkOut(Told):
    """`problem` says why a link that is refused or waiting is, and who can fix it."""

    id: str
    kind: str
    choices: list[str]
    reach: str
    expected: str
    reconnects: str
    url: str
    state: str
    since: datetime
    expires: datetime
    connection: str
    problem: Words | None


class ConsentLinks(Told):
    consent_links: list[ConsentLinkOut]


class ConnectionOut(StandingOut):
    """`reach` is what was asked for, `granted` what Microsoft 365 gave; `can` and `cannot` say
    what comes of it. `scoped`: Exchange limits it to some mailboxes, as a proof has shown.
    `notice` is a code of docs/problems.md: what to know of it though it works, "" for nothing.
    """

    id: str
    kind: str
    entra_tenant: str
    user_id: str
    address: str
    display_name: str
    reach: str
    granted: list[str]
    client: str
    scoped: bool
    notice: str
    can: list[str]
    cannot: list[str]


class Connections(Told):
    connections: list[ConnectionOut]
    next: str


class CalendarIn(Sent):
    """`mailbox` is the user principal name or Entra object id of its owner."""

    mailbox: Annotated[str, Field(max_length=320), AfterValidator(names_mailbox)]
    time_zone: TimeZone = ""


class HeldOut(Told):
    """What a held round would do to how many `links`; `appointments` are a few of them."""

    since: datetime
    links: int
    deletions: int
    changes: int
    appointments: list[str]
    ruling: Literal["resume", "discard"] | None


class RulingPlan(Told):
    """At most: of the deletions a few may turn out to be none. `mails` are Exchange's, to the
    attendees of events that are written back.
    """

    deleted: int
    changed: int
    written_anew: int
    without_attendees: int
    written_back: int
    mails: int


class Ruled(Told):
    """`does` is what comes of it, in time; `done` is false after `plan`."""

    calendar: str
    held: HeldOut
    does: RulingPlan
    done: bool


class CalendarOut(StandingOut):
    """`held` while the state is action_required with cause mass-change. `from_connection`: the
    state is that of its connection. `lag`, of one that is asked for: the age of its last round,
    of the mark that says a round is due and of the oldest change that waits to be written, how
    many wait, and how many changes the log does not have yet. A list has the first of these.
    """

    id: str
    connection: str
    mailbox: str
    display_name: str
    reach: str
    time_zone: str
    dry: bool
    last_round: datetime | None
    last_change: datetime | None
    held: HeldOut | None
    from_connection: bool
    lag: Words = Field(default_factory=dict)


class Calendars(Told):
    calendars: list[CalendarOut]
