"""What every request passes before it is answered: record, token, faults."""

import asyncio
import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.twin.caller import Caller
from local.twin.entra.tokens import BadToken
from local.twin.faults import Action, Rule
from local.twin.graph.errors import graph_error

if TYPE_CHECKING:
    from local.twin.app import Twin


@dataclass(frozen=True)
class Asked:
    """One request as the log keeps it; status 0 means that no answer was sent. `fields` are the
    names in the JSON object that came with it, but for annotations.
    """

    at: datetime
    method: str
    path: str
    query: str
    status: int
    mailbox: str | None
    tenant: str | None
    app: str | None
    milliseconds: float
    fault: str | None = None
    fields: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


RequestLog = deque[Asked]


class _Read:
    """What comes with a request, kept as it is read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._body = bytearray()
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)

    async def receive(self) -> Message:
        message = await self._receive()
        self._body.extend(message.get("body", b""))
        return message

    @property
    def fields(self) -> tuple[str, ...]:
        try:
            found = json.loads(bytes(self._body) or b"{}")
        except ValueError:
            return ()
        named = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        return tuple(name for name in named if not name.startswith("@"))


class Recorder:
    """Appends each request to the twin's log."""

    def __init__(self, app: ASGIApp, twin: "Twin") -> None:
        self._app = app
        self._twin = twin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        started = time.monotonic()
        scope["state"] = dict(scope.get("state") or {})

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        read = _Read(receive)
        try:
            await self._app(scope, read.receive, noting)
        finally:
            self._note(scope, status, started, read.fields)
            if scope["method"] != "GET":
                self._twin.touch()

    def _note(self, scope: Scope, status: int, started: float, fields: tuple[str, ...]) -> None:
        caller: Caller | None = scope["state"].get("caller")
        self._twin.requests.append(
            Asked(
                at=self._twin.clock.now(),
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=status,
                mailbox=mailbox_of(scope, caller),
                tenant=tenant_of(scope, caller, self._twin),
                app=caller.app_id if caller else None,
                milliseconds=round((time.monotonic() - started) * 1000, 2),
                fault=scope["state"].get("fault"),
                fields=fields,
            )
        )


class Authenticated:
    """Sets request.state.caller from the bearer token, or answers 401 as Graph does."""

    def __init__(self, app: ASGIApp, twin: "Twin") -> None:
        self._app = app
        self._twin = twin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "caller" not in scope["state"]:
            request = Request(scope, receive)
            try:
                scope["state"]["caller"] = self._caller(request)
            except BadToken as problem:
                await _refusal(problem, request)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise BadToken("Access token is empty.")
        return self._twin.entra.tokens.caller(token.strip(), self._twin.entra.token_time())


def _refusal(problem: BadToken, request: Request) -> Response:
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/'
        'authorize", client_id="00000003-0000-0000-c000-000000000000"'
    )
    headers = {"WWW-Authenticate": challenge}
    return graph_error(401, "InvalidAuthenticationToken", str(problem), request, headers)


class Spoiled:
    """Plays the fault rules: before (not executed) or after (executed, the answer lost)."""

    def __init__(self, app: ASGIApp, twin: "Twin") -> None:
        self._app = app
        self._twin = twin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller: Caller | None = scope["state"].get("caller")
        rule = self._rule(scope, caller)
        if rule is None:
            await self._app(scope, receive, send)
            return
        scope["state"]["fault"] = rule.id
        if rule.phase == "after":
            await self._app(scope, receive, _into_the_void)
        await _play(rule.action, scope, receive, send)

    def _rule(self, scope: Scope, caller: Caller | None) -> Rule | None:
        if not self._twin.faults.rules:
            return None
        return self._twin.faults.for_request(
            scope["method"],
            scope["path"],
            tenant_of(scope, caller, self._twin),
            self._twin.directory.names(mailbox_of(scope, caller)),
        )


async def _into_the_void(_message: Message) -> None:
    return


async def _play(action: Action, scope: Scope, receive: Receive, send: Send) -> None:
    if action.status is None:
        await asyncio.sleep(action.timeout or 0)
        await _hang_up(receive, timed_out=action.timeout is not None)
        return
    await _answer(action, Request(scope, receive))(scope, receive, send)


async def _hang_up(receive: Receive, *, timed_out: bool) -> None:
    """Closes the socket under uvicorn; in process, raises what a client over sockets would see."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue
    elif timed_out:
        raise httpx.ReadTimeout("The twin did not answer, as a fault rule told it.")
    else:
        raise httpx.RemoteProtocolError("The twin hung up, as a fault rule told it.")


DEFAULT_CODES = {
    400: "ErrorInvalidRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    409: "Conflict",
    410: "SyncStateNotFound",
    412: "ErrorIrresolvableConflict",
    429: "ApplicationThrottled",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
    509: "activityLimitReached",
}


def _answer(action: Action, request: Request) -> Response:
    status = action.status or 500
    headers = dict(action.headers)
    if action.retry_after is not None:
        headers["Retry-After"] = str(action.retry_after)
    if action.body is not None:
        content = action.body if isinstance(action.body, str) else json.dumps(action.body)
        return Response(content, status, headers, media_type="application/json")
    code = action.code or DEFAULT_CODES.get(status, "UnknownError")
    message = action.message or "Answered by a fault rule of the twin."
    return graph_error(status, code, message, request, headers)


def mailbox_of(scope: Scope, caller: Caller | None) -> str | None:
    """What stands for the mailbox in the path (id or address), or the caller's own id."""
    parts = unquote(scope["path"]).strip("/").split("/")
    if parts[0].lower() not in ("v1.0", "beta") or len(parts) < 2:
        return None
    if parts[1].lower() == "me":
        return caller.user_id if caller else None
    return parts[2] if parts[1].lower() == "users" and len(parts) > 2 else None


def tenant_of(scope: Scope, caller: Caller | None, twin: "Twin") -> str | None:
    if caller is not None:
        return caller.tenant_id
    tenant = twin.directory.tenant(scope["path"].strip("/").split("/")[0])
    return tenant.id if tenant else None
