"""Clock, switches and faults."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route

if TYPE_CHECKING:
    from local.twin.app import Twin


def weather_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", "/clock", _clock),
        route(twin, "POST", "/clock/advance", _advance),
        route(twin, "POST", "/clock/freeze", _freeze),
        route(twin, "POST", "/clock/resume", _resume),
        route(twin, "GET", "/switches", lambda ask: ask.twin.switches.to_json()),
        route(twin, "PATCH", "/switches", _switch),
        route(twin, "GET", "/faults", _faults),
        route(twin, "POST", "/faults", _spoil),
        route(twin, "POST", "/notification-faults", _spoil_notifications),
        route(twin, "DELETE", "/faults", lambda ask: ask.twin.faults.clear()),
        route(twin, "DELETE", "/faults/{id}", lambda ask: ask.twin.faults.clear(ask.path["id"])),
    ]


def _clock(ask: Ask) -> Any:
    return {"now": ask.twin.clock.now().isoformat(), "frozen": ask.twin.clock.frozen}


def _advance(ask: Ask) -> Any:
    seconds = ask.need("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise Mistake("seconds is a number")
    ask.twin.clock.advance(seconds)
    return _clock(ask)


def _freeze(ask: Ask) -> Any:
    at = datetime.fromisoformat(ask.body["at"]) if "at" in ask.body else None
    if at is not None and at.tzinfo is None:
        raise Mistake("at needs an offset, such as Z")
    ask.twin.clock.freeze(at)
    return _clock(ask)


def _resume(ask: Ask) -> Any:
    ask.twin.clock.resume()
    return _clock(ask)


def _switch(ask: Ask) -> Any:
    ask.twin.switches.patch(ask.body)
    return ask.twin.switches.to_json()


def _faults(ask: Ask) -> Any:
    faults = ask.twin.faults
    return {
        "requests": [asdict(r) for r in faults.rules],
        "notifications": [asdict(r) for r in faults.notification_rules],
    }


def _spoil(ask: Ask) -> Any:
    body = dict(ask.body)
    match = dict(body.get("match", {}))
    if match.get("tenant"):
        match["tenant"] = ask.tenant(match["tenant"]).id
    return asdict(ask.twin.faults.add({**body, "match": match}))


def _spoil_notifications(ask: Ask) -> Any:
    return asdict(ask.twin.faults.add_notification_rule(ask.body))
