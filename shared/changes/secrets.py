"""The signing secrets of endpoints: kept in the vault, read from it once per process."""

from collections.abc import Iterable
from datetime import datetime

from shared.custody.vault import Vault
from shared.settings import Secret
from shared.store.records import Endpoint

MOST_HELD = 1000


class SigningSecrets:
    """What is kept under a name never changes, so what was read once stays good."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held: dict[str, Secret] = {}

    async def of(self, endpoint: Endpoint, now: datetime) -> tuple[Secret, ...]:
        """The one it has first, then the former ones still in force. Empty where the one it has
        is missing.
        """
        current = await self._read(name_of(endpoint.id, endpoint.secret))
        if current is None:
            return ()
        former = [name for name, until in endpoint.former if until > now]
        others = [await self._read(name_of(endpoint.id, name)) for name in former]
        return (current, *(secret for secret in others if secret))

    async def keep(self, endpoint: str, secret: Secret, name: str = "") -> None:
        await self._vault.write(name_of(endpoint, name), secret.reveal())

    async def destroy(self, endpoint: Endpoint) -> datetime | None:
        """All there are; otherwise as `Vault.destroy` says."""
        return await self.destroy_named(endpoint.id, names_of(endpoint))

    async def destroy_named(self, endpoint: str, names: Iterable[str]) -> datetime | None:
        latest: datetime | None = None
        for name in names:
            self._held.pop(name_of(endpoint, name), None)
            purge_by = await self._vault.destroy(name_of(endpoint, name))
            latest = max(filter(None, (latest, purge_by)), default=None)
        return latest

    async def _read(self, name: str) -> Secret | None:
        if name not in self._held:
            value = await self._vault.read(name)
            if not value:
                return None
            self._hold(name, Secret(value))
        return self._held[name]

    def _hold(self, name: str, secret: Secret) -> None:
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        self._held[name] = secret


def names_of(endpoint: Endpoint) -> list[str]:
    """Of all secrets it may have; the one in force last, as it is missed most."""
    return [name for name, _ in (*endpoint.former, *endpoint.coming)] + [endpoint.secret]


def name_of(endpoint: str, secret: str) -> str:
    """In the vault."""
    return f"webhook-{endpoint}-{secret}" if secret else f"webhook-{endpoint}"
