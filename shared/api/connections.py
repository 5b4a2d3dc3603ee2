from typing import Any

from fastapi import APIRouter

from shared.api.given import Given, Limit, OfTenant, PlainId
from shared.api.schemas.tenancy import (
    CalendarIn,
    CalendarOut,
    Calendars,
    ConnectionOut,
    Connections,
)
from shared.api.standing import (
    calendar_standing_json,
    connection_standing_json,
    lag_json,
    whole_lag_json,
)
from shared.errors import Problem, Refused
from shared.onboarding.abilities import can, cannot
from shared.onboarding.calendars import connect_mailbox
from shared.onboarding.connections import alive
from shared.onboarding.naming import find_calendar
from shared.store.records import Calendar, Connection
from shared.sync.checking import check
from shared.sync.report import held_json

connections = APIRouter(prefix="/tenants/{tenant}", tags=["connections"])


def connection_json(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "kind": connection.kind.value,
        **connection_standing_json(connection),
        "entra_tenant": connection.entra_tenant,
        "user_id": connection.user_id,
        "address": connection.address,
        "display_name": connection.display_name,
        "reach": connection.reach.value,
        "granted": list(connection.granted),
        "client": connection.client,
        "scoped": connection.scoped,
        "notice": connection.notice,
        "can": can(connection),
        "cannot": cannot(connection),
    }


def calendar_json(calendar: Calendar, connection: Connection | None = None) -> dict[str, Any]:
    """With its connection, what this keeps it from is shown too."""
    return {
        "id": calendar.key.calendar,
        "connection": calendar.connection,
        "mailbox": calendar.address,
        "display_name": calendar.display_name,
        **calendar_standing_json(calendar, connection),
        "reach": calendar.reach.value,
        "time_zone": calendar.time_zone,
        "dry": calendar.dry,
        "last_round": calendar.last_round,
        "last_change": calendar.last_change,
        "held": held_json(calendar.held) if calendar.held else None,
    }


@connections.get("/connections", response_model=Connections)
async def list_connections(
    tenant: OfTenant, services: Given, after: str = "", limit: Limit = 100
) -> Any:
    found = await services.store.connections(tenant.id, after, limit)
    following = found[-1].id if len(found) == limit else ""
    return {"connections": [connection_json(one) for one in found], "next": following}


@connections.get("/connections/{connection}", response_model=ConnectionOut)
async def get_connection(tenant: OfTenant, connection: PlainId, services: Given) -> Any:
    found = await services.store.connection(tenant.id, connection)
    if found is None:
        raise Refused(Problem("connection-unknown"))
    return connection_json(found)


@connections.post("/connections/{connection}/check", response_model=ConnectionOut)
async def check_connection(tenant: OfTenant, connection: PlainId, services: Given) -> Any:
    """Tries it now: whether Entra gives a token, and Exchange a calendar. What was mended there
    is found by itself within the hour.
    """
    found = await services.store.connection(tenant.id, connection)
    if found is None:
        raise Refused(Problem("connection-unknown"))
    if not alive(found.state):
        return connection_json(found)
    return connection_json(await check(services.engine, found))


@connections.post("/calendars", response_model=CalendarOut, status_code=202)
async def post_calendar(tenant: OfTenant, wanted: CalendarIn, services: Given) -> Any:
    """Connects one mailbox under the organisation's grant."""
    return calendar_json(await connect_mailbox(services, tenant, wanted.mailbox, wanted.time_zone))


@connections.get("/calendars", response_model=Calendars)
async def list_calendars(tenant: OfTenant, services: Given, connection: str = "") -> Any:
    found = await services.store.calendars(tenant.id, connection)
    grants = {one.id: one for one in await services.store.connections(tenant.id, limit=1000)}
    now = services.clock()
    listed = [calendar_json(one, grants.get(one.connection)) for one in found]
    lags = [lag_json(one, now) for one in found]
    return {"calendars": [{**a, "lag": b} for a, b in zip(listed, lags, strict=True)]}


@connections.get("/calendars/{calendar}", response_model=CalendarOut)
async def get_calendar(tenant: OfTenant, calendar: PlainId, services: Given) -> Any:
    found = await find_calendar(services, tenant, calendar)
    if found is None:
        raise Refused(Problem("calendar-unknown"))
    connection = await services.store.connection(tenant.id, found.connection)
    return {
        **calendar_json(found, connection),
        "lag": await whole_lag_json(services, found),
    }
