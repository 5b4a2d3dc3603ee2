from collections.abc import AsyncIterator

import pytest

from shared.store.memory import MemoryStore
from shared.store.store import Store
from shared.store.tables import TableStore


@pytest.fixture(params=["memory", "tables"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    async with TableStore(request.getfixturevalue("storage")) as tables:
        yield tables
