"""Pausing without loss: what the host app writes is kept, what happens in Outlook is read later.

Only the one row that was asked for changes; workers read all three of a calendar before they
begin. Asking again does no harm.
"""

from dataclasses import replace

from shared.errors import Problem, Refused
from shared.onboarding.connections import alive, move_tenant
from shared.onboarding.providers import check_provider
from shared.services import Services
from shared.store.records import Calendar, Connection, State, Tenant
from shared.sync.report import calendar_change
from shared.sync.rest import CALENDAR, CONNECTION, TENANT
from shared.sync.standing import moved, tenant_standing
from shared.sync.transitions import change_connection

ALL = 1000


async def pause_tenant(services: Services, tenant: Tenant) -> Tenant:
    return await move_tenant(services, tenant, State.PAUSED, TENANT)


async def resume_tenant(services: Services, tenant: Tenant) -> Tenant:
    """To the state that follows from what it has connected."""
    if tenant.state is not State.PAUSED:
        return tenant
    await check_provider(services.store, tenant)
    connections = await services.store.connections(tenant.id, limit=ALL)
    calendars = await services.store.calendars(tenant.id)
    bound = State.ACTIVE if tenant.entra_tenant else State.NOT_CONNECTED
    follows = tenant_standing(replace(tenant, state=bound), connections, calendars)
    resumed = await move_tenant(services, tenant, follows.state, follows.cause)
    await _wake(services, calendars)
    return resumed


async def pause_connection(services: Services, connection: Connection) -> Connection:
    if not alive(connection.state):
        raise Refused(Problem("mailbox-not-connected", "The connection was disconnected."))
    return await _move_connection(services, connection, State.PAUSED, CONNECTION)


async def resume_connection(
    services: Services, tenant: Tenant, connection: Connection
) -> Connection:
    """Whether the grant still holds is found out by the first round."""
    if connection.state is not State.PAUSED:
        return connection
    await check_provider(services.store, tenant)
    resumed = await _move_connection(services, connection, State.ACTIVE, "")
    await _wake(services, await services.store.calendars(tenant.id, connection.id))
    return resumed


async def pause_calendar(services: Services, calendar: Calendar) -> Calendar:
    if not alive(calendar.state):
        raise Refused(Problem("mailbox-not-connected", "The calendar was disconnected."))
    return await _move_calendar(services, calendar, State.PAUSED, CALENDAR)


async def resume_calendar(services: Services, tenant: Tenant, calendar: Calendar) -> Calendar:
    if calendar.state is not State.PAUSED:
        return calendar
    await check_provider(services.store, tenant, (calendar.address, *calendar.aliases))
    resumed = await _move_calendar(services, calendar, State.PROVISIONING, "")
    await _wake(services, [resumed])
    return resumed


async def _move_connection(
    services: Services, was: Connection, state: State, cause: str
) -> Connection:
    kept = await change_connection(services.store, was, moved(was, state, cause, services.clock()))
    await services.engine.announce(was.tenant)
    return kept


async def _move_calendar(services: Services, was: Calendar, state: State, cause: str) -> Calendar:
    """Told before it is stored: who was cut off in between asks again, and the same is told."""
    told = moved(was, state, cause, services.clock())
    if told is was:
        return was
    await services.store.log(was.key.tenant, [calendar_change(told, was, told.since)])
    kept = await services.store.put_calendar(told)
    await services.engine.announce(was.key.tenant)
    return kept


async def _wake(services: Services, calendars: list[Calendar]) -> None:
    for calendar in calendars:
        if alive(calendar.state) and calendar.state is not State.PAUSED:
            await services.wake.dirty(calendar.key, services.clock())
