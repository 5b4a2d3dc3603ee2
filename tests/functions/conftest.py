from collections.abc import AsyncIterator

import pytest

from shared.services import provide
from tests.contract.custody.conftest import ground
from tests.unit.api.stage import Stage, build_stage

__all__ = ["ground"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A tenant `acme` with the calendar of ada@acme.example; functions are given this stage."""
    made = build_stage()
    await made.with_calendar()
    provide(made.services)
    yield made
    await made.services.http.aclose()
    await made.services.graph.close()
