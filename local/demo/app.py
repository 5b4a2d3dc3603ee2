"""The web server of Meridian Care: its page, what the page asks for, and the webhook."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from local.demo.actions import Actions
from local.demo.calbridge import ApiProblem, Unreachable
from local.demo.consent import Consent
from local.demo.keeper import Keeper
from local.demo.outlook import OutlookRefused, OutlookUnreachable
from local.demo.practices import PRACTICES
from local.demo.product import Product
from local.demo.receiver import Receiver
from local.demo.sender import Sender
from local.demo.settings import WIDGET
from local.demo.shown import practices, sections
from local.demo.watcher import Watcher

STATIC = Path(__file__).parent / "static"
HEARTBEAT = 15.0
FRESH = {"Cache-Control": "no-cache"}

Deed = Callable[[Request, dict[str, Any]], Awaitable[Any]]


def create_app(product: Product) -> Starlette:
    sender, receiver = Sender(product), Receiver(product)
    keeper = Keeper(product, receiver, sender)
    web = Web(product, receiver, Actions(product, sender), Consent(product, keeper))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        runners = (sender.run(), keeper.run(), Watcher(product).run())
        tasks = [asyncio.create_task(_unless_broken(runner)) for runner in runners]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await product.close()

    return Starlette(routes=web.routes(), lifespan=lifespan)


async def _unless_broken(runner: Any) -> None:
    """A bug in the background must be seen, not sleep in a task that nobody reads."""
    try:
        await runner
    except Exception as error:
        print(f"demo: {type(error).__name__}: {error}", flush=True)
        raise


class Web:
    def __init__(
        self, product: Product, receiver: Receiver, actions: Actions, consent: Consent
    ) -> None:
        self._product = product
        self._receiver = receiver
        self._actions = actions
        self._consent = consent

    def routes(self) -> list[Route | Mount]:
        one = "/api/{tenant}/people/{person}"
        return [
            Route("/", _home),
            Route("/widget.js", _widget),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/api/practices", _practices),
            Route("/stream", self.stream),
            Route("/webhook/{tenant}", self.webhook, methods=["POST"]),
            _post("/api/{tenant}/connect", self._connect),
            _post(f"{one}/connect", self._connect),
            _post(f"{one}/switch-on", self._switch_on),
            _post(f"{one}/disconnect", self._disconnect),
            _post(f"{one}/appointments", self._create_here),
            _post(f"{one}/appointments/{{id}}", self._change_here, "PATCH"),
            _post(f"{one}/appointments/{{id}}", self._delete_here, "DELETE"),
            _post(f"{one}/outlook", self._create_there),
            _post(f"{one}/outlook/{{id:path}}", self._change_there, "PATCH"),
            _post(f"{one}/outlook/{{id:path}}", self._delete_there, "DELETE"),
        ]

    async def stream(self, request: Request) -> Response:
        tenant = request.query_params.get("tenant", "")
        person = request.query_params.get("person", "")
        if tenant not in PRACTICES or PRACTICES[tenant].person(person) is None:
            return JSONResponse({"error": "Nobody here has this name."}, 404)
        return StreamingResponse(
            self._told(tenant, person), media_type="text/event-stream", headers=FRESH
        )

    async def _told(self, tenant: str, person: str) -> AsyncIterator[str]:
        told: dict[str, str] = {}
        with self._product.live.page(tenant, person) as changed:
            while not self._product.live.ended:
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                changed.clear()
                yield ": here\n\n"
                for name, value in sections(self._product, tenant, person).items():
                    text = json.dumps(value)
                    if told.get(name) != text:
                        told[name] = text
                        yield f"event: {name}\ndata: {text}\n\n"

    async def webhook(self, request: Request) -> Response:
        """Answered when the change is kept: until then Calbridge delivers it again."""
        tenant = request.path_params["tenant"]
        kept = self._product.store.fact(f"endpoint.{tenant}", {})
        change = _signed(kept.get("secret"), await request.body(), dict(request.headers))
        if change is None:
            return Response(status_code=401)
        try:
            await self._receiver.take(tenant, change)
        except (Unreachable, ApiProblem):
            return Response(status_code=503)
        return Response(status_code=204)

    async def _connect(self, request: Request, _body: dict[str, Any]) -> Any:
        person = request.path_params.get("person", "")
        return {"url": await self._consent.link(request.path_params["tenant"], person)}

    async def _switch_on(self, request: Request, _body: dict[str, Any]) -> Any:
        await self._consent.switch_on(*_who(request))

    async def _disconnect(self, request: Request, _body: dict[str, Any]) -> Any:
        await self._consent.disconnect(*_who(request))

    async def _create_here(self, request: Request, body: dict[str, Any]) -> Any:
        return {"id": self._actions.create_here(*_who(request), body)}

    async def _change_here(self, request: Request, body: dict[str, Any]) -> Any:
        self._actions.change_here(request.path_params["tenant"], request.path_params["id"], body)

    async def _delete_here(self, request: Request, _body: dict[str, Any]) -> Any:
        self._actions.delete_here(request.path_params["tenant"], request.path_params["id"])

    async def _create_there(self, request: Request, body: dict[str, Any]) -> Any:
        return {"id": await self._actions.create_in_outlook(*_who(request), body)}

    async def _change_there(self, request: Request, body: dict[str, Any]) -> Any:
        await self._actions.change_in_outlook(*_who(request), request.path_params["id"], body)

    async def _delete_there(self, request: Request, _body: dict[str, Any]) -> Any:
        await self._actions.delete_in_outlook(*_who(request), request.path_params["id"])


def _signed(secret: str | None, body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
    """The change, if it is signed with our secret. The library lets ValueError escape."""
    if secret is None:
        return None
    try:
        return dict(Webhook(secret).verify(body, headers))
    except (WebhookVerificationError, ValueError):
        return None


def _who(request: Request) -> tuple[str, str]:
    return request.path_params["tenant"], request.path_params["person"]


def _post(path: str, deed: Deed, method: str = "POST") -> Route:
    """JSON in and out. Only JSON is taken, so that no foreign page can send a form here."""

    async def answer(request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "The page sends JSON."}, 415)
        if request.path_params["tenant"] not in PRACTICES:
            return JSONResponse({"error": "There is no such practice."}, 404)
        try:
            return JSONResponse(await deed(request, json.loads(await request.body() or b"{}")))
        except ApiProblem as problem:
            return JSONResponse({"error": problem.words()}, 409)
        except Unreachable:
            return JSONResponse({"error": "Calbridge does not answer. Try again later."}, 503)
        except OutlookUnreachable:
            return JSONResponse({"error": "Outlook does not answer. Try again later."}, 503)
        except OutlookRefused as refused:
            return JSONResponse({"error": f"Outlook refuses: {refused}"}, 409)
        except KeyError as error:
            return JSONResponse({"error": f"It is gone: {error.args[0]}"}, 404)
        except ValueError as error:
            return JSONResponse({"error": f"That is not valid: {error}"}, 400)

    return Route(path, answer, methods=[method])


async def _home(_request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers=FRESH)


async def _widget(_request: Request) -> Response:
    if not WIDGET.exists():
        text = "FullCalendar is not installed: run `make setup`."
        return Response(f"throw new Error({json.dumps(text)})", media_type="text/javascript")
    return FileResponse(WIDGET, media_type="text/javascript")


async def _practices(_request: Request) -> Response:
    return JSONResponse(practices())
