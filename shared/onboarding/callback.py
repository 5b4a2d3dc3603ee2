"""What happens when a browser comes back from Entra."""

from collections.abc import Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie

from shared.custody.grants import Granted
from shared.custody.state import COOKIE
from shared.errors import Problem, Reconnect, Refused, TryAgain
from shared.onboarding.connecting import connect
from shared.onboarding.failures import failed_page
from shared.onboarding.following import move_link
from shared.onboarding.landing import visit_of
from shared.onboarding.links import no_cookie, sent_to, usable_link
from shared.onboarding.pages import Page, Visit, connected_page, redirect
from shared.onboarding.returns import with_outcome
from shared.onboarding.watching import wait_for_entra
from shared.services import Services
from shared.store.records import Connection, ConsentLink, LinkState


async def finish_admin_consent(services: Services, query: Mapping[str, str], cookies: str) -> Page:
    """The administrator agreed; the sign-in that follows proves for which organisation."""
    cookie = cookie_in(cookies)
    try:
        begun = await services.grants.consented(query, cookie, services.clock())
    except (Reconnect, Refused, TryAgain) as failure:
        return await failed_page(services, query, failure)
    return sent_to(services, begun)


async def finish_sign_in(services: Services, query: Mapping[str, str], cookies: str) -> Page:
    """Where it fails, the page says what the person, or somebody else, must do."""
    cookie = cookie_in(cookies)
    try:
        granted = await services.grants.finish(query, cookie, services.clock())
        return await take(services, granted)
    except (Reconnect, Refused, TryAgain) as failure:
        return await failed_page(services, query, failure)


async def take(services: Services, granted: Granted) -> Page:
    link, tenant = await usable_link(services, granted.tenant, granted.link)
    if not granted.effective:
        await wait_for_entra(services, link, tenant, granted)
    connection = await connect(services, link, tenant, granted)
    await move_link(services, link, LinkState.GRANTED, connection=connection.id)
    return _landing(services, link, connection, visit_of(services, link, tenant))


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
