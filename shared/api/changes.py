from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.api.given import Given, Limit, OfTenant, PlainId, Wait
from shared.api.schemas.telling import (
    Changes,
    EndpointCreated,
    EndpointIn,
    EndpointOut,
    Endpoints,
    RotationIn,
)
from shared.api.waiting import seen_within
from shared.changes.cloud_event import cloud_event
from shared.changes.endpoints import create_endpoint, delete_endpoint, enable_endpoint
from shared.changes.rotation import rotate_secret
from shared.store.records import Endpoint

changes = APIRouter(prefix="/tenants/{tenant}", tags=["changes"])


def endpoint_json(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "state": endpoint.state.value,
        "cause": endpoint.cause,
        "cursor": endpoint.cursor,
        "failures": endpoint.failures,
        "next_try": endpoint.next_try,
        "former_secrets_until": max((until for _, until in endpoint.former), default=None),
    }


@changes.get("/changes", response_model=Changes)
async def list_changes(
    tenant: OfTenant,
    services: Given,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 100,
    wait: Wait = 0,
) -> Any:
    """The tenant's log behind number `after`, without gaps, oldest first."""
    found = await seen_within(
        wait, lambda: services.store.changes(tenant.id, after, limit), done=bool
    )
    return {
        "changes": [cloud_event(tenant.id, change) for change in found],
        "next": found[-1].number if found else after,
        "head": await services.store.head(tenant.id),
    }


@changes.post("/webhook-endpoints", response_model=EndpointCreated, status_code=201)
async def post_endpoint(tenant: OfTenant, wanted: EndpointIn, services: Given) -> Any:
    """The signing secret is part of this answer and of no other."""
    created = await create_endpoint(services, tenant.id, wanted.url, wanted.after)
    return {**endpoint_json(created.endpoint), "secret": created.secret.reveal()}


@changes.get("/webhook-endpoints", response_model=Endpoints)
async def list_endpoints(tenant: OfTenant, services: Given) -> Any:
    found = await services.store.endpoints(tenant.id)
    return {"endpoints": [endpoint_json(endpoint) for endpoint in found]}


@changes.delete("/webhook-endpoints/{endpoint}", status_code=204)
async def drop_endpoint(tenant: OfTenant, endpoint: PlainId, services: Given) -> None:
    await delete_endpoint(services, tenant.id, endpoint)


@changes.post("/webhook-endpoints/{endpoint}/enable", response_model=EndpointOut)
async def post_enable(tenant: OfTenant, endpoint: PlainId, services: Given) -> Any:
    """Goes on behind the last confirmed change."""
    return endpoint_json(await enable_endpoint(services, tenant.id, endpoint))


@changes.post("/webhook-endpoints/{endpoint}/rotate-secret", response_model=EndpointCreated)
async def post_rotate(
    tenant: OfTenant, endpoint: PlainId, services: Given, wanted: RotationIn | None = None
) -> Any:
    """A new secret, shown this once. Until the overlap ends deliveries are signed by both."""
    overlap = timedelta(hours=(wanted or RotationIn()).overlap_hours)
    rotated = await rotate_secret(services, tenant.id, endpoint, overlap)
    return {**endpoint_json(rotated.endpoint), "secret": rotated.secret.reveal()}
