"""A sign-in that finishes while its tenant is being erased."""

from dataclasses import replace

import pytest

from shared.store.memory import MemoryStore
from tests.functions.test_onboarding import connected, scene

__all__ = ["scene"]


class Erasing(MemoryStore):
    """Somebody else erases the tenant, or begins to, right before a connection is stored."""

    whole = True

    async def put_connection(self, connection):
        if (tenant := await self.tenant(connection.tenant)) and not tenant.receipt:
            ending = await self.put_tenant(replace(tenant, receipt="r"))
            if self.whole:
                await self.drop_tenant(ending)
        return await super().put_connection(connection)


@pytest.fixture
def store():
    return Erasing()


@pytest.mark.parametrize("whole", [True, False])
async def test_it_is_refused_and_leaves_no_secret(scene, store, whole):
    """And no row where all others are gone; the rest is left to who erases."""
    store.whole = whole

    visitor = await connected(scene)

    assert "tenant-disconnecting" in visitor.page
    assert scene.services.vault.secrets == {}
    assert (await store.connections("acme") == []) is whole
