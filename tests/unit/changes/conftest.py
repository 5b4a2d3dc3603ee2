from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.api.stage import Stage, build_stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = build_stage()
    await made.with_calendar()
    yield made
    await made.services.http.aclose()
    await made.services.graph.close()


@pytest.fixture
async def api(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client() as client:
        yield client
