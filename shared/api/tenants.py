from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from shared.api.given import Given, Limit, OfTenant, TenantId, check_stays
from shared.api.schemas.tenancy import Status, TenantIn, TenantOut, Tenants
from shared.policy.document import Document
from shared.store.records import Calendar, Connection, State, Tenant
from shared.sync.policies import apply

tenants = APIRouter(tags=["tenants"])


def tenant_json(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "state": tenant.state.value,
        "cause": tenant.cause,
        "since": tenant.since,
        "entra_tenant": tenant.entra_tenant,
        "policy": Document.from_json(tenant.policy).policy_for().to_json(),
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
    calendars = await store.calendars(tenant.id)
    return {
        "tenant": tenant_json(tenant),
        "connections": _counted(await store.connections(tenant.id, limit=1000)),
        "calendars": _counted(calendars),
        "lag": {"oldest_round_seconds": _oldest_round(calendars, services.clock())},
        "log": {"head": head},
        "endpoints": [
            {"id": one.id, "state": one.state.value, "behind": max(0, head - one.cursor)}
            for one in await store.endpoints(tenant.id)
        ],
    }


def _counted(items: Iterable[Connection | Calendar]) -> dict[str, Any]:
    by_state = Counter(item.state.value for item in items)
    return {"total": by_state.total(), "by_state": dict(by_state)}


def _oldest_round(calendars: list[Calendar], now: datetime) -> float | None:
    rounds = [c.last_round for c in calendars if c.state is State.ACTIVE and c.last_round]
    return round((now - min(rounds)).total_seconds(), 1) if rounds else None
