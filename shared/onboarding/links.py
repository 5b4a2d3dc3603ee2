"""Consent links: what the host app hands to the person who must agree."""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.custody.grants import Begun
from shared.custody.state import COOKIE, LIFETIME
from shared.errors import Contended, Problem, Refused
from shared.onboarding.connections import move_tenant
from shared.onboarding.pages import Page, redirect
from shared.onboarding.returns import check_return_url
from shared.services import Services
from shared.store.records import ConnectionKind, ConsentLink, LinkState, State, Tenant

VALID = timedelta(days=7)


async def create_link(
    services: Services,
    tenant: Tenant,
    kind: ConnectionKind,
    login_hint: str = "",
    return_url: str = "",
    time_zone: str = "",
) -> ConsentLink:
    if return_url:
        check_return_url(return_url, services.settings.return_urls)
    link = ConsentLink(
        id=secrets.token_urlsafe(24),
        tenant=tenant.id,
        kind=kind,
        expires=services.clock() + VALID,
        login_hint=login_hint,
        return_url=return_url,
        time_zone=time_zone,
    )
    kept = await services.store.put_consent_link(link)
    if tenant.state is State.NOT_CONNECTED:
        # The state is for people to read: whoever changed the tenant meanwhile knows better.
        with suppress(Contended):
            await move_tenant(services, tenant, State.CONSENT_PENDING)
    return kept


def link_url(services: Services, link: ConsentLink) -> str:
    return f"{services.settings.public_url}/oauth/start?link={link.tenant}.{link.id}"


async def open_link(services: Services, name: str) -> Page:
    """`name` is `tenant.link`. Sends the browser on to Entra, with the cookie that binds it."""
    tenant_id, _, link_id = name.partition(".")
    link, tenant = await usable_link(services, tenant_id, link_id)
    if link.state is LinkState.CREATED:
        link = await services.store.put_consent_link(replace(link, state=LinkState.SEEN))
    now, entra = services.clock(), tenant.entra_tenant
    if link.kind is ConnectionKind.ORGANISATION:
        begun = services.grants.begin_admin(
            tenant.id, link.id, now, entra_tenant=entra, reach=link.reach
        )
    else:
        begun = await services.grants.begin(
            tenant.id,
            link.id,
            now,
            entra_tenant=entra,
            hint=link.login_hint,
            kind=link.kind,
            reach=link.reach,
        )
    return sent_to(services, begun)


async def usable_link(
    services: Services, tenant_id: str, link_id: str
) -> tuple[ConsentLink, Tenant]:
    """Raises Refused for a link that is unknown, too old or used up."""
    known = bool(tenant_id and link_id)
    link = await services.store.consent_link(tenant_id, link_id) if known else None
    tenant = await services.store.tenant(tenant_id) if link else None
    if link is None or tenant is None:
        raise Refused(Problem("consent-link-unknown"))
    if link.state is LinkState.GRANTED or link.expires <= services.clock():
        raise Refused(Problem("consent-link-expired"))
    return link, tenant


def sent_to(services: Services, begun: Begun) -> Page:
    return redirect(begun.url, _cookie(services, begun.cookie, int(LIFETIME.total_seconds())))


def no_cookie(services: Services) -> str:
    return _cookie(services, "", 0)


def _cookie(services: Services, value: str, seconds: int) -> str:
    secure = "; Secure" if services.settings.public_url.startswith("https:") else ""
    return f"{COOKIE}={value}; Path=/oauth; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
