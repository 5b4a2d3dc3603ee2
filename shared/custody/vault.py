"""Where secrets are kept: Key Vault, and nowhere else."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity.aio import (
    ChainedTokenCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
)
from azure.keyvault.secrets.aio import SecretClient

from shared.custody.entra import BRIEFLY
from shared.errors import Contended, Unavailable
from shared.observe import note
from shared.settings import Settings

PATIENCE = 10.0
FORBIDDEN = 403
LONGEST_KEPT = timedelta(days=90)
LEFT_DELETED = {403, 404, 409}
"""To a purge: it is protected or not our right, done already, or the deletion is under way. The
secret is deleted all the same, and the vault drops it in its own time.
"""


class Vault(Protocol):
    """Raises Unavailable when the vault did not answer or did not let us in."""

    async def read(self, name: str) -> str | None: ...

    async def write(self, name: str, value: str) -> None:
        """`name` is letters, digits and hyphens; `value` has 25,000 bytes at most."""
        ...

    async def destroy(self, name: str) -> datetime | None:
        """Deletes, and purges where the vault allows it: None, there is nothing left. Otherwise
        when the vault will purge it.
        """
        ...


class KeyVault:
    def __init__(self, url: str, credential: AsyncTokenCredential, **options: Any) -> None:
        """`options` go to Microsoft's client as they are."""
        patience = BRIEFLY | options
        self._credential = credential
        self._client = SecretClient(url, credential, **patience)

    async def read(self, name: str) -> str | None:
        with _translated():
            try:
                return (await self._client.get_secret(name)).value
            except ResourceNotFoundError:
                return None

    async def write(self, name: str, value: str) -> None:
        with _translated():
            try:
                await self._client.set_secret(name, value)
            except ResourceExistsError:
                await self._revive(name, value)

    async def destroy(self, name: str) -> datetime | None:
        with _translated():
            with suppress(ResourceNotFoundError):
                await self._client.delete_secret(name)
            return None if await self._purged(name) else await self._purge_date(name)

    async def close(self) -> None:
        await self._client.close()
        await self._credential.close()

    async def _revive(self, name: str, value: str) -> None:
        """A deleted secret keeps its name until it is purged: take it back, then overwrite it."""
        await self._client.recover_deleted_secret(name)
        try:
            await self._client.set_secret(name, value)
        except ResourceExistsError as error:
            raise Contended(PATIENCE, "the secret is being recovered") from error

    async def _purged(self, name: str) -> bool:
        try:
            await self._client.purge_deleted_secret(name)
        except HttpResponseError as error:
            if error.status_code not in LEFT_DELETED:
                raise
            return False
        return True

    async def _purge_date(self, name: str) -> datetime | None:
        """Where we may not look it is kept as long as a vault can be told to keep anything."""
        try:
            found = await self._client.get_deleted_secret(name)
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            if error.status_code != FORBIDDEN:
                raise
            return datetime.now(UTC) + LONGEST_KEPT
        return found.scheduled_purge_date


def open_vault(settings: Settings, **options: Any) -> KeyVault:
    """By AZURE_* of the environment where they are set, else by the managed identity of
    `identity_for_vault`.
    """
    known: dict[str, Any] = {**BRIEFLY, **options}
    credential = ChainedTokenCredential(
        EnvironmentCredential(**known),
        ManagedIdentityCredential(client_id=identity_for_vault(settings), **known),
    )
    return KeyVault(settings.vault_url, credential, **options)


def identity_for_vault(settings: Settings) -> str | None:
    """A client id. An app that proves itself to Entra by a certificate still has the identity that
    it reaches storage with; None is the function app's own.
    """
    return settings.managed_identity or settings.storage_identity or None


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except ClientAuthenticationError as error:
        raise _failed(error, "the vault refuses this app's identity") from error
    except AzureError as error:
        raise _failed(error, "the vault does not answer") from error


def _failed(error: AzureError, reason: str) -> Unavailable:
    """Said here, for an alert: a vault that nothing reaches can log nothing itself."""
    note("vault.failed", level=logging.WARNING, error=type(error).__name__)
    return Unavailable(PATIENCE, reason)
