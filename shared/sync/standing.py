"""Which states there are, which may follow which, and what of one thing follows from another.

All code that gives a tenant, a connection or a calendar another state does it with `moved`.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.catalogue import CLOSED
from shared.store.records import Calendar, Connection, ConnectionKind, State, Tenant

T = TypeVar("T", Tenant, Connection, Calendar)

ENDING = frozenset({State.DISCONNECTING, State.DISCONNECTED})
# A worker looks at a calendar in one of these.
AT_WORK = frozenset({State.PROVISIONING, State.ACTIVE, State.DEGRADED, State.ACTION_REQUIRED})
WORKING = frozenset({State.PROVISIONING, State.ACTIVE, State.DEGRADED})

# Causes that say nothing of the grant by which the mailbox is reached.
OF_THE_MAILBOX = CLOSED | frozenset(
    {
        "mailbox-replaced",
        "mailbox-identity-missing",
        "access-denied",
        "sharing-withdrawn",
        "sharing-lowered",
        "mass-change",
    }
)
# Of a tenant where things differ from one mailbox to the next.
PARTLY = "partly-working"

# So many refusals of a subscription may be a cold start; more are told.
REFUSED_TOO_OFTEN = 3
NEAR_ITS_END = timedelta(days=1)
STALLED = timedelta(minutes=15)

_LIVE = AT_WORK | {State.PAUSED}
_TROUBLE = frozenset({State.ACTION_REQUIRED, State.DEGRADED})
_BEFORE = frozenset({State.NOT_CONNECTED, State.CONSENT_PENDING})


def _moves(
    *pairs: tuple[Collection[State], Collection[State]],
) -> Mapping[State, frozenset[State]]:
    table: dict[State, frozenset[State]] = {state: frozenset() for state in State}
    for begin, ends in pairs:
        for state in begin:
            table[state] |= frozenset(ends)
    return table


# An end that has begun may be taken back by connecting again, until it is over and after it.
OF_CALENDARS = _moves(
    (_LIVE, _LIVE | {State.DISCONNECTING}),
    ({State.DISCONNECTING}, {State.DISCONNECTED, State.PROVISIONING}),
    ({State.DISCONNECTED}, {State.PROVISIONING, State.DISCONNECTING}),
)
OF_CONNECTIONS = _moves(
    ({State.CONSENT_PENDING}, _LIVE | {State.DISCONNECTING}),
    (_LIVE, _LIVE | {State.DISCONNECTING}),
    ({State.DISCONNECTING}, {State.DISCONNECTED, State.ACTIVE}),
    ({State.DISCONNECTED}, {State.ACTIVE, State.DISCONNECTING}),
)
# A tenant that is being off-boarded does not come back.
OF_TENANTS = _moves(
    (_BEFORE, _BEFORE | _LIVE | {State.DISCONNECTING}),
    (_LIVE, _BEFORE | _LIVE | {State.DISCONNECTING}),
    ({State.DISCONNECTING}, {State.DISCONNECTED}),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with its cause, "" where there is nothing to explain."""

    state: State
    cause: str = ""


def standing_of(subject: Tenant | Connection | Calendar) -> Standing:
    return Standing(subject.state, subject.cause)


def moved(subject: T, state: State, cause: str, now: datetime) -> T:
    """With that state since now; as it was, if it has that state and cause. Raises ValueError
    for a state that cannot follow: a bug of the caller's.
    """
    if (subject.state, subject.cause) == (state, cause):
        return subject
    if state is not subject.state and state not in may_follow(subject):
        raise ValueError(f"{state} cannot follow {subject.state}")
    return replace(subject, state=state, cause=cause, since=now)


def may_follow(subject: Tenant | Connection | Calendar) -> frozenset[State]:
    match subject:
        case Tenant():
            return OF_TENANTS[subject.state]
        case Connection():
            return OF_CONNECTIONS[subject.state]
        case Calendar():
            return OF_CALENDARS[subject.state]


def is_blocked(connection: Connection) -> bool:
    """Nothing of its calendars need be tried: one look at the connection speaks for them all. A
    person's connection has one calendar, which is that look.
    """
    shares = connection.kind is not ConnectionKind.USER
    return shares and connection.state is State.ACTION_REQUIRED


def after_round(calendar: Calendar, connection: Connection, now: datetime) -> Standing:
    """Of a calendar whose round went through: it works, be it without notifications. Of what is
    shared with an account Microsoft notifies nobody, so polling is as it should be.
    """
    notified = connection.kind is not ConnectionKind.SERVICE_ACCOUNT
    too_often = calendar.subscription_tries >= REFUSED_TOO_OFTEN
    if notified and not calendar.subscription and too_often:
        return Standing(State.DEGRADED, "subscription-refused")
    expires = calendar.subscription_expires
    if calendar.subscription and expires is not None and expires - now < NEAR_ITS_END:
        return Standing(State.DEGRADED, "subscription-not-renewed")
    return Standing(State.ACTIVE)


def is_stalled(since: datetime | None, now: datetime) -> bool:
    """Work has waited for Microsoft for so long that somebody should know."""
    return since is not None and now - since >= STALLED


def is_of_grant(cause: str) -> bool:
    return bool(cause) and cause not in OF_THE_MAILBOX


def shown(calendar: Calendar, connection: Connection | None) -> Standing:
    """What is said of a calendar: its own state, unless its connection keeps it from working."""
    own = standing_of(calendar)
    if connection is None or calendar.state not in WORKING or connection.state in WORKING:
        return own
    return standing_of(connection)


def tenant_standing(
    tenant: Tenant, connections: Collection[Connection], calendars: Collection[Calendar]
) -> Standing:
    """What follows for the tenant. What somebody said of it (paused, disconnecting) stays."""
    if tenant.state in ENDING | {State.PAUSED}:
        return standing_of(tenant)
    living = {one.id: one for one in connections if one.state not in ENDING | _BEFORE}
    if not living:
        return _unconnected(tenant, connections)
    served = [shown(one, living[one.connection]) for one in calendars if one.connection in living]
    served = [one for one in served if one.state not in ENDING]
    return _of_all([standing_of(one) for one in living.values()], served)


def _unconnected(tenant: Tenant, connections: Collection[Connection]) -> Standing:
    if tenant.state in _BEFORE:
        return standing_of(tenant)
    return Standing(State.NOT_CONNECTED, "disconnected-by-app" if connections else "")


def _of_all(grants: list[Standing], served: list[Standing]) -> Standing:
    for level in (grants, served):
        if level and all(one.state is State.ACTION_REQUIRED for one in level):
            return Standing(State.ACTION_REQUIRED, _commonest(level))
    causes = {one.cause for one in (*grants, *served) if one.state in _TROUBLE}
    if causes:
        whole = any(
            level and all(one.state in _TROUBLE for one in level) for level in (grants, served)
        )
        return Standing(State.DEGRADED, causes.pop() if whole and len(causes) == 1 else PARTLY)
    if served and all(one.state is State.PROVISIONING for one in served):
        return Standing(State.PROVISIONING)
    return Standing(State.ACTIVE)


def _commonest(level: list[Standing]) -> str:
    counted = Counter(one.cause for one in level)
    return min(counted, key=lambda cause: (-counted[cause], cause))


def moves_tenant(tenant: State, was: State, now: State) -> bool:
    """Whether a calendar's step from one state to another may move its tenant: all calendars
    are read to find out, so not without need.
    """
    if tenant in ENDING | {State.PAUSED} or was is now:
        return False
    usual = {State.PROVISIONING, State.ACTIVE}
    return not (tenant is State.ACTIVE and was in usual and now in usual)
