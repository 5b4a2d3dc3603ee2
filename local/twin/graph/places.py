"""Rooms. Room lists are the buildings that rooms name."""

import re
import uuid

from starlette.responses import JSONResponse, Response

from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context, room_json, selected
from local.twin.problem import GraphProblem, bad_request, item_not_found
from local.twin.world import Person

_EQUALS = re.compile(r"^(?P<name>\w+)\s+eq\s+'?(?P<value>[^']*)'?$")
_LEAST = re.compile(r"^capacity\s+ge\s+(?P<value>\d+)$", re.IGNORECASE)


async def list_rooms(call: Call) -> Response:
    return _answer(call, [room_json(room) for room in _rooms(call)], "room")


async def list_room_lists(call: Call) -> Response:
    buildings = sorted({room.building for room in _rooms(call) if room.building})
    return _answer(call, [_room_list(call, name) for name in buildings], "roomList")


async def list_rooms_of(call: Call) -> Response:
    wanted = call.names["list"].lower()
    rooms = [r for r in _rooms(call) if r.building and _address(call, r.building) == wanted]
    if not rooms:
        raise item_not_found()
    return _answer(call, [room_json(room) for room in rooms], "room")


async def read_place(call: Call) -> Response:
    wanted = call.names["place"].lower()
    found = [r for r in _rooms(call) if wanted in (r.id, r.mail.lower())]
    if not found:
        raise item_not_found()
    shown = selected(room_json(found[0]), read_view(call.request))
    return JSONResponse(
        {"@odata.context": context("places/$entity"), **shown}, headers=call.headers()
    )


def _rooms(call: Call) -> list[Person]:
    if not call.caller.has("Place.Read.All"):
        raise GraphProblem(
            403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
        )
    return [p for p in call.twin.world.people_of(call.caller.tenant_id) if p.kind == "room"]


def _answer(call: Call, shown: list[Json], kind: str) -> Response:
    query, view = query_options(call.request), read_view(call.request)
    size = whole_number(query, "$top", view.page_size or 100, 1000)
    skip = whole_number(query, "$skip", 0, 1_000_000)
    found = [one for one in shown if _passes(one, query.get("$filter"))]
    body: Json = {
        "@odata.context": context(f"places/microsoft.graph.{kind}"),
        "value": [selected(one, view) for one in found[skip : skip + size]],
    }
    if query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if skip + size < len(found):
        path = call.request.path_params["path"]
        body["@odata.nextLink"] = f"{call.base}/{path}?$top={size}&$skip={skip + size}"
    return JSONResponse(body, headers=call.headers())


def _passes(shown: Json, text: str | None) -> bool:
    if not text:
        return True
    if found := _LEAST.match(text.strip()):
        return (shown.get("capacity") or 0) >= int(found["value"])
    if not (found := _EQUALS.match(text.strip())):
        raise bad_request(f"Invalid filter clause: {text}", "BadRequest")
    by_name = {name.lower(): value for name, value in shown.items()}
    return str(by_name.get(found["name"].lower())).lower() == found["value"].lower()


def _room_list(call: Call, building: str) -> Json:
    return {
        "@odata.type": "#microsoft.graph.roomList",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.caller.tenant_id}/{building}")),
        "displayName": building,
        "emailAddress": _address(call, building),
        "phone": "",
        "address": None,
        "geoCoordinates": None,
    }


def _address(call: Call, building: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", building.lower()).strip("-")
    return f"{name}@{call.twin.world.tenants[call.caller.tenant_id].domain}".lower()


ENTRIES: list[Entry] = [
    entry("GET", "places/microsoft.graph.room", list_rooms),
    entry("GET", "places/microsoft.graph.roomlist", list_room_lists),
    entry("GET", "places/{list}/microsoft.graph.roomlist/rooms", list_rooms_of),
    entry("GET", "places/{place}", read_place),
]
