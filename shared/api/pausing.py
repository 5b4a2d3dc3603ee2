"""Pausing, resuming and reconnecting, and which calendar provider is active."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from shared.api.connections import calendar_json, connection_json
from shared.api.consent import consent_link_json
from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.lives import ProviderIn, ProviderOut, ReconnectIn
from shared.api.schemas.tenancy import CalendarOut, ConnectionOut, ConsentLinkOut, TenantOut
from shared.api.tenants import tenant_json
from shared.errors import Problem, Refused
from shared.onboarding.naming import find_calendar
from shared.onboarding.pausing import (
    pause_calendar,
    pause_connection,
    pause_tenant,
    resume_connection,
    resume_tenant,
)
from shared.onboarding.providers import check_tenant_free
from shared.onboarding.reconnecting import reconnect_link
from shared.onboarding.resyncing import resync
from shared.services import Services
from shared.store.records import CalendarKey, Connection, Tenant

pauses = APIRouter(prefix="/tenants/{tenant}", tags=["connections"])


@pauses.post("/pause", response_model=TenantOut, status_code=202)
async def pause_whole_tenant(tenant: OfTenant, services: Given) -> Any:
    """Nothing of it is read or written until it is resumed; what you write is kept."""
    return tenant_json(await pause_tenant(services, tenant))


@pauses.post("/resume", response_model=TenantOut, status_code=202)
async def resume_whole_tenant(tenant: OfTenant, services: Given) -> Any:
    return tenant_json(await resume_tenant(services, tenant))


@pauses.post("/connections/{connection}/pause", response_model=ConnectionOut, status_code=202)
async def pause_one_connection(tenant: OfTenant, connection: PlainId, services: Given) -> Any:
    found = await _connection(services, tenant, connection)
    return connection_json(await pause_connection(services, found))


@pauses.post("/connections/{connection}/resume", response_model=ConnectionOut, status_code=202)
async def resume_one_connection(tenant: OfTenant, connection: PlainId, services: Given) -> Any:
    found = await _connection(services, tenant, connection)
    return connection_json(await resume_connection(services, tenant, found))


@pauses.post("/calendars/{calendar}/pause", response_model=CalendarOut, status_code=202)
async def pause_one_calendar(tenant: OfTenant, calendar: PlainId, services: Given) -> Any:
    """`POST resume` ends it."""
    found = await find_calendar(services, tenant, calendar)
    if found is None:
        raise Refused(Problem("calendar-unknown"))
    return calendar_json(await pause_calendar(services, found))


@pauses.post("/calendars/{calendar}/resync", response_model=CalendarOut, status_code=202)
async def resync_one_calendar(tenant: OfTenant, calendar: PlainId, services: Given) -> Any:
    """Reads it from the beginning of its window; mails nobody and doubles nothing."""
    return calendar_json(await resync(services, CalendarKey(tenant.id, calendar)))


@pauses.post("/connections/{connection}/reconnect", response_model=ConsentLinkOut, status_code=201)
async def reconnect(
    tenant: OfTenant, connection: PlainId, services: Given, wanted: ReconnectIn | None = None
) -> Any:
    """A consent link for the same person, with their address filled in."""
    found = await _connection(services, tenant, connection)
    back = wanted.return_url if wanted else ""
    return consent_link_json(services, await reconnect_link(services, tenant, found, back))


@pauses.get("/provider", response_model=ProviderOut)
async def get_provider(tenant: OfTenant) -> Any:
    return {"active": tenant.provider or None}


@pauses.put("/provider", response_model=ProviderOut)
async def put_provider(tenant: OfTenant, wanted: ProviderIn, services: Given) -> Any:
    """Says that the customer's calendars are kept elsewhere: nothing is connected here then."""
    provider = wanted.active or ""
    await check_tenant_free(services.store, tenant, provider, "/active")
    kept = await services.store.put_tenant(replace(tenant, provider=provider))
    return {"active": kept.provider or None}


async def _connection(services: Services, tenant: Tenant, connection: str) -> Connection:
    found = await services.store.connection(tenant.id, connection)
    if found is None:
        raise Refused(Problem("connection-unknown"))
    return found
