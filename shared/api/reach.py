"""What a connection reaches, what limits it, and how that is proven."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse

from shared.api.connections import calendar_json
from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.reach import (
    Capabilities,
    Mailbox,
    MailboxIn,
    ProofIn,
    ProofOut,
    Proofs,
    RightsOut,
)
from shared.api.schemas.tenancy import CalendarOut
from shared.catalogue import cause_of
from shared.errors import Problem, Refused
from shared.onboarding.accounts import connect_shared, rights_on
from shared.onboarding.capabilities import WhyNot, capabilities
from shared.onboarding.proof import prove
from shared.onboarding.scoping import check_group, check_reach, scoping_of, script
from shared.services import Services
from shared.store.records import Connection, Proof, Reach, Tenant

reach = APIRouter(prefix="/tenants/{tenant}", tags=["connections"])


def proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "at": proof.at,
        "inside": proof.inside,
        "outside": proof.outside,
        "inside_found": proof.inside_found.value,
        "outside_found": proof.outside_found.value,
        "verdict": proof.verdict.value,
        "why": proof.why,
        "roles": list(proof.roles),
    }


def capability_json(feature: str, why: WhyNot | None) -> dict[str, Any]:
    if why is None:
        return {"feature": feature, "available": True, "why_not": None}
    cause = cause_of(why.code)
    told = {
        "reason": why.reason.value,
        "code": cause.code,
        "title": cause.title,
        "detail": why.detail or cause.meaning,
        "fix_by": cause.fixed_by.value,
        "remedy": cause.remedy,
    }
    return {"feature": feature, "available": False, "why_not": told}


@reach.get("/capabilities", response_model=Capabilities)
async def get_capabilities(tenant: OfTenant, services: Given) -> Any:
    """What the tenant can use, and of what it cannot, why not and who can change that."""
    found = await capabilities(services, tenant)
    return {"capabilities": [capability_json(name, why) for name, why in found.items()]}


@reach.get("/connections/{connection}/scoping-script", response_class=PlainTextResponse)
async def get_scoping_script(
    tenant: OfTenant,
    connection: PlainId,
    services: Given,
    group: Annotated[str, Query(description="Mail address or Entra object id of a group.")],
    to: Annotated[
        Reach | None, Query(alias="reach", description="As far as the connection, if left out.")
    ] = None,
) -> Any:
    """PowerShell for the organisation's administrator: limits the app to the group's mailboxes."""
    found = await _connection(services, tenant, connection)
    check_group(group)
    check_reach(to or found.reach)
    return PlainTextResponse(script(await scoping_of(services, found, group, to or found.reach)))


@reach.post("/connections/{connection}/proof", response_model=ProofOut)
async def post_proof(
    tenant: OfTenant, connection: PlainId, wanted: ProofIn, services: Given
) -> Any:
    """Tries both mailboxes now and keeps what came of it. Nothing in them is read."""
    found = await _connection(services, tenant, connection)
    return proof_json(await prove(services, found, wanted.inside, wanted.outside))


@reach.get("/connections/{connection}/proofs", response_model=Proofs)
async def list_proofs(tenant: OfTenant, connection: PlainId, services: Given) -> Any:
    """Newest first."""
    found = await services.store.proofs(tenant.id, connection)
    return {"proofs": [proof_json(one) for one in found]}


@reach.get("/connections/{connection}/rights", response_model=RightsOut)
async def get_rights(
    tenant: OfTenant, connection: PlainId, mailbox: Annotated[Mailbox, Query()], services: Given
) -> Any:
    """What can be done in somebody's calendar by this connection."""
    found = await rights_on(services, await _connection(services, tenant, connection), mailbox)
    return {
        "mailbox": mailbox,
        "owner": found.owner,
        "can_read": found.can_read,
        "can_write": found.can_write,
        "sees_private": found.sees_private,
        "why_not": found.why_not,
    }


@reach.post("/mailboxes", response_model=CalendarOut, status_code=202)
async def post_mailbox(tenant: OfTenant, wanted: MailboxIn, services: Given) -> Any:
    """Connects somebody's calendar by an account that they share it with."""
    found = await _connection(services, tenant, wanted.connection)
    return calendar_json(
        await connect_shared(services, tenant, found, wanted.mailbox, wanted.time_zone)
    )


async def _connection(services: Services, tenant: Tenant, name: str) -> Connection:
    found = await services.store.connection(tenant.id, name)
    if found is None:
        raise Refused(Problem("connection-unknown"))
    return found
