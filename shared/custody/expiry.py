"""Until when the app can prove itself to Entra, and what to say of it in time."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.catalogue import cause_of
from shared.settings import Settings

AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Credential:
    """`ends` is None where nobody knows, or where it never does: a managed identity."""

    kind: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    code: str
    ends: datetime | None = None
    days_left: int | None = None


async def credential_of(settings: Settings) -> Credential:
    """Of a certificate its own end, from the file; of a secret what the settings say."""
    if settings.managed_identity:
        return Credential("managed_identity")
    if settings.certificate_path:
        ends = await asyncio.to_thread(_end_of, Path(settings.certificate_path))
        return Credential("certificate", ends)
    return Credential("client_secret", settings.client_secret_expires)


def _end_of(path: Path) -> datetime:
    from cryptography import x509  # noqa: PLC0415 - heavy, and rarely used

    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def warnings_of(credential: Credential, now: datetime) -> list[Warned]:
    if credential.kind == "client_secret" and credential.ends is None:
        return [Warned("credential-expiry-unknown")]
    if credential.ends is None or credential.ends - now > AHEAD:
        return []
    return [Warned("credential-expires", credential.ends, (credential.ends - now).days)]


def warning_json(warning: Warned) -> dict[str, Any]:
    cause = cause_of(warning.code)
    return {
        "code": warning.code,
        "title": cause.title,
        "meaning": cause.meaning,
        "remedy": cause.remedy,
        "ends": warning.ends,
        "days_left": warning.days_left,
    }
