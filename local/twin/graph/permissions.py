"""Who may do what in a calendar, as its owner sees and sets it."""

import base64
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from local.twin.graph.events import READ, WRITE
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.shapes import Json, context
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import ORGANISATION, Calendar

if TYPE_CHECKING:
    from local.twin.app import Twin

ROLES = (
    "none",
    "freeBusyRead",
    "limitedRead",
    "read",
    "write",
    "delegateWithoutPrivateEventAccess",
    "delegateWithPrivateEventAccess",
)


def grant(twin: "Twin", calendar: Calendar, address: str, role: str) -> Json:
    """In place of what the person had. Raises GraphProblem."""
    person = twin.world.find_address(address)
    name, shown = (person.display_name, person.mail) if person else (address, address)
    granted = {
        "id": base64.b64encode(f"/o=ExchangeLabs/cn={shown.lower()}".encode()).decode(),
        "isRemovable": True,
        "isInsideOrganization": person is not None,
        "role": known_role(role),
        "allowedRoles": list(ROLES),
        "emailAddress": {"name": name, "address": shown},
    }
    others = [one for one in calendar.permissions if one["id"] != granted["id"]]
    calendar.permissions = [*others, granted]
    twin.world.touch()
    return granted


def known_role(role: object) -> str:
    found = next((known for known in ROLES if known.lower() == str(role).lower()), None)
    if found is None:
        raise bad_request(f"'{role}' is no role of a calendar permission.", "ErrorInvalidRequest")
    return found


async def list_permissions(call: Call) -> Response:
    """Only the owner's side sees it: a person it is shared with gets an empty list."""
    person, mailbox = call.owner(READ)
    calendar = call.calendar(mailbox)
    own = call.caller.user_id in (None, person.id)
    where = context(f"users('{person.id}')/calendar/calendarPermissions")
    shown = calendar.permissions if own else []
    return JSONResponse({"@odata.context": where, "value": shown}, headers=call.headers())


async def create_permission(call: Call) -> Response:
    _, mailbox = call.owner(WRITE)
    data = await call.optional_json()
    named = data.get("emailaddress")
    address = named.get("address") if isinstance(named, dict) else None
    if not isinstance(address, str) or not address:
        raise bad_request("The property 'emailAddress' is required.")
    granted = grant(call.twin, call.calendar(mailbox), address, data.get("role", ""))
    return JSONResponse(granted, 201, headers=call.headers())


async def read_permission(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    if call.caller.user_id not in (None, person.id):
        raise _unknown()
    return JSONResponse(_named(call, call.calendar(mailbox)), headers=call.headers())


async def update_permission(call: Call) -> Response:
    _, mailbox = call.owner(WRITE)
    data = await call.optional_json()
    if set(data) != {"role"}:
        raise bad_request("Only the property 'role' can be updated.")
    found = _named(call, call.calendar(mailbox))
    role = known_role(data["role"])
    if role not in found["allowedRoles"]:
        raise bad_request(f"'{role}' is not one of allowedRoles.")
    found["role"] = role
    call.twin.world.touch()
    return JSONResponse(found, headers=call.headers())


async def delete_permission(call: Call) -> Response:
    _, mailbox = call.owner(WRITE)
    calendar = call.calendar(mailbox)
    found = _named(call, calendar)
    if found["id"] == ORGANISATION:
        raise bad_request("The permission of the organization cannot be removed.")
    calendar.permissions = [one for one in calendar.permissions if one is not found]
    call.twin.world.touch()
    return Response(status_code=204, headers=call.headers())


def _named(call: Call, calendar: Calendar) -> dict[str, Any]:
    wanted = call.names["permission"]
    found = next((one for one in calendar.permissions if one["id"] == wanted), None)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> GraphProblem:
    return GraphProblem(
        404, "ErrorItemNotFound", "The specified object was not found in the store."
    )


ENTRIES: list[Entry] = [
    one
    for home in ("~/calendar", "~/calendars/{calendar}")
    for one in (
        entry("GET", f"{home}/calendarPermissions", list_permissions),
        entry("POST", f"{home}/calendarPermissions", create_permission),
        entry("GET", f"{home}/calendarPermissions/{{permission}}", read_permission),
        entry("PATCH", f"{home}/calendarPermissions/{{permission}}", update_permission),
        entry("DELETE", f"{home}/calendarPermissions/{{permission}}", delete_permission),
    )
]
