"""The world at a glance, as JSON and as a page."""

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, is_stranger, route
from local.twin.seed import SEEDS

if TYPE_CHECKING:
    from local.twin.app import Twin

RECENT = 20

_templates = Environment(
    loader=PackageLoader("local.twin.control"), autoescape=True, undefined=StrictUndefined
)


def overview_routes(twin: "Twin") -> list[Route]:
    async def home(request: Request) -> Response:
        if is_stranger(request):
            return Response("The control pages answer only this machine.", 403)
        facts = {"state": _state(twin), "deliveries": list(twin.notifier.deliveries)[-RECENT:]}
        people = sorted(twin.world.people.values(), key=lambda p: (p.tenant_id, p.display_name))
        requests = list(twin.requests)[-RECENT:]
        html = _templates.get_template("home.html").render(
            **facts,
            people=people,
            requests=requests,
            tenants=twin.world.tenants,
            boxes=_boxes(twin),
        )
        return HTMLResponse(html)

    return [
        Route("/", home),
        route(twin, "GET", "/state", lambda ask: _state(ask.twin)),
        route(twin, "POST", "/reset", _reset),
    ]


def _boxes(twin: "Twin") -> dict[str, int]:
    return {owner: len(box.events) for owner, box in twin.world.mailboxes.items()}


def _state(twin: "Twin") -> dict[str, Any]:
    now = twin.clock.now()
    return {
        "now": now.isoformat(),
        "frozen": twin.clock.frozen,
        "tenants": len(twin.world.tenants),
        "people": len(twin.world.people),
        "events": sum(_boxes(twin).values()),
        "subscriptions": len(twin.notifier.subscriptions.all(now)),
        "deliveries": len(twin.notifier.deliveries),
        "mails": len(twin.exchange.outbox),
        "requests": len(twin.requests),
        "faults": len(twin.faults.rules) + len(twin.faults.notification_rules),
        "idle": twin.notifier.idle,
    }


def _reset(ask: Ask) -> Any:
    ask.only("seed")
    seed = ask.body.get("seed", "none")
    if seed not in SEEDS:
        raise Mistake(f"seed is one of: {', '.join(SEEDS)}")
    ask.twin.reset(seed)
    return _state(ask.twin)
