"""Until when the app can prove itself to Entra, and what to say of it in time."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.catalogue import cause_of
from shared.custody.certificate import certificate_of
from shared.errors import Unavailable
from shared.settings import Settings

AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Credential:
    """`ends` is None where nobody knows, where it never does (a managed identity), and of a
    certificate where it cannot be read.
    """

    kind: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    code: str
    ends: datetime | None = None
    days_left: int | None = None


async def credential_of(settings: Settings) -> Credential:
    """Of a certificate its own end; of a secret what the settings say."""
    if settings.managed_identity:
        return Credential("managed_identity")
    if settings.certificate_path or settings.certificate:
        return Credential("certificate", await _end_of_certificate(settings))
    return Credential("client_secret", settings.client_secret_expires)


async def _end_of_certificate(settings: Settings) -> datetime | None:
    from cryptography import x509  # noqa: PLC0415 - heavy, and rarely used

    with suppress(Unavailable, ValueError):
        pem = await certificate_of(settings)
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    return None


def warnings_of(credential: Credential, now: datetime) -> list[Warned]:
    if credential.kind == "client_secret" and credential.ends is None:
        return [Warned("credential-expiry-unknown")]
    if credential.kind == "certificate" and credential.ends is None:
        return [Warned("credential-unreadable")]
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
