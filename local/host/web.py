"""The HTTP side: function routes with their keys, and the host's own admin routes."""

import asyncio
import json
import logging
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.host.admin import Admin
from local.host.catalog import Function
from local.host.errors import StartFailed, Unusable
from local.host.invoker import Invoker
from local.host.keys import Keys
from local.host.messages import incoming, outgoing, path_of, trace_of
from local.host.routes import Route, Template, check_name, find
from local.host.settings import HostJson

log = logging.getLogger("host")


@dataclass(frozen=True)
class HttpOptions:
    prefix: str = "api"
    most_outstanding: int = -1

    @classmethod
    def read(cls, host: HostJson) -> "HttpOptions":
        most = host.integer("extensions.http.maxOutstandingRequests", -1, -1, 1_000_000)
        return cls(str(host.value("extensions.http.routePrefix", "api")).strip("/"), most)


@dataclass
class Web:
    """An ASGI application. `keys` is None when access keys are not asked for."""

    functions: dict[str, Function]
    routes: list[Route]
    keys: Keys | None
    invoker: Invoker
    admin: Admin
    options: HttpOptions
    outstanding: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = path_of(request)
        if path.lower().startswith("/admin/"):
            return await self._administer(request, path)
        if 0 <= self.options.most_outstanding <= self.outstanding:
            return Response(status_code=429)
        self.outstanding += 1
        try:
            return await self._run(request, path)
        except ClientDisconnect:
            return Response(status_code=400)
        except asyncio.CancelledError:
            # Only the end of the drain cancels a request.
            return Response(status_code=503)
        finally:
            self.outstanding -= 1

    async def _run(self, request: Request, path: str) -> Response:
        matched = find(self.routes, request.method, path)
        if not matched:
            return Response(status_code=404)
        route, values = matched
        function = self.functions[route.function]
        if function.disabled and not (self.keys and self.keys.is_master(_key(request))):
            return Response(status_code=404)
        level = function.trigger.get("authLevel") or "function"
        if self.keys and not self.keys.opens(_key(request), level, function.name):
            return Response(status_code=401)
        return await self._invoke(function, request, values)

    async def _invoke(
        self, function: Function, request: Request, values: dict[str, str]
    ) -> Response:
        outcome = await self.invoker.invoke(
            function,
            await incoming(request, values),
            reason="This function was called by HTTP",
            trace=trace_of(request),
        )
        if not outcome.succeeded:
            return Response(status_code=500)
        try:
            return outgoing(outcome.returned)
        except ValueError as error:
            log.error("'Functions.%s' gave no HTTP response: %s", function.name, error)  # noqa: TRY400 - no traceback: it is not ours that failed
            return Response(status_code=500)

    async def _administer(self, request: Request, path: str) -> Response:
        if path.lower() == "/admin/host/ping":
            return Response()
        if self.keys and not self.keys.is_master(_key(request)):
            return Response(status_code=401)
        match request.method, [part for part in path.split("/") if part][1:]:
            case "GET", ["host", "status"]:
                return JSONResponse(self.admin.status())
            case "GET", ["functions"]:
                return JSONResponse(self.admin.list(str(request.base_url)))
            case "POST", ["functions", name]:
                return await self._by_hand(request, name)
            case _:
                return Response(status_code=404)

    async def _by_hand(self, request: Request, name: str) -> Response:
        text = await _input(request)
        if text is None:
            return JSONResponse({"error": 'the body must be {"input": "<text>"}'}, 400)
        return await self.admin.run(name, text, wait=request.query_params.get("wait") == "1")


async def _input(request: Request) -> str | None:
    """The `input` of the body; an empty body means an empty one."""
    try:
        document = json.loads(await request.body() or b"{}")
    except ValueError:
        return None
    value = document.get("input", "") if isinstance(document, dict) else None
    return value if isinstance(value, str) else None


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query_params.get("code", "")


def routes(functions: list[Function], options: HttpOptions) -> list[Route]:
    """In the host's order. Raises StartFailed for a route that stops the whole host."""
    found: list[Route] = []
    for function in functions:
        if function.kind != "httpTrigger":
            continue
        try:
            _add(found, _route(function, options))
        except Unusable as reason:
            log.error("Function '%s' is not loaded: %s", function.name, reason)  # noqa: TRY400 - no traceback: it is not ours that failed
    return found


def _add(found: list[Route], route: Route) -> None:
    for other in found:
        if route.clashes(other):
            text = route.template.text
            raise Unusable(f"route '{text}' is already taken by function '{other.function}'")
    found.append(route)


def _route(function: Function, options: HttpOptions) -> Route:
    own = function.trigger.get("route")
    text = function.name if own is None else own
    if options.prefix and text.startswith("/"):
        raise StartFailed(
            f"Function '{function.name}': route '{text}' starts with / under the prefix "
            f"'{options.prefix}'; drop the slash, or set extensions.http.routePrefix to \"\""
        )
    check_name(text.lstrip("/"))
    full = f"{options.prefix}/{text}" if options.prefix else text
    methods = frozenset(str(each).upper() for each in function.trigger.get("methods") or [])
    return Route(function.name, Template.parse(full), methods)
