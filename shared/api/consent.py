from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.tenancy import ConsentLinkIn, ConsentLinkOut, ConsentLinks
from shared.catalogue import problem_json
from shared.errors import Problem, Refused
from shared.onboarding.link_states import shown
from shared.onboarding.links import Wanted, create_link, link_url, revoke_link
from shared.services import Services
from shared.store.records import ConnectionKind, ConsentLink, Reach, Tenant

consent = APIRouter(prefix="/tenants/{tenant}/consent-links", tags=["consent"])


def consent_link_json(services: Services, link: ConsentLink) -> dict[str, Any]:
    link = shown(link, services.clock())
    return {
        "id": link.id,
        "kind": link.kind.value,
        "choices": [choice.value for choice in link.choices or (link.kind,)],
        "reach": link.reach.value,
        "expected": link.expected,
        "reconnects": link.reconnects,
        "url": link_url(services, link),
        "state": link.state.value,
        "since": link.since or link.expires,
        "expires": link.expires,
        "connection": link.connection,
        "problem": _problem(link) if link.problem else None,
    }


def _problem(link: ConsentLink) -> dict[str, Any]:
    extra: dict[str, str | int | float] = {"aadsts": link.number} if link.number else {}
    return problem_json(Problem(link.problem, extra=extra))


@consent.post("", response_model=ConsentLinkOut, status_code=201)
async def post_consent_link(tenant: OfTenant, body: ConsentLinkIn, services: Given) -> Any:
    """A link to give to the person who must agree: a user, or the organisation's administrator."""
    link = await create_link(services, tenant, _wanted(body))
    return consent_link_json(services, link)


def _wanted(body: ConsentLinkIn) -> Wanted:
    return Wanted(
        kind=ConnectionKind(body.kind),
        choices=tuple(ConnectionKind(choice) for choice in body.choices),
        reach=Reach(body.reach),
        expected=body.expected,
        login_hint=body.login_hint,
        return_url=body.return_url,
        time_zone=body.time_zone,
        valid=timedelta(hours=body.valid_hours),
    )


@consent.get("", response_model=ConsentLinks)
async def list_consent_links(tenant: OfTenant, services: Given) -> Any:
    found = await services.store.consent_links(tenant.id)
    return {"consent_links": [consent_link_json(services, link) for link in found]}


@consent.get("/{link}", response_model=ConsentLinkOut)
async def get_consent_link(tenant: OfTenant, link: PlainId, services: Given) -> Any:
    return consent_link_json(services, await _known(tenant, link, services))


@consent.delete("/{link}", response_model=ConsentLinkOut)
async def revoke_consent_link(tenant: OfTenant, link: PlainId, services: Given) -> Any:
    """Nobody gets on with it any more. One that has ended already stays as it is."""
    found = await _known(tenant, link, services)
    return consent_link_json(services, await revoke_link(services, found))


async def _known(tenant: Tenant, link: str, services: Services) -> ConsentLink:
    found = await services.store.consent_link(tenant.id, link)
    if found is None:
        raise Refused(Problem("consent-link-unknown"))
    return found
