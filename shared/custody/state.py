"""What travels through the browser and back: a signed state, and a sealed cookie beside it.

The state is signed, expires, is good once, and is bound to the cookie of the browser that began.
The cookie holds what the code flow must remember; no server keeps it.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared.errors import Problem, Refused
from shared.settings import Secret
from shared.store.records import Reach

LIFETIME = timedelta(minutes=10)
COOKIE = "calbridge_consent"


class Once(Protocol):
    async def burn(self, nonce: str, until: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Errand:
    """Why a browser was sent to Entra. `entra_tenant` is the one it must come back from, if
    that is known, `reach` how far the grant is to go.
    """

    purpose: str
    tenant: str
    link: str
    entra_tenant: str = ""
    reach: Reach = Reach.READ_WRITE


class Seal:
    """Raises Refused(consent-state-invalid) for anything it did not make itself."""

    def __init__(self, signing_key: Secret, once: Once) -> None:
        self._key = _derived(signing_key, b"state")
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(signing_key, b"cookie")))
        self._once = once

    def state(self, errand: Errand, binding: str, now: datetime) -> str:
        claims = {
            "purpose": errand.purpose,
            "tenant": errand.tenant,
            "link": errand.link,
            "entra": errand.entra_tenant,
            "reach": errand.reach.value,
            "browser": _hash(binding),
            "jti": secrets.token_urlsafe(16),
            "exp": int((now + LIFETIME).timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    async def errand(self, state: str, binding: str, now: datetime) -> Errand:
        """Checks signature, age and browser, and uses the state up."""
        claims = self._claims(state)
        expires = datetime.fromtimestamp(claims["exp"], UTC)
        same_browser = hmac.compare_digest(claims["browser"], _hash(binding))
        if not same_browser or expires <= now:
            raise invalid_state()
        if not await self._once.burn(f"state-{claims['jti']}", expires):
            raise invalid_state()
        reach = Reach(claims.get("reach", Reach.READ_WRITE))
        return Errand(claims["purpose"], claims["tenant"], claims["link"], claims["entra"], reach)

    def link_in(self, state: str) -> tuple[str, str]:
        """Tenant and link that a state of ours is about, used up or not."""
        claims = self._claims(state)
        return claims["tenant"], claims["link"]

    def close(self, content: dict[str, Any]) -> str:
        return self._fernet.encrypt(json.dumps(content).encode()).decode()

    def open(self, cookie: str) -> dict[str, Any]:
        try:
            return json.loads(self._fernet.decrypt(cookie.encode()))
        except (InvalidToken, ValueError) as error:
            raise invalid_state() from error

    def _claims(self, state: str) -> dict[str, Any]:
        try:
            # Age is judged by the caller's clock, with everything else.
            return jwt.decode(
                state,
                self._key,
                algorithms=["HS256"],
                options={"verify_exp": False, "require": ["exp", "jti"]},
            )
        except jwt.PyJWTError as error:
            raise invalid_state() from error


def sealed_name(key: Secret, name: str) -> str:
    """For where a name must not stand as it is; the same name gives the same."""
    closed = AESSIV(_derived(key, b"name")).encrypt(name.encode(), None)
    return base64.urlsafe_b64encode(closed).decode().rstrip("=")


def opened_name(key: Secret, sealed: str) -> str:
    """Empty for one that was sealed with another key."""
    try:
        closed = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return AESSIV(_derived(key, b"name")).decrypt(closed, None).decode()
    except (InvalidTag, ValueError):
        return ""


def link_name(key: Secret, tenant: str, link: str) -> str:
    """`tenant.link.signature`, as it stands in a consent link's URL."""
    return f"{tenant}.{link}.{_signature(key, tenant, link)}"


def read_link_name(key: Secret, name: str) -> tuple[str, str]:
    """Tenant and link. Raises Refused(consent-link-unknown) for a name it did not make itself."""
    tenant, _, rest = name.partition(".")
    link, _, signature = rest.partition(".")
    good = hmac.compare_digest(signature.encode(), _signature(key, tenant, link).encode())
    if not (good and tenant and link):
        raise Refused(Problem("consent-link-unknown"))
    return tenant, link


def _signature(key: Secret, tenant: str, link: str) -> str:
    digest = hmac.digest(_derived(key, b"link"), f"{tenant}\n{link}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def invalid_state() -> Refused:
    return Refused(Problem("consent-state-invalid"))


def _derived(key: Secret, purpose: bytes) -> bytes:
    return hmac.digest(key.reveal().encode(), b"calbridge consent " + purpose, hashlib.sha256)


def _hash(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()
