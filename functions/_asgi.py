"""Calls an ASGI application with a function's request.

Written here because azure-functions' own wrapper decodes percent-encoded slashes before the
application routes, and runs the application's startup once per concurrent first request.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

import azure.functions as func

from functions._http import headers_of
from shared.telemetry import tell

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


async def call(application: Application, req: func.HttpRequest) -> func.HttpResponse:
    """The whole answer; an exception of the application escapes."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": req.get_body(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = scope_of(req)
    await application(scope, receive, send)
    tell(route=getattr(scope.get("route"), "path", None))
    return _response(sent)


def scope_of(req: func.HttpRequest) -> Message:
    parts = urlsplit(req.url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": req.method,
        "scheme": parts.scheme,
        "path": _decoded(parts.path),
        "raw_path": parts.path.encode("ascii", "replace"),
        "query_string": parts.query.encode("ascii", "replace"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in headers_of(req).items()
        ],
        "server": (parts.hostname or "localhost", parts.port or 443),
        "client": None,
    }


def _decoded(path: str) -> str:
    """An encoded slash stays encoded: it belongs to a segment and must not make two of it."""
    return "/".join(unquote(part).replace("/", "%2F") for part in path.split("/"))


def _response(sent: list[Message]) -> func.HttpResponse:
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(
        message.get("body", b"") for message in sent if message["type"] == "http.response.body"
    )
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in start.get("headers", [])
        if name.lower() != b"content-length"
    }
    return func.HttpResponse(body, status_code=start["status"], headers=headers)
