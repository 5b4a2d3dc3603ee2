"""An endpoint for notifications that behaves as told and remembers what it got."""

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

ORIGIN = "http://localhost:7071"


class Receiver:
    """`proves` answers the handshake; `statuses` are used up, the last one for good.

    A status of 0 never answers.
    """

    def __init__(self) -> None:
        self.posts: list[list[dict[str, Any]]] = []
        self.validations: list[str] = []
        self.statuses = [202]
        self.validation: Response | None = None
        self._arrived = asyncio.Condition()
        routes = [Route("/{path:path}", self._receive, methods=["POST"])]
        self.app = Starlette(routes=routes)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self.app)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for post in self.posts for item in post]

    async def _receive(self, request: Request) -> Response:
        token = request.query_params.get("validationToken")
        if token is not None:
            self.validations.append(request.url.path)
            return self.validation or PlainTextResponse(token)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        async with self._arrived:
            self.posts.append((await request.json())["value"])
            self._arrived.notify_all()
        if status == 0:
            await asyncio.Event().wait()
        return Response(status_code=status)

    async def posted(self, count: int) -> list[list[dict[str, Any]]]:
        """Waits until so many deliveries were tried."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.posts) >= count)
        return self.posts
