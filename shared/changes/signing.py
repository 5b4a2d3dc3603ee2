"""Signatures of deliveries, as Standard Webhooks 1.0 has them."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_bytes

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.settings import Secret

SECRET_BYTES = 32


def new_secret() -> Secret:
    encoded = base64.b64encode(token_bytes(SECRET_BYTES)).decode()
    return Secret(f"whsec_{encoded}")


def signature(secrets: Sequence[Secret], message: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers, with a signature by each of `secrets`. `at` is a UTC instant; `message`
    must not contain a full stop.
    """
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret.reveal()).sign(message, at, body) for secret in secrets
        ),
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
