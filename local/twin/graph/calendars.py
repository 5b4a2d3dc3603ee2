"""Calendars of a mailbox."""

from starlette.responses import JSONResponse, Response

from local.twin.graph.events import READ, WRITE
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context, selected
from local.twin.graph.sharing import Share, share_of
from local.twin.online import TEAMS
from local.twin.problem import bad_request
from local.twin.world import Calendar, Mailbox, Person


def calendar_json(calendar: Calendar, mailbox: Mailbox, owner: Person, share: Share) -> Json:
    own = share == "own"
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": "",
        "isDefaultCalendar": calendar.is_default,
        "changeKey": f"{mailbox.tag[:8]}AAAAAA==",
        "canShare": own,
        "canViewPrivateItems": share in ("own", "private"),
        "canEdit": share != "read",
        "allowedOnlineMeetingProviders": [TEAMS] if owner.teams else [],
        "defaultOnlineMeetingProvider": TEAMS if owner.teams else "unknown",
        "isTallyingResponses": calendar.is_default,
        "isRemovable": not calendar.is_default,
        "owner": {"name": owner.display_name, "address": owner.mail or owner.upn},
    }


def _share(call: Call, person: Person, calendar: Calendar) -> Share | None:
    """What the caller may in the calendar; None: it is not shared."""
    if call.caller.user_id in (None, person.id) or not call.twin.switches.sharing_is_checked:
        return "own"
    return share_of(call.twin.world, str(call.caller.user_id), calendar)


async def list_calendars(call: Call) -> Response:
    """To others only those that are shared with them."""
    call.names["calendars"] = "all"
    person, mailbox = call.owner(READ)
    view, query = read_view(call.request), query_options(call.request)
    size = whole_number(query, "$top", view.page_size or 10, 1000)
    skip = whole_number(query, "$skip", 0, 1_000_000)
    every = [(c, share) for c in mailbox.calendars.values() if (share := _share(call, person, c))]
    shown = [
        selected(calendar_json(c, mailbox, person, share), view)
        for c, share in every[skip:][:size]
    ]
    body: Json = {"@odata.context": context(f"users('{person.id}')/calendars"), "value": shown}
    if skip + size < len(every):
        path = f"{call.base}/users/{person.id}/calendars"
        body["@odata.nextLink"] = f"{path}?$top={size}&$skip={skip + size}"
    return JSONResponse(body, headers=call.headers())


async def read_calendar(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    calendar = call.calendar(mailbox)
    share = _share(call, person, calendar) or "own"
    shown = selected(calendar_json(calendar, mailbox, person, share), read_view(call.request))
    where = context(f"users('{person.id}')/calendars/$entity")
    return JSONResponse({"@odata.context": where, **shown}, headers=call.headers())


async def create_calendar(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    data = await call.optional_json()
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise bad_request("The property 'name' is required.")
    if any(c.name.lower() == name.lower() for c in mailbox.calendars.values()):
        raise bad_request("A folder with the specified name already exists.", "ErrorFolderExists")
    calendar = call.twin.world.create_calendar(mailbox, name)
    shown = calendar_json(calendar, mailbox, person, "own")
    return JSONResponse(shown, 201, headers=call.headers())


async def rename_calendar(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    data = await call.optional_json()
    calendar = call.calendar(mailbox)
    if isinstance(data.get("name"), str) and data["name"]:
        calendar.name = data["name"]
        call.twin.world.touch()
    shown = calendar_json(calendar, mailbox, person, "own")
    return JSONResponse(shown, headers=call.headers())


async def delete_calendar(call: Call) -> Response:
    """Its events go with it, which nobody is told."""
    _, mailbox = call.owner(WRITE)
    calendar = call.calendar(mailbox)
    if calendar.is_default:
        raise bad_request(
            "Distinguished folders cannot be deleted.", "ErrorDeleteDistinguishedFolder"
        )
    for event in [e for e in mailbox.events.values() if e.calendar_id == calendar.id]:
        mailbox.take(event)
        call.twin.exchange.commit(mailbox, event, "deleted")
    del mailbox.calendars[calendar.id]
    call.twin.world.touch()
    return Response(status_code=204, headers=call.headers())


ENTRIES: list[Entry] = [
    entry("GET", "~/calendars", list_calendars),
    entry("POST", "~/calendars", create_calendar),
    entry("GET", "~/calendars/{calendar}", read_calendar),
    entry("PATCH", "~/calendars/{calendar}", rename_calendar),
    entry("DELETE", "~/calendars/{calendar}", delete_calendar),
    entry("GET", "~/calendar", read_calendar),
]
