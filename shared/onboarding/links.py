"""Consent links: what the host app hands to the person who must agree."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from shared.custody.grants import Begun
from shared.custody.state import COOKIE, LIFETIME, link_name, read_link_name
from shared.errors import Contended, Problem, Refused
from shared.onboarding.connections import move_tenant
from shared.onboarding.following import keep_new_link, move_link
from shared.onboarding.link_states import ENDED, EXPIRED, REVOKED, SEEN, SENT, is_over
from shared.onboarding.pages import Page, redirect
from shared.onboarding.providers import check_provider
from shared.onboarding.returns import check_return_url
from shared.services import Services
from shared.store.records import ConnectionKind, ConsentLink, LinkState, Reach, State, Tenant

VALID_HOURS = 168
TO_CHOOSE = (ConnectionKind.USER, ConnectionKind.ORGANISATION)
OVER = {
    LinkState.GRANTED: "consent-link-used",
    LinkState.EXPIRED: "consent-link-expired",
    LinkState.REVOKED: "consent-link-revoked",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a link is to be. `choices` empty: what fits the kind."""

    kind: ConnectionKind
    choices: tuple[ConnectionKind, ...] = ()
    reach: Reach = Reach.READ_WRITE
    expected: str = ""
    reconnects: str = ""
    login_hint: str = ""
    return_url: str = ""
    time_zone: str = ""
    valid: timedelta = field(default=timedelta(hours=VALID_HOURS))


async def create_link(services: Services, tenant: Tenant, wanted: Wanted) -> ConsentLink:
    """Raises Refused for choices that do not fit and for a return URL that is not listed."""
    await _check_whose(services, tenant, wanted.login_hint, wanted.expected)
    if wanted.return_url:
        check_return_url(wanted.return_url, services.settings.return_urls)
    now = services.clock()
    link = ConsentLink(
        id=secrets.token_urlsafe(24),
        tenant=tenant.id,
        kind=wanted.kind,
        expires=now + wanted.valid,
        since=now,
        reach=wanted.reach,
        expected=wanted.expected,
        reconnects=wanted.reconnects,
        login_hint=wanted.login_hint,
        return_url=wanted.return_url,
        time_zone=wanted.time_zone,
        choices=choices_of(wanted),
    )
    kept = await keep_new_link(services, link)
    if tenant.state is State.NOT_CONNECTED:
        # The state is for people to read: whoever changed the tenant meanwhile knows better.
        with suppress(Contended):
            await move_tenant(services, tenant, State.CONSENT_PENDING)
    return kept


def choices_of(wanted: Wanted) -> tuple[ConnectionKind, ...]:
    """An account that acts for others is a decision of its own: it stands beside nothing."""
    alone = wanted.reconnects or wanted.kind not in TO_CHOOSE
    fitting = (wanted.kind,) if alone else TO_CHOOSE
    chosen = tuple(kind for kind in fitting if kind in (wanted.choices or fitting))
    if wanted.kind not in chosen or not set(wanted.choices) <= set(fitting):
        detail = f"choices must hold {wanted.kind}, and beside it at most: {', '.join(fitting)}."
        raise Refused(Problem("invalid-request", detail, "/choices"))
    return chosen


def link_url(services: Services, link: ConsentLink) -> str:
    return address_of(services, link.tenant, link.id)


def address_of(services: Services, tenant: str, link: str) -> str:
    name = link_name(services.settings.signing_key, tenant, link)
    return f"{services.settings.public_url}/oauth/start?link={name}"


async def revoke_link(services: Services, link: ConsentLink) -> ConsentLink:
    """One that has ended stays as it is."""
    return await move_link(services, link, REVOKED)


async def see_link(services: Services, name: str) -> tuple[ConsentLink, Tenant]:
    """`name` is what the URL holds. Raises Refused for a link that is unknown or has ended."""
    link, tenant = await usable_link(
        services, *read_link_name(services.settings.signing_key, name)
    )
    return await move_link(services, link, SEEN), tenant


async def leave_by_link(services: Services, name: str, choice: str) -> Page:
    """Sends the browser on to Entra, with the cookie that binds it. `choice` is one of the
    link's choices, "" for its own kind.
    """
    link, tenant = await usable_link(
        services, *read_link_name(services.settings.signing_key, name)
    )
    kind = _chosen(link, choice)
    now, entra = services.clock(), tenant.entra_tenant
    if kind is ConnectionKind.ORGANISATION:
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
            kind=kind,
            reach=link.reach,
        )
    await move_link(services, link, SENT)
    return sent_to(services, begun)


def _chosen(link: ConsentLink, choice: str) -> ConnectionKind:
    for kind in link.choices or (link.kind,):
        if kind == (choice or link.kind):
            return kind
    raise Refused(Problem("consent-choice-refused"))


async def usable_link(
    services: Services, tenant_id: str, link_id: str
) -> tuple[ConsentLink, Tenant]:
    """Raises Refused for a link that is unknown or has ended, with the code that says how, and
    while another calendar provider is active.
    """
    link = await services.store.consent_link(tenant_id, link_id)
    tenant = await services.store.tenant(tenant_id) if link else None
    if link is None or tenant is None or tenant.receipt:
        raise Refused(Problem("consent-link-unknown"))
    if is_over(link, services.clock()):
        link = await move_link(services, link, EXPIRED)
    if link.state in ENDED:
        raise Refused(Problem(OVER[link.state]))
    await _check_whose(services, tenant, link.login_hint, link.expected)
    return link, tenant


async def _check_whose(services: Services, tenant: Tenant, *whose: str) -> None:
    """Raises Refused where the customer, or the one it is for, keeps calendars elsewhere."""
    await check_provider(services.store, tenant, [one for one in whose if one])


def sent_to(services: Services, begun: Begun) -> Page:
    return redirect(begun.url, _cookie(services, begun.cookie, int(LIFETIME.total_seconds())))


def no_cookie(services: Services) -> str:
    return _cookie(services, "", 0)


def _cookie(services: Services, value: str, seconds: int) -> str:
    secure = "; Secure" if services.settings.public_url.startswith("https:") else ""
    return f"{COOKIE}={value}; Path=/oauth; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
