# pyright: reportMissingTypeStubs=false
"""What is told of a request to Graph: never its URL, which names people and events."""

from collections.abc import Awaitable, Callable
from time import monotonic

import httpx
from kiota_abstractions.request_information import RequestInformation
from opentelemetry.trace import SpanKind

from shared.graph.errors import trace_of
from shared.telemetry import counted, lasted, span, tell

THROTTLED = 429


def route_of(request: RequestInformation) -> str:
    """The SDK's template of the path: `/users/{user%2Did}/events`."""
    path = (request.url_template or "").removeprefix("{+baseurl}")
    return path.partition("{?")[0].partition("?")[0]


async def told(
    request: RequestInformation, exchange: Callable[[], Awaitable[httpx.Response]]
) -> httpx.Response:
    method = request.http_method.value if request.http_method else ""
    route = route_of(request)
    began = monotonic()
    status = 0
    with span("graph", kind=SpanKind.CLIENT, method=method, route=route):
        try:
            response = await exchange()
            status = response.status_code
            retry_after = response.headers.get("retry-after")
            tell(status=status, graph_request=trace_of(response), retry_after=retry_after)
        finally:
            took = monotonic() - began
            lasted("graph.duration", took, method=method, route=route, status=status)
    if status == THROTTLED:
        counted("graph.throttles", method=method, route=route)
    return response
