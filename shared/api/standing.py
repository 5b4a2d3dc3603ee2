"""A state as the API shows it: why, since when, who can fix it, and what to call next."""

from datetime import datetime
from typing import Any

from shared.catalogue import explained
from shared.services import Services
from shared.store.records import Calendar, Connection, State, Tenant
from shared.sync.sharing import LOWERED
from shared.sync.standing import Standing, is_of_grant, shown, standing_of

MOST_PENDING = 1000


def tenant_standing_json(tenant: Tenant) -> dict[str, Any]:
    return _json(standing_of(tenant), tenant.since, "")


def connection_standing_json(connection: Connection) -> dict[str, Any]:
    standing = standing_of(connection)
    path = f"/v1/tenants/{connection.tenant}/connections/{connection.id}"
    return _json(standing, connection.since, _step_of_grant(standing, path))


def calendar_standing_json(calendar: Calendar, connection: Connection | None) -> dict[str, Any]:
    """That of its connection where this keeps it from working."""
    standing = shown(calendar, connection)
    of_grant = connection is not None and standing != standing_of(calendar)
    since = connection.since if connection is not None and of_grant else calendar.since
    tenant = f"/v1/tenants/{calendar.key.tenant}"
    step = _step_of_grant(standing, f"{tenant}/connections/{calendar.connection}")
    if standing.state is State.PAUSED or standing.cause == "mass-change":
        step = f"POST {tenant}/calendars/{calendar.key.calendar}/resume"
    return {**_json(standing, since, step), "from_connection": of_grant}


def _step_of_grant(standing: Standing, path: str) -> str:
    match standing.state:
        case State.ACTION_REQUIRED if is_of_grant(standing.cause):
            return f"POST {path}/reconnect"
        case State.ACTION_REQUIRED:
            return f"POST {path}/check"
        case State.DEGRADED if standing.cause == LOWERED:
            return f"POST {path}/check"
        case State.DEGRADED if standing.cause == "grant-expires":
            return f"POST {path}/reconnect"
        case State.PAUSED:
            return f"POST {path}/resume"
        case _:
            return ""


def _json(standing: Standing, since: datetime, step: str) -> dict[str, Any]:
    return {
        "state": standing.state.value,
        "cause": standing.cause,
        "since": since,
        "explanation": explained(standing.cause),
        "next_step": step,
    }


def lag_json(calendar: Calendar, now: datetime) -> dict[str, Any]:
    """What can be said without another read."""
    due = calendar.poll_due
    return {
        "last_round_seconds": _age(calendar.last_round, now),
        "round_overdue_seconds": max(0.0, _age(due, now) or 0.0),
        "notifications": "subscribed" if calendar.subscription else "polled",
        "subscription_expires": calendar.subscription_expires if calendar.subscription else None,
    }


async def whole_lag_json(services: Services, calendar: Calendar) -> dict[str, Any]:
    """With what waits to be written and what waits to be told; up to MOST_PENDING of each."""
    now = services.clock()
    waiting = await services.store.pendings(calendar.key, MOST_PENDING)
    mark = await services.store.marked(calendar.key)
    return {
        **lag_json(calendar, now),
        "dirty_seconds": _age(mark.since, now) if mark else None,
        "pending": len(waiting),
        "oldest_pending_seconds": _age(waiting[0].accepted, now) if waiting else None,
        "untold": len(await services.store.outbox(calendar.key, MOST_PENDING)),
    }


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round((now - since).total_seconds(), 1)
