"""The signing secrets of endpoints: kept in the vault, read from it once per process."""

from datetime import datetime

from shared.custody.vault import Vault
from shared.settings import Secret

MOST_HELD = 1000


class SigningSecrets:
    """An endpoint's secret never changes, so what was read once stays good."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held: dict[str, Secret] = {}

    async def of(self, endpoint: str) -> Secret | None:
        if endpoint not in self._held:
            value = await self._vault.read(_name(endpoint))
            if not value:
                return None
            self._hold(endpoint, Secret(value))
        return self._held[endpoint]

    async def keep(self, endpoint: str, secret: Secret) -> None:
        await self._vault.write(_name(endpoint), secret.reveal())

    async def destroy(self, endpoint: str) -> datetime | None:
        """As `Vault.destroy` says."""
        self._held.pop(endpoint, None)
        return await self._vault.destroy(_name(endpoint))

    def _hold(self, endpoint: str, secret: Secret) -> None:
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        self._held[endpoint] = secret


def _name(endpoint: str) -> str:
    return f"webhook-{endpoint}"
