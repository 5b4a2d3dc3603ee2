"""The vault's file: every secret, and the key under which backups are sealed."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from local.vault import errors
from local.vault.secrets import Secret, Secrets, Version


class State:
    """Reads the file once; each `save` replaces it whole, so a crash leaves old or new."""

    def __init__(self, file: Path, lag: float = 0.0) -> None:
        self._file = file
        content = json.loads(file.read_text()) if file.exists() else {}
        self._key: str = content.get("backupKey") or Fernet.generate_key().decode()
        self.secrets = Secrets([_secret(record) for record in content.get("secrets", [])], lag)

    def save(self) -> None:
        records = [asdict(secret) for secret in self.secrets.everything()]
        content = json.dumps({"backupKey": self._key, "secrets": records})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_name(self._file.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        part.replace(self._file)

    def seal(self, secret: Secret) -> bytes:
        """A backup that only this vault can open, as Key Vault's can be opened by itself only."""
        return Fernet(self._key).encrypt(json.dumps(asdict(secret)).encode())

    def unseal(self, backup: bytes) -> Secret:
        try:
            return _secret(json.loads(Fernet(self._key).decrypt(backup)))
        except InvalidToken:
            raise errors.bad_parameter("Property value is not a backup of this vault.") from None


def _secret(record: dict[str, Any]) -> Secret:
    versions = [Version(**version) for version in record["versions"]]
    return Secret(record["name"], versions, record["deleted"])
