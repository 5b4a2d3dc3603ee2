"""What went over the wire: requests, subscriptions, notifications, mails."""

import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.gate import Asked
from local.twin.watch import Subscription

if TYPE_CHECKING:
    from local.twin.app import Twin

LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")
LONGEST_WAIT_SECONDS = 30.0


def traffic_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", "/requests", _requests),
        route(twin, "DELETE", "/requests", lambda ask: ask.twin.requests.clear()),
        route(twin, "GET", "/subscriptions", _subscriptions),
        route(twin, "POST", "/subscriptions/expire", _expire),
        route(twin, "POST", "/subscriptions/lifecycle", _lifecycle_all),
        route(twin, "POST", "/subscriptions/{id}/lifecycle", _lifecycle),
        route(twin, "GET", "/deliveries", _deliveries),
        route(twin, "DELETE", "/deliveries", lambda ask: ask.twin.notifier.deliveries.clear()),
        route(twin, "GET", "/outbox", _outbox),
        route(twin, "DELETE", "/outbox", lambda ask: ask.twin.exchange.outbox.clear()),
        route(twin, "GET", "/idle", _idle),
    ]


def _requests(ask: Ask) -> Any:
    return {"value": [a.to_json() for a in ask.twin.requests if _fits(a, ask)]}


def _fits(asked: Asked, ask: Ask) -> bool:
    query = ask.query
    return (
        re.search(query.get("path", ""), asked.path, re.IGNORECASE) is not None
        and query.get("method", asked.method).upper() == asked.method
        and query.get("tenant", asked.tenant) == asked.tenant
        and query.get("status", str(asked.status)) == str(asked.status)
    )


def _subscriptions(ask: Ask) -> Any:
    return {"value": [_shown(s) for s in _found(ask)]}


def _shown(subscription: Subscription) -> dict[str, Any]:
    facts = {"tenantId": subscription.tenant_id, "userId": subscription.user_id}
    ids = "ImmutableId" if subscription.immutable_ids else "default"
    return {**subscription.shown(), **facts, "paused": subscription.paused, "ids": ids}


def _found(ask: Ask) -> list[Subscription]:
    """All, or those of the person or tenant that the body or the query names."""
    values = {**ask.query, **ask.body}
    user = ask.person(values["user"]).id if "user" in values else None
    tenant = ask.tenant(values["tenant"]).id if "tenant" in values else None
    return [
        s
        for s in ask.twin.notifier.subscriptions.all(ask.twin.clock.now())
        if user in (None, s.user_id) and tenant in (None, s.tenant_id)
    ]


def _expire(ask: Ask) -> Any:
    """Gone without a word, as those are that nobody renewed."""
    ask.only("user", "tenant")
    found = _found(ask)
    for subscription in found:
        ask.twin.notifier.subscriptions.remove(subscription.id)
    return {"expired": [s.id for s in found]}


def _event(ask: Ask) -> Any:
    event = ask.need("event")
    if event not in LIFECYCLE:
        raise Mistake(f"event is one of: {', '.join(LIFECYCLE)}")
    return event


def _lifecycle(ask: Ask) -> Any:
    ask.only("event", "pause")
    pause = bool(ask.body.get("pause"))
    sent = ask.twin.notifier.lifecycle(ask.path["id"], _event(ask), pause=pause)
    return {"sent": sent}


def _lifecycle_all(ask: Ask) -> Any:
    ask.only("event", "pause", "user", "tenant")
    event, pause = _event(ask), bool(ask.body.get("pause"))
    sent = [s.id for s in _found(ask) if ask.twin.notifier.lifecycle(s.id, event, pause=pause)]
    return {"sent": sent}


def _deliveries(ask: Ask) -> Any:
    return {"value": [d.to_json() for d in ask.twin.notifier.deliveries]}


def _outbox(ask: Ask) -> Any:
    return {"value": [m.to_json() for m in ask.twin.exchange.outbox]}


async def _idle(ask: Ask) -> Any:
    """Waits until no notification is to be sent, at most `timeout` seconds (default 5)."""
    seconds = min(float(ask.query.get("timeout", 5)), LONGEST_WAIT_SECONDS)
    return {"idle": await ask.twin.notifier.settled(seconds)}
