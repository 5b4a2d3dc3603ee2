"""A calendar whose round is held, and what a person may say of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.api.connections import calendar_json
from shared.api.given import Given, OfTenant, PlainId
from shared.api.schemas.tenancy import CalendarOut, Ruled
from shared.onboarding.naming import find_calendar
from shared.onboarding.pausing import resume_calendar
from shared.services import Services
from shared.store.records import CalendarKey, Held, Ruling, State, Tenant
from shared.sync.report import held_json
from shared.sync.ruling import check_discard, held, rule

holds = APIRouter(prefix="/tenants/{tenant}/calendars/{calendar}", tags=["connections"])

Plan = Annotated[bool, Query(description="Only say what it would do.")]


@holds.post("/resume", response_model=Ruled | CalendarOut, status_code=202)
async def resume(tenant: OfTenant, calendar: PlainId, services: Given, plan: Plan = False) -> Any:
    """Of a paused calendar: it goes on where it stopped. Of a held one: what Outlook shows is
    meant, and the held round passes, once.
    """
    found = await find_calendar(services, tenant, calendar)
    key = found.key if found else CalendarKey(tenant.id, calendar)
    if found is not None and found.state is State.PAUSED:
        return calendar_json(await resume_calendar(services, tenant, found))
    return await _ruled(services, key, Ruling.RESUME, plan=plan)


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
