"""Signatures of deliveries, as Standard Webhooks 1.0 has them."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.settings import Secret

SECRET_BYTES = 32


def new_secret() -> Secret:
    encoded = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Secret(f"whsec_{encoded}")


def signature(secret: Secret, message: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers. `at` is a UTC instant; `message` must not contain a full stop."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret.reveal()).sign(message, at, body),
    }


def verified(secret: Secret, headers: Mapping[str, str], body: str) -> bool:
    """False for anything but a signature of ours that is at most five minutes old.

    The library lets ValueError (binascii.Error with it) escape for malformed headers.
    """
    try:
        Webhook(secret.reveal()).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
