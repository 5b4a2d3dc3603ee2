# pyright: reportMissingTypeStubs=false
"""One HTTP client and one SDK request adapter for the process; every request passes here.

Requests are built by the SDK and answered natively: decoding a page into its models takes a
hundred times as long as `json` does. The SDK's retry and redirect parts are left out: the queue
is the retry loop, and Graph redirects nobody.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.request_option import RequestOption
from kiota_http.httpx_request_adapter import HttpxRequestAdapter
from kiota_http.middleware import ParametersNameDecodingHandler
from kiota_http.middleware.options import ResponseHandlerOption
from kiota_serialization_json.json_serialization_writer_factory import (
    JsonSerializationWriterFactory,
)
from msgraph_core import BaseGraphRequestAdapter, GraphClientFactory

from shared.custody.access import AccessToken
from shared.errors import Unavailable
from shared.graph.errors import PATIENCE, code_of, is_missing, trace_of, translate
from shared.graph.telling import told
from shared.observe import note
from shared.settings import Settings
from shared.store.records import Connection

TIMEOUT = 30.0
UNAUTHORIZED, FORBIDDEN = 401, 403
IMMUTABLE = 'IdType="ImmutableId"'
READS = {"GET", "HEAD"}


class TokenSource(Protocol):
    async def token(self, connection: Connection) -> AccessToken: ...

    def drop(self, connection: Connection) -> None: ...


class _Grant(RequestOption):
    """Rides on a request and says by which connection's grant it is made."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @staticmethod
    def get_key() -> str:
        return "CalbridgeGrant"


class _Bearer(AuthenticationProvider):
    """The SDK knows one identity per adapter; here each request brings its own."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    async def authenticate_request(
        self,
        request: RequestInformation,
        additional_authentication_context: dict[str, Any] | None = None,
    ) -> None:
        del additional_authentication_context
        grant = request.request_options.get(_Grant.get_key())
        if not isinstance(grant, _Grant):
            raise TypeError("a request to Graph carries a grant")
        token = await self._tokens.token(grant.connection)
        request.headers.remove("Authorization")
        request.headers.add("Authorization", f"Bearer {token.value}")


class Wire:
    def __init__(
        self, settings: Settings, tokens: TokenSource, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._tokens = tokens
        self._origin = origin(settings.graph_url)
        self._transport = transport or httpx.AsyncHTTPTransport(http2=True)
        client = httpx.AsyncClient(
            base_url=settings.graph_url, transport=self._transport, timeout=TIMEOUT
        )
        self._client = GraphClientFactory.create_with_custom_middleware(
            [ParametersNameDecodingHandler()], client=client
        )
        self.adapter: HttpxRequestAdapter = BaseGraphRequestAdapter(
            _Bearer(tokens),
            serialization_writer_factory=JsonSerializationWriterFactory(),
            http_client=self._client,
        )
        self.adapter.base_url = settings.graph_url

    async def close(self) -> None:
        await self._client.aclose()
        # The SDK wraps the transport in one of its own, which does not close it.
        await self._transport.aclose()

    def check_link(self, link: str) -> str:
        """A link is followed with a token, so it must lead to Graph and nowhere else."""
        if origin(link) != self._origin:
            raise ValueError("a link of Graph's leads to another host")
        return link

    async def ask(
        self,
        request: RequestInformation,
        connection: Connection,
        prefer: Sequence[str] = (),
        *,
        missing: Callable[[httpx.Response], bool] = is_missing,
    ) -> dict[str, Any] | None:
        """The decoded answer, {} where there is none, None where what was asked for is
        `missing`.
        """
        response = await self._send(request, connection, prefer)
        if response.is_success:
            return _decoded(response)
        if missing(response):
            return None
        _tell(request, response, connection)
        raise translate(response, write=_method(request) not in READS)

    async def _send(
        self, request: RequestInformation, connection: Connection, prefer: Sequence[str]
    ) -> httpx.Response:
        request.headers.add("Prefer", ", ".join((IMMUTABLE, *prefer)))
        request.headers.add("client-request-id", str(uuid.uuid4()))
        request.add_request_options(
            [_Grant(connection), ResponseHandlerOption(NativeResponseHandler())]
        )
        response = await self._exchange(request)
        if response.status_code == UNAUTHORIZED:
            # Nothing was executed, so asking once more, with a fresh token, does no harm.
            self._tokens.drop(connection)
            response = await self._exchange(request)
        if response.status_code == FORBIDDEN:
            # The token may be older than the permission; who comes next gets a new one.
            self._tokens.drop(connection)
        return response

    async def _exchange(self, request: RequestInformation) -> httpx.Response:
        return await told(request, lambda: self._exchanged(request))

    async def _exchanged(self, request: RequestInformation) -> httpx.Response:
        try:
            return await self.adapter.send_primitive_async(request, "bytes", {})  # pyright: ignore[reportReturnType] - the SDK leaves bytes out
        except httpx.TransportError as error:
            raise Unavailable(PATIENCE, type(error).__name__) from error


def _tell(request: RequestInformation, response: httpx.Response, connection: Connection) -> None:
    """What Microsoft's support asks for, and nothing of what the mailbox holds."""
    note(
        "graph_refused",
        tenant=connection.tenant,
        connection=connection.id,
        method=_method(request),
        status=response.status_code,
        code=code_of(response),
        graph_request=trace_of(response),
        client_request=next(iter(request.headers.get("client-request-id")), ""),
    )


def _decoded(response: httpx.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        return response.json()
    except ValueError as error:
        raise Unavailable(PATIENCE, "Graph's answer is no JSON") from error


def origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _method(request: RequestInformation) -> str:
    return request.http_method.value if request.http_method else ""
