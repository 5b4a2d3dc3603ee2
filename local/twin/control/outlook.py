"""What a person does and sees in Outlook."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.graph.permissions import grant, known_role
from local.twin.outlook import PersonAtOutlook
from local.twin.world import ORGANISATION, Calendar

if TYPE_CHECKING:
    from local.twin.app import Twin

EVENTS = "/people/{person}/events"
PERMISSIONS = "/people/{person}/calendar-permissions"
SHOWN_DAYS = 30


def outlook_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", EVENTS, _list),
        route(twin, "POST", EVENTS, _create),
        route(twin, "GET", EVENTS + "/{id}", lambda ask: _at(ask).get_event(ask.path["id"])),
        route(twin, "PATCH", EVENTS + "/{id}", _update),
        route(twin, "DELETE", EVENTS + "/{id}", _delete),
        route(twin, "POST", EVENTS + "/{id}/cancel", _cancel),
        route(twin, "POST", EVENTS + "/{id}/respond", _respond),
        route(twin, "POST", EVENTS + "/{id}/move", _move),
        route(twin, "GET", "/people/{person}/calendars", _calendars),
        route(twin, "POST", "/people/{person}/calendars", _create_calendar),
        route(twin, "GET", PERMISSIONS, _permissions),
        route(twin, "POST", PERMISSIONS, _share),
        route(twin, "DELETE", PERMISSIONS, _unshare),
    ]


def _at(ask: Ask) -> PersonAtOutlook:
    person = ask.person()
    return ask.twin.exchange.act_as_person(person.tenant_id, person.id)


def _list(ask: Ask) -> Any:
    now = ask.twin.clock.now()
    start = _moment(ask, "start", now - timedelta(days=SHOWN_DAYS))
    end = _moment(ask, "end", now + timedelta(days=SHOWN_DAYS))
    return {"value": _at(ask).list_events(start, end, ask.query.get("calendar"))}


def _moment(ask: Ask, name: str, default: datetime) -> datetime:
    if name not in ask.query:
        return default
    try:
        moment = datetime.fromisoformat(ask.query[name].replace(" ", "+"))
    except ValueError as error:
        raise Mistake(f"{name} is not an ISO 8601 time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _create(ask: Ask) -> Any:
    return _at(ask).create_event(ask.body, ask.query.get("calendar"))


def _update(ask: Ask) -> Any:
    return _at(ask).update_event(ask.path["id"], ask.body)


def _delete(ask: Ask) -> None:
    _at(ask).delete_event(ask.path["id"])


def _cancel(ask: Ask) -> None:
    _at(ask).cancel_event(ask.path["id"], ask.body.get("comment", ""))


def _respond(ask: Ask) -> None:
    ask.only("kind", "comment", "proposed")
    _at(ask).respond(
        ask.path["id"],
        str(ask.need("kind")),
        ask.body.get("comment", ""),
        ask.body.get("proposed"),
    )


def _move(ask: Ask) -> Any:
    return _at(ask).move_event(ask.path["id"], str(ask.need("calendar")))


def _calendars(ask: Ask) -> Any:
    found = ask.twin.world.mailboxes[ask.person().id].calendars.values()
    return {"value": [{"id": c.id, "name": c.name, "is_default": c.is_default} for c in found]}


def _create_calendar(ask: Ask) -> Any:
    return {"id": _at(ask).create_calendar(str(ask.need("name")))}


def _default_calendar(ask: Ask) -> Calendar:
    return ask.twin.world.mailboxes[ask.person().id].default_calendar


def _permissions(ask: Ask) -> Any:
    return {"value": _default_calendar(ask).permissions}


def _share(ask: Ask) -> Any:
    """Without an address: what all colleagues may."""
    ask.only("address", "role")
    calendar, role = _default_calendar(ask), str(ask.need("role"))
    if "address" in ask.body:
        return grant(ask.twin, calendar, str(ask.body["address"]), role)
    everyone = next(one for one in calendar.permissions if one["id"] == ORGANISATION)
    everyone["role"] = known_role(role)
    ask.twin.world.touch()
    return everyone


def _unshare(ask: Ask) -> None:
    """Who had nothing has nothing; what all colleagues may stays."""
    address = str(ask.query.get("address") or ask.need("address")).lower()
    calendar = _default_calendar(ask)
    calendar.permissions = [
        one
        for one in calendar.permissions
        if one["emailAddress"].get("address", "").lower() != address
    ]
    ask.twin.world.touch()
