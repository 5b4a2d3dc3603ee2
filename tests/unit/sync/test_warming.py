"""Our own URL is called before Graph calls it, and never in the way of anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.errors import Unavailable
from shared.sync.warming import PATIENCE, WARM, Warming

URL = "https://calbridge.example/graph/notifications"
START = datetime(2026, 5, 4, 9, tzinfo=UTC)


@dataclass
class Process(httpx.AsyncBaseTransport):
    """What answers at the URL, or fails to."""

    outcome: int | Exception = 200
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return httpx.Response(self.outcome)


@dataclass
class Stand:
    process: Process
    warm: Warming
    now: datetime = START


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    process = Process()
    async with httpx.AsyncClient(transport=process) as http:
        made = Stand(process, Warming(http, lambda: made.now))
        yield made


async def test_it_is_called_as_graph_will_call(stand):
    """Graph's handshake, with Graph's patience."""
    await stand.warm(URL)
    (request,) = stand.process.asked

    assert (request.method, str(request.url)) == ("POST", f"{URL}?validationToken=warm")
    assert set(request.extensions["timeout"].values()) == {PATIENCE}


async def test_a_warm_process_is_left_alone(stand):
    """Many subscriptions in one minute cost one call; later it may have gone to sleep."""
    await stand.warm(URL)
    stand.now += WARM / 2
    await stand.warm(URL)
    assert len(stand.process.asked) == 1

    stand.now += WARM / 2
    await stand.warm(URL)
    assert len(stand.process.asked) == 2


async def test_each_url_is_warmed_by_itself(stand):
    """That one answered says nothing of another."""
    await stand.warm(URL)
    await stand.warm("https://other.example/graph/notifications")

    assert len(stand.process.asked) == 2


@pytest.mark.parametrize(
    "outcome",
    [
        503,
        httpx.ConnectError("nobody listens"),
        httpx.ReadTimeout("it is starting"),
        Unavailable(reason="not a public address"),
    ],
    ids=["unwell", "away", "slow", "not allowed"],
)
async def test_failing_is_no_matter_and_no_answer(stand, outcome):
    """Graph may reach what we cannot; the next time it is tried again at once."""
    stand.process.outcome = outcome
    await stand.warm(URL)
    stand.now += timedelta(seconds=1)
    await stand.warm(URL)

    assert len(stand.process.asked) == 2
