"""What is kept, as values. Rows are the business of `tables`; nothing here knows about Azure.

`etag` fields are the store's own (one per row, "" for a record not yet stored), except
`Link.outlook_etag`, which is Graph's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from shared.calendar.event import Event


class State(StrEnum):
    """Of a tenant, a connection or a calendar."""

    NOT_CONNECTED = "not_connected"
    CONSENT_PENDING = "consent_pending"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    DEGRADED = "degraded"
    ACTION_REQUIRED = "action_required"
    PAUSED = "paused"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """Names one calendar's partition. `str()` is the queue message and `parse` its inverse."""

    tenant: str
    calendar: str

    def __str__(self) -> str:
        return f"{self.tenant}~{self.calendar}"

    @classmethod
    def parse(cls, text: str) -> "CalendarKey":
        """Raises ValueError when `text` is not `tenant~calendar`."""
        tenant, tilde, calendar = text.partition("~")
        if not (tenant and tilde and calendar) or "~" in calendar:
            raise ValueError("a calendar key is tenant~calendar")
        return cls(tenant, calendar)


@dataclass(frozen=True, slots=True)
class Tenant:
    """`id` is the host app's own id for its customer; `entra_tenant` is set once consented."""

    id: str
    name: str
    state: State
    since: datetime
    cause: str = ""
    entra_tenant: str = ""
    policy: dict[str, Any] = field(default_factory=dict[str, Any])
    etag: str = ""


class ConnectionKind(StrEnum):
    ORGANISATION = "organisation"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Connection:
    """A grant. `user_id` is the Entra object id of the person, "" for an organisation's grant."""

    id: str
    tenant: str
    kind: ConnectionKind
    state: State
    since: datetime
    entra_tenant: str
    cause: str = ""
    user_id: str = ""
    address: str = ""
    display_name: str = ""
    etag: str = ""


