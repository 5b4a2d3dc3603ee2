from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from shared.api.given import Given, OfTenant
from shared.api.preconditions import IfMatch, etag, wanted_version
from shared.api.schemas.base import Words
from shared.api.schemas.tenancy import PolicyOut, PolicyPlan, PolicyPresets
from shared.policy.document import Document
from shared.policy.effects import Effect
from shared.policy.presets import PRESETS
from shared.store.records import Tenant
from shared.sync.policies import apply, plan

policies = APIRouter(tags=["policies"])

Wanted = Annotated[Words, Body()]


def policy_json(tenant: Tenant) -> dict[str, Any]:
    document = Document.from_json(tenant.policy)
    return {
        "document": document.to_json(),
        "resolved": document.policy_for().to_json(),
        "projects": {
            name: document.policy_for(name).to_json() for name in sorted(document.projects)
        },
        "types": {
            name: document.policy_for(type_=name).to_json() for name in sorted(document.types)
        },
    }


@policies.get("/policy-presets", response_model=PolicyPresets)
async def list_policy_presets() -> Any:
    """Documents to start from: name one as `preset`, and say otherwise what is to be otherwise."""
    return {"presets": {name: dict(preset) for name, preset in PRESETS.items()}}


@policies.get("/tenants/{tenant}/policy", response_model=PolicyOut)
async def get_policy(tenant: OfTenant, response: Response) -> Any:
    """The document, and what it comes to for the tenant and each project and type it names."""
    response.headers["ETag"] = etag(Document.from_json(tenant.policy).version)
    return policy_json(tenant)


@policies.put("/tenants/{tenant}/policy", response_model=PolicyOut)
async def put_policy(
    tenant: OfTenant,
    document: Wanted,
    services: Given,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Applies a document. Calendars are read anew under it; nobody is mailed."""
    wanted = Document.from_json(document)
    version = wanted_version(if_match)
    kept = await apply(services.store, services.wake, tenant, wanted, services.clock(), version)
    response.headers["ETag"] = etag(Document.from_json(kept.policy).version)
    return policy_json(kept)


@policies.post("/tenants/{tenant}/policy/plan", response_model=PolicyPlan)
async def plan_policy(tenant: OfTenant, document: Wanted, services: Given) -> Any:
    """What applying the document would do, counted by kind. Nothing is done."""
    planned = await plan(services.store, tenant, Document.from_json(document), services.clock())
    return {
        "effects": {effect.value: planned.effects[effect] for effect in Effect},
        "calendars_read_anew": planned.calendars,
        "mails": 0,
    }
