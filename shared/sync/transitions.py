"""States as they are stored and told: one change in the log for each, whatever is cut off."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import Contended
from shared.store.records import Connection, Due, DueKind, Settlement, State, Tenant
from shared.store.store import Store
from shared.sync.report import calendar_change, connection_change, tenant_change
from shared.sync.shift import Shift
from shared.sync.standing import ENDING, Standing, moved, moves_tenant, tenant_standing

ALL = 1000
# What somebody may mend in Entra is looked at this often.
HOURLY = timedelta(hours=1)


async def move_calendar(shift: Shift, standing: Standing) -> None:
    """Told before it is stored: a worker that dies in between tells the same once more."""
    if moved(shift.calendar, standing.state, standing.cause, shift.clock()) is shift.calendar:
        return
    await shift.look_again()
    was, now = shift.calendar, shift.clock()
    told = moved(was, standing.state, standing.cause, now)
    tenant = await shift.store.tenant(shift.key.tenant)
    if tenant is not None and moves_tenant(tenant.state, was.state, told.state):
        await look_at_tenant(shift.store, tenant.id, now)
    await shift.settle(Settlement(changes=(calendar_change(told, was, now),)))
    await shift.keep(state=told.state, cause=told.cause, since=told.since)


async def move_connection(shift: Shift, standing: Standing) -> None:
    """Another worker of the same connection may have said so already."""
    was = await shift.store.connection(shift.key.tenant, shift.connection.id)
    if was is None or was.state in ENDING:
        return
    now = shift.clock()
    told = moved(was, standing.state, standing.cause, now)
    if told is was:
        return
    if told.state is State.ACTION_REQUIRED:
        told = await check_again(shift.store, told, now + HOURLY)
    await look_at_tenant(shift.store, was.tenant, now)
    await shift.settle(Settlement(changes=(connection_change(told, was, now),)))
    with suppress(Contended):
        shift.connection = await shift.store.put_connection(told)


async def change_connection(store: Store, was: Connection, told: Connection) -> Connection:
    """For who has no calendar's lease. Raises Contended when it is no longer as it was."""
    if (was.state, was.cause) != (told.state, told.cause):
        await look_at_tenant(store, was.tenant, told.since)
        await store.log(was.tenant, [connection_change(told, was, told.since)])
    return await store.put_connection(told)


async def change_tenant(store: Store, was: Tenant, told: Tenant) -> Tenant:
    """Raises Contended when it is no longer as it was."""
    if (was.state, was.cause) != (told.state, told.cause):
        await store.log(was.id, [tenant_change(told, was, told.since)])
    return await store.put_tenant(told)


async def check_again(store: Store, connection: Connection, due: datetime) -> Connection:
    """Reminded of; with the time, not yet stored."""
    await store.remind(Due(DueKind.CHECK, due, connection_name(connection)))
    return replace(connection, check_due=due)


def connection_name(connection: Connection) -> str:
    return f"{connection.tenant}~{connection.id}"


async def look_at_tenant(store: Store, tenant: str, now: datetime) -> None:
    """Its state follows from many rows: they are looked at together, within the minute."""
    await store.remind(Due(DueKind.STANDING, now, tenant))


async def reconsider(store: Store, name: str, now: datetime) -> bool:
    """Whether the tenant's state had to follow what is connected. Raises Contended."""
    tenant = await store.tenant(name)
    if tenant is None:
        return False
    connections = await store.connections(name, limit=ALL)
    calendars = await store.calendars(name) if any(_is_alive(one) for one in connections) else []
    standing = tenant_standing(tenant, connections, calendars)
    told = moved(tenant, standing.state, standing.cause, now)
    if told is tenant:
        return False
    await change_tenant(store, tenant, told)
    return True


def _is_alive(connection: Connection) -> bool:
    return connection.state not in ENDING | {State.CONSENT_PENDING}
