"""From what Entra has granted to a connection: every check first, then what is stored."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from shared.custody.grants import Granted
from shared.errors import Problem, Reconnect, Refused
from shared.graph.mapping import person_from_graph
from shared.graph.seen import Person
from shared.onboarding.calendars import check_free, connect_calendar
from shared.onboarding.checks import (
    check_account,
    check_administrator,
    check_colleague,
    check_expected,
    check_person,
    check_scopes,
    is_expected,
)
from shared.onboarding.connections import bind_tenant, connection_from, keep_connection
from shared.onboarding.erasing import look_last, look_late
from shared.onboarding.mailboxes import check_open, notice_of
from shared.onboarding.strays import keep_granted
from shared.services import Services
from shared.store.records import (
    Connection,
    ConnectionKind,
    ConsentLink,
    Reach,
    Tenant,
)
from shared.sync.checking import wake_all
from shared.sync.standing import AT_WORK

# In the place of a receipt.
LATE_SIGN_IN = "late"


async def connect(
    services: Services, link: ConsentLink, tenant: Tenant, granted: Granted
) -> Connection:
    """Raises Refused or Reconnect where it is not to be; nothing is stored then."""
    connection = await _connected(services, link, tenant, granted)
    await _check_stays(services, connection)
    return connection


async def _check_stays(services: Services, connection: Connection) -> None:
    """Whoever erases the tenant meanwhile may have looked before this was stored."""
    tenant = await services.store.tenant(connection.tenant)
    if tenant is not None and not tenant.receipt:
        return
    await services.grants.forget(connection)
    if tenant is None:
        name = await look_late(services, connection.tenant, LATE_SIGN_IN, services.clock())
        await look_last(services, name)
    raise Refused(Problem("tenant-disconnecting"))


async def _connected(
    services: Services, link: ConsentLink, tenant: Tenant, granted: Granted
) -> Connection:
    check_account(granted, tenant)
    if granted.kind is ConnectionKind.ORGANISATION:
        return await _organisation(services, link, tenant, granted)
    check_scopes(granted)
    connection = await connection_from(services, tenant, granted)
    if granted.kind is ConnectionKind.SERVICE_ACCOUNT or granted.reach is Reach.ROOMS:
        return await _account(services, link, tenant, granted, connection)
    return await _user(services, link, tenant, granted, connection)


async def _organisation(
    services: Services, link: ConsentLink, tenant: Tenant, granted: Granted
) -> Connection:
    """Consenting again wakes the calendars that waited for it."""
    check_administrator(granted)
    connection = await connection_from(services, tenant, granted)
    await _check_meant(services, link, tenant, connection, granted)
    tenant = await bind_tenant(services, tenant, granted.entra_tenant)
    return await _with_calendars(services, await keep_connection(services, connection))


async def _check_meant(
    services: Services,
    link: ConsentLink,
    tenant: Tenant,
    connection: Connection,
    granted: Granted,
) -> None:
    """A person's own link may be finished by an administrator of their organisation."""
    if is_expected(link, granted):
        return
    if link.kind is ConnectionKind.ORGANISATION:
        check_expected(link, granted, await services.graph.profile(connection, granted.user_id))
    elif not tenant.entra_tenant:
        check_colleague(link, granted, await _colleague(services, connection, link.expected))


async def _colleague(services: Services, connection: Connection, name: str) -> Person | None:
    try:
        return await services.graph.profile(connection, name)
    except Reconnect:
        return None


async def _account(
    services: Services,
    link: ConsentLink,
    tenant: Tenant,
    granted: Granted,
    connection: Connection,
) -> Connection:
    """Nothing is synced of the account itself."""
    async with _lent(services, connection, granted):
        person = await services.graph.profile(connection, granted.user_id)
    check_expected(link, granted, person)
    check_person(person)
    await bind_tenant(services, tenant, granted.entra_tenant)
    return await _with_calendars(services, await keep_granted(services, connection, granted))


async def _with_calendars(services: Services, connection: Connection) -> Connection:
    """They waited for the grant, or reach further by it."""
    calendars = await services.store.calendars(connection.tenant, connection.id)
    waiting = [one for one in calendars if one.state in AT_WORK]
    await wake_all(services.engine, waiting, services.clock())
    return connection


async def _user(
    services: Services,
    link: ConsentLink,
    tenant: Tenant,
    granted: Granted,
    connection: Connection,
) -> Connection:
    """The mailbox is looked at before anything is stored that promises to sync it."""
    async with _lent(services, connection, granted):
        profile = await services.graph.account(connection, granted.user_id)
        person = person_from_graph(profile)
        check_expected(link, granted, person)
        check_person(person)
        await check_free(services, connection, person)
        await check_open(services, connection, person.user_id, profile)
        notice = await notice_of(services, link, connection, profile)
    tenant = await bind_tenant(services, tenant, granted.entra_tenant)
    named = replace(
        connection, address=person.address, display_name=person.display_name, notice=notice
    )
    kept = await keep_granted(services, named, granted)
    await connect_calendar(services, tenant, kept, person, link.time_zone)
    return kept


@asynccontextmanager
async def _lent(
    services: Services, connection: Connection, granted: Granted
) -> AsyncGenerator[None]:
    """The grant serves requests before it is kept; whoever fails inside leaves nothing of it."""
    services.grants.lend(connection, granted)
    try:
        yield
    except BaseException:
        services.grants.take_back(connection)
        raise
