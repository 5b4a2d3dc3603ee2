"""Secrets, their versions and what may be done with them. No I/O; the time is told.

Times are Unix seconds, as on the wire.
"""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from local.vault import errors

NAME = re.compile(r"^[0-9a-zA-Z-]{1,127}$")
MAX_VALUE_BYTES = 25 * 1024
MAX_TAGS = 15
RETENTION_DAYS = 90


@dataclass
class Version:
    """One value of a secret with its own properties; `expires` and `not_before` only inform."""

    id: str
    value: str
    created: int
    updated: int
    enabled: bool = True
    content_type: str | None = None
    expires: int | None = None
    not_before: int | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def change(self, properties: dict[str, Any], now: int) -> None:
        """Take over the named properties; what is not named stays."""
        for name, value in properties.items():
            setattr(self, name, value)
        self.updated = now


@dataclass
class Secret:
    """All versions of one name, oldest first; `deleted` is when it was, while recoverable.

    Until `settles` its deletion or recovery is still under way.
    """

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: int | None = None
    settles: float = 0.0

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    @property
    def purged_at(self) -> int:
        return (self.deleted or 0) + RETENTION_DAYS * 86_400


class Secrets:
    """The vault's content, keyed by lower-case name as Key Vault ignores case.

    A deletion or recovery takes `lag` seconds, in which the secret is in neither collection.
    """

    def __init__(self, secrets: list[Secret] | None = None, lag: float = 0.0) -> None:
        self._secrets = {secret.name.lower(): secret for secret in secrets or []}
        self._lag = lag
        self._now = 0.0

    def advance(self, now: float) -> None:
        """It is `now`: drop what was deleted longer ago than deleted secrets are kept."""
        self._now = now
        for secret in self.all(deleted=True):
            if secret.purged_at <= now:
                del self._secrets[secret.name.lower()]

    def all(self, *, deleted: bool) -> list[Secret]:
        found = [
            secret
            for secret in self._secrets.values()
            if (secret.deleted is not None) == deleted and not self._busy(secret)
        ]
        return sorted(found, key=lambda secret: secret.name)

    def everything(self) -> list[Secret]:
        return list(self._secrets.values())

    def live(self, name: str) -> Secret:
        secret = self._secrets.get(name.lower())
        if secret is None or secret.deleted is not None or self._busy(secret):
            raise errors.secret_not_found(name)
        return secret

    def gone(self, name: str) -> Secret:
        secret = self._secrets.get(name.lower())
        if secret is None or secret.deleted is None or self._busy(secret):
            raise errors.deleted_secret_not_found(name)
        return secret

    def version(self, name: str, version: str = "") -> Version:
        """The version with that id, or the latest when the id is empty."""
        secret = self.live(name)
        if not version:
            return secret.latest
        for candidate in secret.versions:
            if candidate.id == version:
                return candidate
        raise errors.secret_not_found(f"{name}/{version}")

    def readable(self, name: str, version: str = "") -> Version:
        found = self.version(name, version)
        if not found.enabled:
            raise errors.secret_disabled()
        return found

    def set(self, name: str, value: str, properties: dict[str, Any]) -> Secret:
        _check_name(name)
        _check_value(value)
        secret = self._secrets.get(name.lower(), Secret(name))
        self._check_free(secret)
        version = Version(uuid.uuid4().hex, value, int(self._now), int(self._now))
        version.change(properties, int(self._now))
        secret.versions.append(version)
        self._secrets[name.lower()] = secret
        return secret

    def update(self, name: str, version: str, properties: dict[str, Any]) -> Version:
        found = self.version(name, version)
        found.change(properties, int(self._now))
        return found

    def delete(self, name: str) -> Secret:
        secret = self.live(name)
        secret.deleted = int(self._now)
        secret.settles = self._now + self._lag
        return secret

    def recover(self, name: str) -> Secret:
        secret = self._deleted(name)
        secret.deleted = None
        secret.settles = self._now + self._lag
        return secret

    def purge(self, name: str) -> None:
        del self._secrets[self._deleted(name).name.lower()]

    def restore(self, secret: Secret) -> None:
        present = self._secrets.get(secret.name.lower())
        if present is not None:
            self._check_free(present)
            raise errors.already_exists(secret.name)
        self._secrets[secret.name.lower()] = secret

    def _busy(self, secret: Secret) -> bool:
        return self._now < secret.settles

    def _deleted(self, name: str) -> Secret:
        """For what changes a deleted secret: Conflict while its deletion is under way."""
        secret = self._secrets.get(name.lower())
        if secret is not None and secret.deleted is not None and self._busy(secret):
            raise errors.being_deleted(name)
        return self.gone(name)

    def _check_free(self, secret: Secret) -> None:
        """Raises Conflict where the name belongs to a deleted secret, or one on its way."""
        if self._busy(secret) and secret.deleted is None:
            raise errors.being_recovered(secret.name)
        if self._busy(secret):
            raise errors.being_deleted(secret.name)
        if secret.deleted is not None:
            raise errors.deleted_but_recoverable(secret.name)


def _check_name(name: str) -> None:
    if not NAME.match(name):
        raise errors.bad_parameter(
            "The request URI contains an invalid name: use 1 to 127 characters of 0-9, a-z, A-Z "
            "and -."
        )


def _check_value(value: str) -> None:
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise errors.bad_parameter(
            f"Property value is too long: at most {MAX_VALUE_BYTES} bytes are kept."
        )
