"""Key Vault's client, its protocol and our three verbs."""

import socket
import uuid

import pytest

from local.twin.entra.apps import VAULT_CLIENT_ID, VENDOR_TENANT
from shared.custody.vault import KeyVault, open_vault
from shared.errors import Unavailable


@pytest.fixture
def name() -> str:
    return f"secret-{uuid.uuid4()}"


async def test_life(vault, name):
    """Written it can be read, written again it is new, destroyed it is gone."""
    assert await vault.read(name) is None

    await vault.write(name, "one")
    assert await vault.read(name) == "one"

    await vault.write(name, "two")
    assert await vault.read(name) == "two"

    await vault.destroy(name)
    assert await vault.read(name) is None


async def test_again_after_destruction(vault, name):
    """A name is free again once its secret is destroyed."""
    await vault.write(name, "one")
    await vault.destroy(name)
    await vault.write(name, "two")

    assert await vault.read(name) == "two"


async def test_destroying_nothing(vault, name):
    """What is not there is as good as destroyed."""
    await vault.destroy(name)

    assert await vault.read(name) is None


async def test_over_a_deleted_one(vault, name):
    """A secret somebody deleted by hand, and which still holds its name, is taken back."""
    await vault.write(name, "one")
    await vault._client.delete_secret(name)

    await vault.write(name, "two")

    assert await vault.read(name) == "two"


async def test_not_let_in(ground, control, name):
    """An identity the vault refuses is no answer, and no secret that is missing."""
    vault = ground.vault(secret="wrong")

    with pytest.raises(Unavailable):
        await vault.read(name)

    await vault.close()


async def test_by_the_environment(ground, control, name, monkeypatch):
    """Off Azure the environment says by which identity the vault is opened."""
    monkeypatch.setenv("AZURE_TENANT_ID", VENDOR_TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", VAULT_CLIENT_ID)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "local-vault-secret")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", ground.twin.url)
    vault = open_vault(ground.settings(), connection_verify=ground.bundle)

    await vault.write(name, "one")

    assert await vault.read(name) == "one"
    await vault.close()


async def test_nobody_there(ground, control, name):
    """A vault that does not answer is tried again later."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}"
        vault = KeyVault(url, ground.credential(), connection_verify=ground.bundle, retry_total=0)

        with pytest.raises(Unavailable):
            await vault.read(name)

        await vault.close()
