"""What every request passes before any of it is read: key, size, media type."""

import hmac
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.api.problems import problem_response
from shared.errors import Problem
from shared.services import Services
from shared.settings import Secret

LARGEST = 1024 * 1024
OPEN = frozenset({"/v1/health", "/v1/health/ready", "/v1/openapi.json"})


class Gate:
    def __init__(self, app: ASGIApp, provider: Callable[[], Services]) -> None:
        self._app = app
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["path"] not in OPEN and not self._knows(headers):
            await problem_response(Problem("key-missing-or-wrong"))(scope, receive, send)
            return
        body = await _body(receive)
        if problem := _wrong_body(body, headers):
            await problem_response(problem)(scope, receive, send)
            return
        await self._app(scope, _replayed(body or b""), send)

    def _knows(self, headers: Headers) -> bool:
        return knows(self._provider().settings.api_keys, headers)


def knows(keys: tuple[Secret, ...], headers: Headers) -> bool:
    """Compares with every key in full, so that time tells nothing."""
    given = headers.get("x-api-key", "")
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        given = token.strip()
    known = False
    for key in keys:
        known |= hmac.compare_digest(key.reveal().encode(), given.encode())
    return known


async def _body(receive: Receive) -> bytes | None:
    """None when it is larger than LARGEST; the rest is then left unread."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        more = message.get("more_body", False)
    return body


def _wrong_body(body: bytes | None, headers: Headers) -> Problem | None:
    if body is None:
        return Problem("body-too-large")
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media != "application/json" and not media.endswith("+json"):
        return Problem("unsupported-media-type")
    return None


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
