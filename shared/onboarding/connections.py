"""Connections as records: made from a grant, kept, ended, and told about."""

from dataclasses import replace

from shared.custody.grants import Granted
from shared.errors import Contended, Problem, Refused
from shared.services import Services
from shared.store.records import Connection, ConnectionKind, State, Tenant
from shared.sync.checking import expect
from shared.sync.leaving import close_connection, end_grant
from shared.sync.refilling import begin_refill
from shared.sync.report import connection_change
from shared.sync.standing import AT_WORK, moved
from shared.sync.transitions import change_tenant, look_at_tenant

ATTEMPTS = 5
NAMES = {
    ConnectionKind.ORGANISATION: "organisation",
    ConnectionKind.USER: "user",
    ConnectionKind.SERVICE_ACCOUNT: "service",
}


def alive(state: State) -> bool:
    return state not in {State.DISCONNECTING, State.DISCONNECTED}


async def connection_from(services: Services, tenant: Tenant, granted: Granted) -> Connection:
    """Not yet stored. Its id follows from whose grant it is, so that consenting again mends the
    connection instead of making a second one.
    """
    user_id = "" if granted.kind is ConnectionKind.ORGANISATION else granted.user_id
    name = f"{NAMES[granted.kind]}-{user_id or granted.entra_tenant}"
    old = await services.store.connection(tenant.id, name)
    state = State.PAUSED if old and old.state is State.PAUSED else State.ACTIVE
    return Connection(
        id=name,
        tenant=tenant.id,
        kind=granted.kind,
        state=state,
        cause=old.cause if old and state is State.PAUSED else "",
        since=services.clock(),
        entra_tenant=granted.entra_tenant,
        user_id=user_id,
        address=granted.address if user_id else "",
        display_name=granted.display_name if user_id else "",
        reach=granted.reach,
        granted=granted.scopes,
        client=granted.client,
        scoped=old.scoped if old else False,
        etag=old.etag if old else "",
    )


async def keep_connection(services: Services, connection: Connection) -> Connection:
    """Told, before it is stored, if its state is another one than before."""
    was = await services.store.connection(connection.tenant, connection.id)
    connection = await begin_refill(services.store, was, connection)
    connection = await expect(services.engine, connection)
    await tell_connection(services, connection, was)
    return await services.store.put_connection(connection)


async def bind_tenant(services: Services, tenant: Tenant, entra_tenant: str) -> Tenant:
    """A tenant is one Entra tenant, the first that it was connected to, and no other tenant is
    the same. Raises Refused.
    """
    if tenant.entra_tenant in {"", entra_tenant}:
        await _claim(services, tenant, entra_tenant)
    for _ in range(ATTEMPTS):
        if tenant.entra_tenant not in {"", entra_tenant}:
            await services.store.release_entra(entra_tenant, tenant.id)
            raise Refused(Problem("wrong-tenant"))
        paused = tenant.state is State.PAUSED
        if tenant.entra_tenant and (paused or tenant.state in AT_WORK):
            return tenant
        state, cause = (tenant.state, tenant.cause) if paused else (State.ACTIVE, "")
        try:
            return await move_tenant(services, tenant, state, cause, entra_tenant)
        except Contended:
            tenant = await services.store.tenant(tenant.id) or tenant
    raise Contended(after=1, reason="the tenant's row is changed faster than it is saved")


async def _claim(services: Services, tenant: Tenant, entra_tenant: str) -> None:
    holder = await services.store.claim_entra(entra_tenant, tenant.id)
    if holder != tenant.id:
        raise Refused(Problem("organisation-taken"))


async def disconnect(
    services: Services, tenant: Tenant, connection: Connection, receipt: str = ""
) -> Connection:
    """Begun here, ended by the workers of its calendars. Asking twice does no harm."""
    if not alive(connection.state):
        return connection
    ended = await services.engine.disconnect(connection, receipt)
    if not await services.store.calendars(tenant.id, connection.id):
        ended = await end_alone(services, ended)
    await tell_connection(services, ended, connection)
    await _tenant_without_connections(services, tenant)
    return ended


async def end_alone(services: Services, connection: Connection) -> Connection:
    """No calendar, no worker: there is nothing to wait for."""
    await end_grant(services.store, connection, services.grants.forget)
    now = services.clock()
    kept = await services.store.put_connection(moved(connection, State.DISCONNECTED, "", now))
    await close_connection(services.store, kept, now)
    return kept


async def _tenant_without_connections(services: Services, tenant: Tenant) -> None:
    """It stays bound to its Entra tenant: its appointments are of that one."""
    found = await services.store.connections(tenant.id, limit=1000)
    if not any(alive(connection.state) for connection in found):
        await move_tenant(services, tenant, State.NOT_CONNECTED, "disconnected-by-app")


async def move_tenant(
    services: Services, tenant: Tenant, state: State, cause: str = "", entra_tenant: str = ""
) -> Tenant:
    """Tells the host app of it. Raises Contended when somebody else changed the tenant."""
    told = replace(
        moved(tenant, state, cause, services.clock()),
        entra_tenant=entra_tenant or tenant.entra_tenant,
    )
    kept = await change_tenant(services.store, tenant, told)
    await services.engine.announce(tenant.id)
    return kept


async def tell_connection(
    services: Services, connection: Connection, was: Connection | None
) -> None:
    """Of a connection that is new, or has another state than before."""
    before = was or replace(connection, state=State.NOT_CONNECTED, cause="")
    if (before.state, before.cause) == (connection.state, connection.cause):
        return
    await look_at_tenant(services.store, connection.tenant, services.clock())
    change = connection_change(connection, before, connection.since)
    await services.store.log(connection.tenant, [change])
    await services.engine.announce(connection.tenant)
