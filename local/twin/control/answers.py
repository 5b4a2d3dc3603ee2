"""From a function on the twin to a route: JSON read, mistakes explained, strangers refused."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.twin.entra.errors import SignInFailure
from local.twin.problem import GraphProblem
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin

LOOPBACK = ("127.0.0.1", "::1", "testclient")
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Mistake(Exception):
    """What the caller did wrong, in words; answered with `status`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Ask:
    """One control request: the twin, the path's and the query's values, the JSON body."""

    twin: "Twin"
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]

    def need(self, name: str) -> Any:
        if name not in self.body:
            raise Mistake(f"the body needs {name!r}")
        return self.body[name]

    def only(self, *names: str) -> None:
        if extra := set(self.body) - set(names):
            raise Mistake(f"unknown: {', '.join(sorted(extra))}; there are: {', '.join(names)}")

    def person(self, name: str | None = None) -> Person:
        wanted = name or self.path["person"]
        found = self.twin.directory.person(wanted)
        if found is None:
            raise Mistake(f"nobody has the address or id {wanted!r}", 404)
        return found

    def deleted(self) -> Person | None:
        """Who lies in the recycle bin, by id or any address."""
        wanted = self.path["person"].lower()
        bin_ = self.twin.world.deleted_people.values()
        return next((p for p in bin_ if wanted == p.id or p.answers_to(wanted)), None)

    def tenant(self, name: str | None = None) -> Tenant:
        wanted = str(name or self.need("tenant"))
        found = self.twin.directory.tenant(wanted)
        if found is None:
            raise Mistake(f"no tenant has the id or domain {wanted!r}", 404)
        return found


Deed = Callable[[Ask], Any]


def route(twin: "Twin", method: str, path: str, deed: Deed) -> Route:
    """None is answered as 204; what a deed returns is its JSON."""

    async def answer(request: Request) -> Response:
        if is_stranger(request):
            return _problem("the control API answers only this machine", 403)
        try:
            ask = Ask(twin, request.path_params, request.query_params, await _body(request))
            result = deed(ask)
            if inspect.isawaitable(result):
                result = await result
        except Mistake as mistake:
            return _problem(str(mistake), mistake.status)
        except GraphProblem as problem:
            return _problem(f"{problem.code}: {problem.message}", problem.status)
        except (ValueError, TypeError, SignInFailure) as error:
            return _problem(str(error), 400)
        if method != "GET":
            twin.touch()
        return Response(status_code=204) if result is None else JSONResponse(result)

    return Route(path, answer, methods=[method])


def is_stranger(request: Request) -> bool:
    """Another machine, or a web page from elsewhere in a browser on this one."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).hostname not in LOCAL_NAMES
    return foreign or (request.client is not None and request.client.host not in LOOPBACK)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Mistake(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Mistake("the body is not a JSON object")
    return body


def _problem(text: str, status: int) -> Response:
    return JSONResponse({"error": text}, status)
