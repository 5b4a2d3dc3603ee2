"""What happens when a browser comes back from Entra."""

from collections.abc import Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie

from shared.custody.grants import Granted
from shared.custody.reach import reach_of
from shared.custody.state import COOKIE
from shared.errors import Problem, Reconnect, Refused
from shared.onboarding.calendars import check_free, connect_calendar
from shared.onboarding.connections import (
    bind_tenant,
    connection_from,
    keep_connection,
)
from shared.onboarding.failures import failed_page
from shared.onboarding.following import move_link
from shared.onboarding.landing import visit_of
from shared.onboarding.links import no_cookie, sent_to, usable_link
from shared.onboarding.pages import Page, Visit, connected_page, redirect
from shared.onboarding.returns import with_outcome
from shared.services import Services
from shared.store.records import (
    Connection,
    ConnectionKind,
    ConsentLink,
    LinkState,
    Reach,
    State,
    Tenant,
)


async def finish_admin_consent(services: Services, query: Mapping[str, str], cookies: str) -> Page:
    """The administrator agreed; the sign-in that follows proves for which organisation."""
    cookie = cookie_in(cookies)
    try:
        begun = await services.grants.consented(query, cookie, services.clock())
    except (Reconnect, Refused) as failure:
        return await failed_page(services, query, failure)
    return sent_to(services, begun)


async def finish_sign_in(services: Services, query: Mapping[str, str], cookies: str) -> Page:
    """Where it fails, the page says what the person, or somebody else, must do."""
    cookie = cookie_in(cookies)
    try:
        granted = await services.grants.finish(query, cookie, services.clock())
        return await _granted(services, granted)
    except (Reconnect, Refused) as failure:
        return await failed_page(services, query, failure)


async def _granted(services: Services, granted: Granted) -> Page:
    link, tenant = await usable_link(services, granted.tenant, granted.link)
    tenant = await bind_tenant(services, tenant, granted.entra_tenant)
    if granted.kind is ConnectionKind.ORGANISATION:
        connection = await _organisation_connected(services, tenant, granted)
    elif _has_no_calendar(granted):
        connection = await _account_connected(services, tenant, granted)
    else:
        connection = await _user_connected(services, tenant, granted, link.time_zone)
    await move_link(services, link, LinkState.GRANTED, connection=connection.id)
    return _landing(services, link, connection, visit_of(services, link, tenant))


async def _organisation_connected(
    services: Services, tenant: Tenant, granted: Granted
) -> Connection:
    """Consenting again wakes the calendars that waited for it."""
    connection = await connection_from(services, tenant, granted)
    kept = await keep_connection(services, connection)
    for calendar in await services.store.calendars(tenant.id, kept.id):
        if calendar.state is State.ACTION_REQUIRED or calendar.reach is not reach_of(kept):
            await services.wake.dirty(calendar.key, services.clock())
    return kept


def _has_no_calendar(granted: Granted) -> bool:
    """Nothing is synced of the account itself."""
    return granted.kind is ConnectionKind.SERVICE_ACCOUNT or granted.reach is Reach.ROOMS


async def _account_connected(services: Services, tenant: Tenant, granted: Granted) -> Connection:
    connection = await connection_from(services, tenant, granted)
    await services.grants.keep(connection, granted)
    return await keep_connection(services, connection)


async def _user_connected(
    services: Services, tenant: Tenant, granted: Granted, time_zone: str
) -> Connection:
    """The mailbox is looked at before anything is stored that promises to sync it."""
    connection = await connection_from(services, tenant, granted)
    await services.grants.keep(connection, granted)
    try:
        person = await services.graph.profile(connection, granted.user_id)
        await check_free(services, connection, person)
    except (Reconnect, Refused):
        if not connection.etag:
            await services.grants.forget(connection)
        raise
    found = replace(connection, address=person.address, display_name=person.display_name)
    kept = await keep_connection(services, found)
    await connect_calendar(services, tenant, kept, person, time_zone)
    return kept


def _landing(services: Services, link: ConsentLink, connection: Connection, visit: Visit) -> Page:
    if link.return_url:
        where = with_outcome(link.return_url, calbridge="connected", connection=connection.id)
        return redirect(where, no_cookie(services))
    page = connected_page(connection, visit)
    return replace(page, cookie=no_cookie(services))


def cookie_in(header: str) -> str:
    """Raises Refused when the browser did not bring the cookie it left with."""
    try:
        held = SimpleCookie(header).get(COOKIE)
    except CookieError:
        held = None
    if held is None or not held.value:
        raise Refused(Problem("consent-state-invalid"))
    return held.value
