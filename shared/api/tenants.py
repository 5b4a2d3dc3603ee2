from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from shared.api.given import Given, Limit, OfTenant, TenantId, check_stays
from shared.api.schemas.tenancy import ServiceStatus, Status, TenantIn, TenantOut, Tenants
from shared.api.standing import tenant_standing_json
from shared.catalogue import explained
from shared.custody.expiry import credential_of, warning_json, warnings_of
from shared.onboarding.rollouts.progress import rollout_json
from shared.policy.document import Document
from shared.services import Services
from shared.store.records import Calendar, Connection, RolloutState, State, Tenant
from shared.sync.policies import apply
from shared.sync.standing import WORKING, Standing, shown

UNDER_WAY = frozenset({RolloutState.CREATED, RolloutState.DISCOVERING, RolloutState.CONNECTING})

tenants = APIRouter(tags=["tenants"])


def tenant_json(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        **tenant_standing_json(tenant),
        "entra_tenant": tenant.entra_tenant,
        "policy": Document.from_json(tenant.policy).policy_for().to_json(),
    }


@tenants.get("/status", response_model=ServiceStatus)
async def get_service_status(services: Given) -> Any:
    """How the whole service is, for its operator."""
    credential = await credential_of(services.settings)
    found = await services.store.tenants(limit=1000)
    while len(found) % 1000 == 0 and found:
        more = await services.store.tenants(found[-1].id, 1000)
        if not more:
            break
        found += more
    return {
        "credential": {"kind": credential.kind, "ends": credential.ends},
        "warnings": [warning_json(one) for one in warnings_of(credential, services.clock())],
        "tenants": _counted(found),
    }


@tenants.get("/tenants", response_model=Tenants)
async def list_tenants(services: Given, after: str = "", limit: Limit = 100) -> Any:
    found = await services.store.tenants(after, limit)
    following = found[-1].id if len(found) == limit else ""
    return {"tenants": [tenant_json(tenant) for tenant in found], "next": following}


@tenants.put("/tenants/{tenant}", response_model=TenantOut, responses={201: {"model": TenantOut}})
async def put_tenant(
    tenant: TenantId, wanted: TenantIn, services: Given, response: Response
) -> Any:
    """Creates the tenant or changes its name and policy; a policy left out stays as it is."""
    document = Document.from_json(wanted.policy or {}, "/policy")
    found = await services.store.tenant(tenant)
    if found is None:
        response.status_code = 201
        found = Tenant(tenant, wanted.name, State.NOT_CONNECTED, services.clock())
    check_stays(found)
    kept = await services.store.put_tenant(replace(found, name=wanted.name))
    if wanted.policy is not None:
        kept = await apply(services.store, services.wake, kept, document, services.clock())
    return tenant_json(kept)


@tenants.get("/tenants/{tenant}", response_model=TenantOut)
async def get_tenant(tenant: OfTenant) -> Any:
    return tenant_json(tenant)


@tenants.get("/tenants/{tenant}/status", response_model=Status)
async def get_status(tenant: OfTenant, services: Given) -> Any:
    store = services.store
    head = await store.head(tenant.id)
    connections = await store.connections(tenant.id, limit=1000)
    calendars = await store.calendars(tenant.id)
    grants = {one.id: one for one in connections}
    standings = [shown(one, grants.get(one.connection)) for one in calendars]
    return {
        "tenant": tenant_json(tenant),
        "connections": _counted(connections),
        "calendars": _counted(standings),
        "rollouts": await _under_way(services, tenant),
        "troubles": _troubles(standings),
        "lag": {"oldest_round_seconds": _oldest_round(calendars, services.clock())},
        "log": {"head": head},
        "endpoints": [
            {"id": one.id, "state": one.state.value, "behind": max(0, head - one.cursor)}
            for one in await store.endpoints(tenant.id)
        ],
    }


async def _under_way(services: Services, tenant: Tenant) -> list[dict[str, Any]]:
    """Rollouts that still connect somebody, with how far they are."""
    now = services.clock()
    shown_ones = [rollout_json(one, now) for one in await services.store.rollouts(tenant.id)]
    fields = ("id", "state", "percent", "seconds_left")
    return [
        {name: one[name] for name in fields} for one in shown_ones if one["state"] in UNDER_WAY
    ]


def _troubles(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """The commonest first."""
    counted = Counter(one.cause for one in standings if one.cause)
    return [
        {"cause": cause, "calendars": count, "explanation": explained(cause)}
        for cause, count in counted.most_common()
    ]


def _counted(items: Iterable[Tenant | Connection | Standing]) -> dict[str, Any]:
    by_state = Counter(item.state.value for item in items)
    return {"total": by_state.total(), "by_state": dict(by_state)}


def _oldest_round(calendars: list[Calendar], now: datetime) -> float | None:
    rounds = [c.last_round for c in calendars if c.state in WORKING and c.last_round]
    return round((now - min(rounds)).total_seconds(), 1) if rounds else None
