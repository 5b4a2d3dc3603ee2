from collections.abc import AsyncIterator

import pytest

from tests.unit.api.stage import Stage, build_stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = build_stage()
    await made.with_calendar()
    yield made
    await made.services.http.aclose()
    await made.services.graph.close()
