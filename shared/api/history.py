"""What sync took away of an appointment, and how it is brought back."""

from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from shared.api.appointments import answer
from shared.api.given import AppointmentId, Given, OfTenant, Wait
from shared.api.schemas.appointment import History, RestoreIn, Written
from shared.calendar.event_json import event_to_json
from shared.errors import Problem, Refused
from shared.policy.document import Document
from shared.services import Services
from shared.store.records import Calendar, Kept, Link, Tenant
from shared.sync.accept import put_appointment
from shared.sync.demand import Wanted

history = APIRouter(prefix="/tenants/{tenant}/appointments/{appointment}", tags=["appointments"])


@history.get("/history", response_model=History)
async def get_history(tenant: OfTenant, appointment: AppointmentId, services: Given) -> Any:
    """Newest first; also of an appointment that was deleted."""
    _, _, kept = await _found(services, tenant, appointment)
    return {"history": [_shown(one, _days(tenant)) for one in kept]}


@history.post("/restore", response_model=Written, status_code=202)
async def restore(
    tenant: OfTenant,
    appointment: AppointmentId,
    body: RestoreIn,
    services: Given,
    request: Request,
    response: Response,
    wait: Wait = 0,
) -> Any:
    """An ordinary write of what was kept; an appointment that was deleted gets a new event."""
    calendar, link, kept = await _found(services, tenant, appointment)
    wanted = _wanted(calendar, link, _chosen(kept, body.version, body.side))
    accepted = await put_appointment(
        services.store, services.wake, tenant, appointment, wanted, services.clock()
    )
    return await answer(services, request, response, accepted, wait)


async def _found(
    services: Services, tenant: Tenant, appointment: str
) -> tuple[Calendar, Link, list[Kept]]:
    key = await services.store.located(tenant.id, appointment)
    link = await services.store.link(key, appointment) if key else None
    calendar = await services.store.calendar(key) if key else None
    if key is None or link is None or calendar is None:
        raise Refused(Problem("appointment-unknown"))
    since = services.clock() - timedelta(days=_days(tenant))
    kept = await services.store.kept(key, appointment)
    return calendar, link, [one for one in kept if one.at >= since]


def _days(tenant: Tenant) -> int:
    return Document.from_json(tenant.policy).policy_for().undo_days


def _shown(kept: Kept, days: int) -> dict[str, Any]:
    return {
        "version": kept.version,
        "side": kept.side.value,
        "happened": kept.loss.value,
        "by": kept.by,
        "at": kept.at,
        "until": kept.at + timedelta(days=days),
        "content": event_to_json(kept.before),
    }


def _chosen(kept: list[Kept], version: int, side: Literal["app", "outlook"] | None) -> Kept:
    """Of both sides of one version the host app's own."""
    found = [one for one in kept if one.version == version and side in (None, one.side.value)]
    if not found:
        raise Refused(
            Problem(
                "content-not-kept",
                f"Nothing is kept that version {version} replaced; see the history.",
                "/version",
            )
        )
    return min(found, key=lambda one: one.side.value)


def _wanted(calendar: Calendar, link: Link, kept: Kept) -> Wanted:
    return Wanted(
        event=kept.before,
        mailbox=calendar.address,
        project=link.project,
        type=link.type,
        protected=link.protected,
    )
