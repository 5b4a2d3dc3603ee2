"""A calendar whose round is held, and what a person may say of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.tenancy import Ruled
from shared.services import Services
from shared.store.records import CalendarKey, Held, Ruling, Tenant
from shared.sync.report import held_json
from shared.sync.ruling import check_discard, held, rule

holds = APIRouter(prefix="/tenants/{tenant}/calendars/{calendar}", tags=["connections"])

Plan = Annotated[bool, Query(description="Only say what it would do.")]


@holds.post("/resume", response_model=Ruled, status_code=202)
async def resume(tenant: OfTenant, calendar: PlainId, services: Given, plan: Plan = False) -> Any:
    """What Outlook shows is meant: the held round passes, once."""
    return await _ruled(services, CalendarKey(tenant.id, calendar), Ruling.RESUME, plan=plan)


@holds.post("/discard", response_model=Ruled, status_code=202)
async def discard(tenant: OfTenant, calendar: PlainId, services: Given, plan: Plan = False) -> Any:
    """Your side stands: what is gone is written anew, without attendees; what was changed is
    written back.
    """
    return await _discarded(services, tenant, CalendarKey(tenant.id, calendar), plan=plan)


async def _discarded(
    services: Services, tenant: Tenant, key: CalendarKey, *, plan: bool
) -> dict[str, Any]:
    check_discard(tenant)
    return await _ruled(services, key, Ruling.DISCARD, plan=plan)


async def _ruled(
    services: Services, key: CalendarKey, ruling: Ruling, *, plan: bool
) -> dict[str, Any]:
    calendar, what = await held(services.store, key)
    if not plan:
        calendar = await rule(services.store, services.wake, key, ruling, services.clock())
        what = calendar.held or what
    return {
        "calendar": calendar.key.calendar,
        "held": held_json(what),
        "does": _plan(what, ruling),
        "done": not plan,
    }


def _plan(what: Held, ruling: Ruling) -> dict[str, int]:
    discards = ruling is Ruling.DISCARD
    return {
        "deleted": 0 if discards else what.deletions,
        "changed": 0 if discards else what.changes,
        "written_anew": what.deletions if discards else 0,
        "without_attendees": what.guests if discards else 0,
        "written_back": what.changes if discards else 0,
        "mails": what.mails if discards else 0,
    }
