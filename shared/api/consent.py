from typing import Any

from fastapi import APIRouter

from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.tenancy import ConsentLinkIn, ConsentLinkOut, ConsentLinks
from shared.catalogue import problem_json
from shared.errors import Problem, Refused
from shared.onboarding.links import create_link, link_url
from shared.services import Services
from shared.store.records import ConnectionKind, ConsentLink

consent = APIRouter(prefix="/tenants/{tenant}/consent-links", tags=["consent"])


def consent_link_json(services: Services, link: ConsentLink) -> dict[str, Any]:
    return {
        "id": link.id,
        "kind": link.kind.value,
        "url": link_url(services, link),
        "state": link.state.value,
        "expires": link.expires,
        "connection": link.connection,
        "problem": problem_json(Problem(link.problem)) if link.problem else None,
    }


@consent.post("", response_model=ConsentLinkOut, status_code=201)
async def post_consent_link(tenant: OfTenant, wanted: ConsentLinkIn, services: Given) -> Any:
    """A link to give to the person who must agree: a user, or the organisation's administrator."""
    kind = ConnectionKind(wanted.kind)
    link = await create_link(
        services, tenant, kind, wanted.login_hint, wanted.return_url, wanted.time_zone
    )
    return consent_link_json(services, link)


@consent.get("", response_model=ConsentLinks)
async def list_consent_links(tenant: OfTenant, services: Given) -> Any:
    found = await services.store.consent_links(tenant.id)
    return {"consent_links": [consent_link_json(services, link) for link in found]}


@consent.get("/{link}", response_model=ConsentLinkOut)
async def get_consent_link(tenant: OfTenant, link: PlainId, services: Given) -> Any:
    found = await services.store.consent_link(tenant.id, link)
    if found is None:
        raise Refused(Problem("consent-link-unknown"))
    return consent_link_json(services, found)
