"""HTTP requests and responses as the runtime's messages carry them."""

import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from local.host.protos import RpcHttp, RpcHttpCookie, RpcTraceContext, TypedData

# The server works these out itself.
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}
_SAME_SITE = {1: "lax", 2: "strict", 3: "none"}


def path_of(request: Request) -> str:
    """The decoded path; an encoded slash stays encoded, as it does in the web server."""
    raw = request.scope["raw_path"].decode("latin-1").split("?")[0]
    return unquote(re.sub("%2f", "%252F", raw, flags=re.IGNORECASE))


async def incoming(request: Request, values: dict[str, str]) -> TypedData:
    body = await request.body()
    has_length = request.headers.get("content-length", "0") != "0"
    message = RpcHttp(
        request.method,
        _url(request),
        _joined((name.lower(), value) for name, value in request.headers.items()),
        TypedData(bytes=body) if has_length and body else TypedData(),
        values,
        _query(request),
    )
    return TypedData(http=message)


def trace_of(request: Request) -> RpcTraceContext:
    headers = request.headers
    return RpcTraceContext(headers.get("traceparent", ""), headers.get("tracestate", ""))


def outgoing(value: TypedData | None) -> Response:
    """Raises ValueError when the function gave nothing that is an HTTP response."""
    if value is None:
        raise ValueError("the function returned no response")
    if value.kind == "http":
        return _from_http(value.value)
    text = value.value if isinstance(value.value, str) else bytes(value.value or b"").decode()
    return _from_text(text)


def _from_http(answer: RpcHttp) -> Response:
    body = answer.body.value or b""
    response = Response(
        body if isinstance(body, bytes) else str(body).encode(), int(answer.status_code)
    )
    for name, value in answer.headers.items():
        if name.lower() not in _OWN_HEADERS:
            response.headers[name] = value
    for each in answer.cookies or []:
        response.headers.append("set-cookie", cookie(each))
    return response


def _from_text(text: str) -> Response:
    """A JSON object with a `body` key is a response written out; any other text is the body."""
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or "body" not in parsed:
        return Response(text, media_type="text/plain")
    status = parsed.get("statusCode", parsed.get("status", 200))
    body: Any = parsed["body"]
    content = body if isinstance(body, str) else json.dumps(body)
    return Response(content, int(status), parsed.get("headers") or {"content-type": "text/plain"})


def cookie(each: RpcHttpCookie) -> str:
    parts = [f"{each.name}={each.value}"]
    if each.expires:
        moment = datetime.fromtimestamp(each.expires.value.seconds, UTC)
        parts.append(f"expires={format_datetime(moment, usegmt=True)}")
    if each.max_age:
        parts.append(f"max-age={each.max_age.value:.0f}")
    for name, attribute in (("domain", each.domain), ("path", each.path)):
        if attribute and attribute.value:
            parts.append(f"{name}={attribute.value}")
    if each.secure and each.secure.value:
        parts.append("secure")
    if each.same_site in _SAME_SITE:
        parts.append(f"samesite={_SAME_SITE[each.same_site]}")
    if each.http_only and each.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)


def _url(request: Request) -> str:
    host = request.headers.get("host", "localhost")
    raw = request.scope["raw_path"].decode("latin-1").split("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['scheme']}://{host}{raw}{'?' + query if query else ''}"


def _query(request: Request) -> dict[str, str]:
    text = request.scope["query_string"].decode("latin-1")
    joined = _joined(parse_qsl(text, keep_blank_values=True))
    return {name: value for name, value in joined.items() if value}


def _joined(pairs: Any) -> dict[str, str]:
    """Repeated names become one value with commas."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