class Ruling(StrEnum):
    """What a person said of a held round: it is meant, or the host app's side stands."""

    RESUME = "resume"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Held:
    """What a round would have done that was stopped, and waits for a person.

    `deletions` are events that Outlook calls gone (a few of many may be there after all), out of
    `links`. `appointments` names a few. To discard would leave the attendees out of `guests`
    events and send `mails` mails.
    """

    since: datetime
    links: int
    deletions: int
    changes: int
    appointments: tuple[str, ...] = ()
    guests: int = 0
    mails: int = 0
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One synced calendar: a mailbox's default one unless `graph_calendar` names another.

    `delta_link` is "" when the next round starts from scratch. `client_state` is stored before
    the subscription is asked for, so that a notification that comes first can be checked.
    `announced` is False until the first round is through: that one links and tells nobody.
    `policy_version` is that of the policy document it was last read from scratch under.
    `time_zone` is the mailbox's own, an IANA name, as the host app gave it (`zone_given`) or
    else as its events show it; "" where neither has yet. `has_teams` is what Graph last said, at
    `teams_seen`: whether meetings can be Teams meetings. `occurrences_due` is when the next
    occurrence of a series that is written singly may be near enough, None where there is none.
    """

    key: CalendarKey
    connection: str
    user_id: str
    address: str
    state: State
    since: datetime
    cause: str = ""
    graph_calendar: str = ""
    display_name: str = ""
    aliases: tuple[str, ...] = ()
    delta_link: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    last_round: datetime | None = None
    last_change: datetime | None = None
    connected: datetime | None = None
    policy_version: int = 0
    announced: bool = False
    subscription: str = ""
    subscription_expires: datetime | None = None
    client_state: str = ""
    interval: int = 300
    time_zone: str = ""
    zone_given: bool = False
    has_teams: bool = True
    teams_seen: datetime | None = None
    poll_due: datetime | None = None
    occurrences_due: datetime | None = None
    held: Held | None = None
    etag: str = ""


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
    etag: str = ""


class Wish(StrEnum):
    """`MOVE`: to another calendar, with this content. `SPREAD`: nothing is wanted of the event
    itself, but the links derived from it are to agree with it, or it with them.
    """

    WRITE = "write"
    MOVE = "move"
    SPREAD = "spread"
    DELETE = "delete"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Pending:
    """A wanted change not yet settled.

    `maybe_written` holds digests of contents that this or a replaced pending change may have
    put into Outlook: what Outlook shows that is in it is ours, not a person's edit.
    `attempted` is stored before a create is sent: from then on the tag is looked up first.
    `warnings` are for the operation, as `Operation` has them.
    `not_before`: it waits, so that several edits make one mail.
    `to` is the calendar, as text, of a `MOVE`. A `silent` one has no operation and no outcome.
    """

    appointment: str
    version: int
    wish: Wish
    accepted: datetime
    maybe_written: frozenset[str] = frozenset()
    attempted: bool = False
    tries: int = 0
    comment: str = ""
    warnings: tuple[dict[str, Any], ...] = ()
    not_before: datetime | None = None
    to: str = ""
    silent: bool = False
    etag: str = ""


class OperationState(StrEnum):
    PENDING = "pending"
    APPLIED = "applied"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Operation:
    """The outcome of one accepted change; its id is `appointment.version`.

    `warnings` are what stands although it may not be meant: {"code", "detail", "pointer"}.
    """

    appointment: str
    version: int
    wish: Wish
    state: OperationState
    accepted: datetime
    settled: datetime | None = None
    problem: dict[str, Any] | None = None
    warnings: tuple[dict[str, Any], ...] = ()
    not_before: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.appointment}.{self.version}"


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


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a tenant's log. `id` guards against logging it twice; `number` is 0 until
    it is in the log. `data` is JSON.
    """

    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """All rows of one event that must change together (rule: settle once).

    `forget` names a link that goes with its index row. `event_was` is an event id whose index
    row is out of date (the link stays, as a tombstone or with another event). Every field left
    at its default leaves its rows alone.
    """

    link: Link | None = None
    event_was: str = ""
    forget: Link | None = None
    done: Pending | None = None
    keep: Pending | None = None
    operations: tuple[Operation, ...] = ()
    changes: tuple[Change, ...] = ()
    copy: Copy | None = None
    drop_copy: str = ""
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """`etag` is the fence: every settling transaction carries and renews it. `holder` names one
    run of one worker. `settled` counts the changes that ever went into the calendar's outbox,
    so that their order depends on no clock.
    """

    key: CalendarKey
    holder: str
    until: datetime
    etag: str
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A calendar is dirty. `hints` are (event id, etag) pairs that notifications named."""

    key: CalendarKey
    since: datetime
    hints: tuple[tuple[str, str], ...] = ()
    etag: str = ""


class DueKind(StrEnum):
    WORK = "work"
    POLL = "poll"
    RENEW = "renew"
    DELIVER = "deliver"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the due index: `name` needs a look of `kind` at `at` (rounded up to a minute)."""

    kind: DueKind
    at: datetime
    name: str


class EndpointState(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook of the host app; a consumer of the log with its cursor.

    `cursor` is the number of the last change it confirmed. `busy_until` is the delivery lease.
    """

    id: str
    tenant: str
    url: str
    state: EndpointState = EndpointState.ACTIVE
    cursor: int = 0
    failures: int = 0
    next_try: datetime | None = None
    busy_until: datetime | None = None
    cause: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person the host app knows, by its own id; the API says person, which here is Graph's.

    `kind` is the host app's word, such as "employee". `addresses` are SMTP, the primary one
    first. `version` counts the contents it has had.
    """

    id: str
    tenant: str
    kind: str
    name: str
    addresses: tuple[str, ...]
    version: int = 1
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ConsentLink:
    id: str
    tenant: str
    kind: ConnectionKind
    expires: datetime
    state: str = "created"
    login_hint: str = ""
    return_url: str = ""
    connection: str = ""
    problem: str = ""
    time_zone: str = ""
    etag: str = ""
