"""The one route of /v1.0 that is ours: looks up the table, keeps the limits, answers."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.twin.graph import (
    batch,
    calendars,
    delta,
    events,
    listing,
    people,
    permissions,
    places,
    roster,
    schedule,
)
from local.twin.graph.errors import answer_problem
from local.twin.graph.paths import Call, Entry, find, plain_path
from local.twin.problem import GraphProblem

if TYPE_CHECKING:
    from local.twin.app import Twin

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_TABLE: list[Entry] = [
    *delta.ENTRIES,
    *listing.ENTRIES,
    *events.ENTRIES,
    *calendars.ENTRIES,
    *permissions.ENTRIES,
    *schedule.ENTRIES,
    *places.ENTRIES,
    *roster.ENTRIES,
    *people.ENTRIES,
    *batch.ENTRIES,
]
_TEN_MINUTES = 600


def graph_routes(twin: "Twin") -> list[Route]:
    """To be mounted at /v1.0, after whatever else is played there."""
    gate = _MailboxGate(twin)

    async def answer(request: Request) -> Response:
        try:
            return await _answer(twin, gate, request)
        except GraphProblem as problem:
            return answer_problem(problem, request)

    return [Route("/{path:path}", answer, methods=_METHODS)]


async def _answer(twin: "Twin", gate: "_MailboxGate", request: Request) -> Response:
    path = plain_path("/" + request.path_params["path"])
    answer, names = find(_TABLE, request.method, path)
    call = Call(twin, request, request.state.caller, names)
    mailbox = _mailbox_of(call, path)
    if mailbox is None:
        await asyncio.sleep(twin.switches.latency_ms / 1000)
        return await answer(call)
    async with gate.slot(call.caller.app_id, mailbox):
        return await answer(call)


def _mailbox_of(call: Call, path: str) -> str | None:
    """Whose mailbox a request opens; None when it only asks the directory."""
    if not re.match(r"/(me|users/[^/]+)/.", path, re.IGNORECASE):
        return None
    key = call.names.get("user") or call.caller.user_id or ""
    person = call.twin.world.person(call.caller.tenant_id, key)
    return person.id if person else key


class _MailboxGate:
    """Exchange's limits per app and mailbox: requests at once, and requests in ten minutes."""

    def __init__(self, twin: "Twin") -> None:
        self._twin = twin
        self._inside: dict[tuple[str, str], int] = {}
        self._seen: dict[tuple[str, str], deque[float]] = {}

    @asynccontextmanager
    async def slot(self, app_id: str, mailbox: str) -> AsyncIterator[None]:
        key = (app_id, mailbox)
        self._count(key)
        if self._inside.get(key, 0) >= self._twin.switches.mailbox_concurrency:
            raise GraphProblem(
                self._twin.switches.concurrency_status,
                "ApplicationThrottled",
                "Application is over its MailboxConcurrency limit.",
                {"Retry-After": "1"},
            )
        self._inside[key] = self._inside.get(key, 0) + 1
        try:
            await asyncio.sleep(self._twin.switches.latency_ms / 1000)
            yield
        finally:
            self._inside[key] -= 1

    def _count(self, key: tuple[str, str]) -> None:
        now = self._twin.clock.now().timestamp()
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - _TEN_MINUTES:
            seen.popleft()
        seen.append(now)
        if len(seen) > self._twin.switches.mailbox_request_limit:
            wait = max(1, int(seen[0] + _TEN_MINUTES - now))
            raise GraphProblem(
                429,
                "ApplicationThrottled",
                "Application is over its request limit for this mailbox.",
                {"Retry-After": str(wait)},
            )
