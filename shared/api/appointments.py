from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from shared.api.appointment import (
    Found,
    editable,
    find,
    outcome_within,
    shown_with_people,
    wanted_from,
)
from shared.api.given import AppointmentId, Given, Limit, OfTenant, Wait
from shared.api.listing import list_page
from shared.api.merge_patch import merge_patch
from shared.api.preconditions import IfMatch, IfNoneMatch, etag, must_exist, wanted_version
from shared.api.schemas.appointment import (
    AppointmentIn,
    AppointmentOut,
    AppointmentPatch,
    Appointments,
    Split,
    SplitIn,
    Written,
)
from shared.api.schemas.base import ActingUser
from shared.api.waits import shown_operation
from shared.calendar.event import Event
from shared.calendar.series_json import read_original_start
from shared.errors import Problem, Refused
from shared.onboarding.naming import find_calendar, is_new_name
from shared.policy.document import Document
from shared.services import Services
from shared.store.records import CalendarKey, Link, OperationState, Tenant
from shared.sync.accept import Accepted, delete_appointment, put_appointment
from shared.sync.demand import Wanted
from shared.sync.home import home_of
from shared.sync.split import split_appointment

ATTEMPTS = 5

appointments = APIRouter(prefix="/tenants/{tenant}/appointments", tags=["appointments"])

_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"model": Written, "description": "Outlook has it, or had it already"},
    201: {"model": Written, "description": "Created in Outlook"},
}

_SPLIT: dict[int | str, dict[str, Any]] = {
    201: {"model": Split, "description": "Outlook has both"}
}


@appointments.get("", response_model=Appointments)
async def list_appointments(
    tenant: OfTenant, services: Given, mailbox: str = "", after: str = "", limit: Limit = 100
) -> Any:
    """Of one mailbox or of all. `after` is the `next` of the page before."""
    found, following = await list_page(services, tenant, mailbox, after, limit)
    appointments = await shown_with_people(services, tenant.id, found)
    return {"appointments": appointments, "next": following}


@appointments.get("/{appointment}", response_model=AppointmentOut)
async def get_appointment(
    tenant: OfTenant, appointment: AppointmentId, services: Given, response: Response
) -> Any:
    found = await find(services, tenant.id, appointment)
    response.headers["ETag"] = etag(found.link.version)
    (appointment,) = await shown_with_people(services, tenant.id, [found])
    return appointment


@appointments.put("/{appointment}", response_model=Written, status_code=202, responses=_WRITTEN)
async def put(
    tenant: OfTenant,
    appointment: AppointmentId,
    body: AppointmentIn,
    services: Given,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    wait: Wait = 0,
) -> Any:
    """Creates or replaces. 202: accepted, and the operation tells what becomes of it."""
    if must_exist(if_match):
        await _existing(services, tenant, appointment)
    wanted = wanted_from(body, wanted_version(if_match, if_none_match))
    await _check_right(services, tenant, wanted, body.acting_user)
    accepted = await _put(services, tenant, appointment, wanted)
    return await answer(services, request, response, accepted, wait)


@appointments.patch("/{appointment}", response_model=Written, status_code=202, responses=_WRITTEN)
async def patch(
    tenant: OfTenant,
    appointment: AppointmentId,
    body: Annotated[AppointmentPatch, Body(media_type="application/merge-patch+json")],
    services: Given,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    wait: Wait = 0,
) -> Any:
    """Changes what is named (RFC 7396). Without If-Match it applies to whatever is current."""
    changes = body.model_dump()
    accepted = await _patched(services, tenant, appointment, changes, wanted_version(if_match))
    return await answer(services, request, response, accepted, wait)


@appointments.delete("/{appointment}", response_model=Written, status_code=202)
async def delete(
    tenant: OfTenant,
    appointment: AppointmentId,
    services: Given,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    cancel: Annotated[bool, Query(description="Cancel, and keep it as cancelled.")] = False,
    comment: Annotated[str, Query(max_length=1000, description="Told to attendees.")] = "",
    acting_user: Annotated[ActingUser | None, Query(description="Who deletes it.")] = None,
    wait: Wait = 0,
) -> Any:
    if must_exist(if_match):
        await _existing(services, tenant, appointment)
    await _check_right_to_delete(services, tenant, appointment, acting_user)
    accepted = await delete_appointment(
        services.store,
        services.wake,
        tenant,
        appointment,
        now=services.clock(),
        cancel=cancel,
        comment=comment,
        if_version=wanted_version(if_match),
    )
    return await answer(services, request, response, accepted, wait)


@appointments.post("/{appointment}/split", response_model=Split, status_code=202, responses=_SPLIT)
async def split(
    tenant: OfTenant,
    appointment: AppointmentId,
    body: SplitIn,
    services: Given,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    wait: Wait = 0,
) -> Any:
    """The series ends before `original_start`, and goes on as another appointment that begins
    there. Asked again it changes nothing.
    """
    found = await find(services, tenant.id, appointment)
    changes = body.model_dump(exclude={"original_start", "id"})
    if "mailbox" in changes:
        raise Refused(
            Problem("invalid-request", "mailbox must be that of the series.", "/mailbox")
        )

    def wanted(link: Link, tail: Event) -> Wanted:
        whole = editable(replace(found, link=replace(link, app=tail)))
        return wanted_from(_checked(merge_patch({**whole, "revision": None}, changes)), None)

    if found.link.app:
        asked = wanted(found.link, found.link.app)
        await _check_right(services, tenant, asked, changes.get("acting_user"))
    ended, following = await split_appointment(
        services.store,
        services.wake,
        tenant,
        appointment,
        read_original_start(body.original_start, "/original_start"),
        body.id,
        wanted,
        services.clock(),
        wanted_version(if_match),
    )
    parts = [await answer(services, request, response, one, wait) for one in (ended, following)]
    pending = any(one["operation"]["state"] == OperationState.PENDING for one in parts)
    response.status_code = 202 if pending else 201
    return {"ended": parts[0], "following": parts[1]}


