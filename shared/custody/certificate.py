"""The certificate by which this app proves itself, from a file or from a setting.

Key Vault hands a certificate with its key out as PKCS #12 in base64, or as PEM where it was made
so (Key Vault: "About certificates", addressable secret).
"""

import asyncio
import base64
import logging
from pathlib import Path

from shared.errors import Unavailable
from shared.observe import note
from shared.settings import PEM, Settings

PATIENCE = 60.0


async def certificate_of(settings: Settings) -> str:
    """Key and certificate as PEM. Raises Unavailable, and not that a customer must act, where it
    cannot be read: once it is mended everything goes on by itself.
    """
    try:
        return await asyncio.to_thread(_pem, settings)
    except (OSError, ValueError) as error:
        note("credential.unreadable", level=logging.WARNING, error=type(error).__name__)
        raise Unavailable(PATIENCE, "the app's certificate cannot be read") from error


def _pem(settings: Settings) -> str:
    if settings.certificate_path:
        return Path(settings.certificate_path).read_text()
    value = settings.certificate.reveal()
    return value if value.startswith(PEM) else _from_pkcs12(base64.b64decode(value))


def _from_pkcs12(data: bytes) -> str:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - rarely used
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415 - likewise

    found = pkcs12.load_pkcs12(data, None)
    if found.key is None or found.cert is None:
        raise ValueError("a key and its certificate are needed")
    key = found.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return (key + found.cert.certificate.public_bytes(form.Encoding.PEM)).decode()