async def _put(services: Services, tenant: Tenant, appointment: str, wanted: Wanted) -> Accepted:
    """Where somebody's right is asked for, whose mailbox it is has been found out before that."""

    async def put() -> Accepted:
        return await put_appointment(
            services.store, services.wake, tenant, appointment, wanted, services.clock()
        )

    try:
        return await put()
    except Refused as refused:
        known = refused.problem.code != "mailbox-not-connected" or _asks_for_right(tenant, wanted)
        if known or not await is_new_name(services, tenant, wanted.mailbox):
            raise
    return await put()


async def _patched(
    services: Services,
    tenant: Tenant,
    appointment: str,
    changes: dict[str, Any],
    version: int | None,
    attempts: int = ATTEMPTS,
) -> Accepted:
    """Where the caller named no version and somebody was faster, it applies to the new one."""
    _check_words(changes)
    found = await find(services, tenant.id, appointment)
    whole = _checked(merge_patch(editable(found), changes))
    read = found.link.version
    try:
        wanted = wanted_from(whole, read if version is None else version)
        await _check_right(services, tenant, wanted, whole.acting_user)
        return await _put(services, tenant, appointment, wanted)
    except Refused as refused:
        named = version is not None
        if named or refused.problem.code != "version-conflict" or attempts == 1:
            raise
    return await _patched(services, tenant, appointment, changes, version, attempts - 1)


async def _check_right(
    services: Services, tenant: Tenant, wanted: Wanted, actor: str | None
) -> None:
    """Raises Refused, or TryAgain where Graph cannot be asked: never a silent yes."""
    if _asks_for_right(tenant, wanted):
        if await find_calendar(services, tenant, wanted.mailbox) is None:
            await is_new_name(services, tenant, wanted.mailbox)
        await services.rights.check(tenant.id, wanted.mailbox, actor or "")


def _asks_for_right(tenant: Tenant, wanted: Wanted) -> bool:
    policy = Document.from_json(tenant.policy).policy_for(wanted.project, wanted.type)
    return policy.require_calendar_rights


async def _check_right_to_delete(
    services: Services, tenant: Tenant, appointment: str, actor: str | None
) -> None:
    key = await services.store.located(tenant.id, appointment)
    link = await services.store.link(key, appointment) if key else None
    if key is None or link is None:
        return
    policy = Document.from_json(tenant.policy).policy_for(link.project, link.type)
    if policy.require_calendar_rights:
        await services.rights.check_calendar(key, actor or "")


def _check_words(changes: dict[str, Any]) -> None:
    """What the policy shares of them is part of the body, and cannot be told from it later."""
    for name in ("prompts", "private_notes"):
        if changes.get(name) and "body" not in changes:
            detail = f"{name} become part of the body: send the body beside them."
            raise Refused(Problem("invalid-appointment", detail, f"/{name}"))


async def _existing(services: Services, tenant: Tenant, appointment: str) -> Found:
    """`If-Match: *` of something that does not exist fails as a precondition."""
    try:
        return await find(services, tenant.id, appointment)
    except Refused as refused:
        raise Refused(Problem("version-conflict", "There is no such appointment.")) from refused


def _checked(whole: Any) -> AppointmentIn:
    try:
        return AppointmentIn.model_validate(whole)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(errors) from error


async def answer(
    services: Services, request: Request, response: Response, accepted: Accepted, wait: float
) -> dict[str, Any]:
    tenant = request.path_params["tenant"]
    key = await home_of(services.store, tenant, accepted.link.appointment)
    operation = accepted.operation
    if key is not None:
        operation = await outcome_within(services, key, operation, wait)
        key = await home_of(services.store, tenant, accepted.link.appointment)
    if operation.state is not OperationState.PENDING:
        response.status_code = 201 if accepted.created else 200
    response.headers["Location"] = f"/v1/tenants/{tenant}/operations/{operation.id}"
    response.headers["ETag"] = etag(accepted.link.version)
    return {
        "operation": await shown_operation(services.store, key, operation),
        "appointment": await _current(services, key, accepted),
    }


async def _current(
    services: Services, key: CalendarKey | None, accepted: Accepted
) -> dict[str, Any] | None:
    """As it is after the wait: the worker has settled it since it was accepted."""
    if key is None or accepted.link.app is None:
        return None
    calendar = await services.store.calendar(key)
    link = await services.store.link(key, accepted.link.appointment) or accepted.link
    pending = await services.store.pending(key, accepted.link.appointment)
    if calendar is None or link.app is None:
        return None
    found = Found(calendar, link, pending is None or pending.silent)
    (appointment,) = await shown_with_people(services, key.tenant, [found])
    return appointment
