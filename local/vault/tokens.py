"""Bearer tokens: signed by the authority's published keys, for this vault, not expired."""

import ssl
import time
from typing import Any

import httpx
import jwt

from local.vault.errors import VaultError

REFETCH_SECONDS = 2.0


def unauthorized(message: str) -> VaultError:
    return VaultError(401, "Unauthorized", message)


class Tokens:
    """Checks tokens of one tenant of `authority`; its keys are fetched when first needed.

    `nbf` and `iat` are not looked at: the authority may be the twin, whose clock can be ahead.
    """

    def __init__(
        self, authority: str, tenant: str, audiences: list[str], trust: ssl.SSLContext
    ) -> None:
        self._discovery = f"{authority}/{tenant}/v2.0/.well-known/openid-configuration"
        self._tenant = tenant
        self._audiences = audiences
        self._trust = trust
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = 0.0

    async def check(self, header: str | None) -> None:
        """Raises VaultError 401 for a token that does not open this vault."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("AKV10000: Request is missing a Bearer or PoP token.")
        claims = await self._claims(token)
        if claims.get("tid") != self._tenant:
            raise unauthorized("AKV10032: Invalid issuer. The token is of another tenant.")

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid", ""))
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audiences,
                options={"require": ["exp"], "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError:
            raise unauthorized("AKV10022: Invalid audience. It must be this vault's.") from None
        except jwt.ExpiredSignatureError:
            raise unauthorized("AKV10001: The token has expired.") from None
        except jwt.PyJWTError:
            raise unauthorized("AKV10046: The token's signature cannot be verified.") from None

    async def _key(self, identifier: str) -> jwt.PyJWK:
        # An unknown key may be a rolled one, but nobody may make us fetch without end.
        if identifier not in self._keys and time.monotonic() - self._fetched > REFETCH_SECONDS:
            self._keys = await self._fetch()
            self._fetched = time.monotonic()
        if identifier not in self._keys:
            raise unauthorized("AKV10046: The token is signed by an unknown key.")
        return self._keys[identifier]

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            async with httpx.AsyncClient(verify=self._trust, timeout=5) as client:
                discovery = (await client.get(self._discovery)).raise_for_status().json()
                answer = (await client.get(discovery["jwks_uri"])).raise_for_status().json()
        except (httpx.HTTPError, KeyError, ValueError) as error:
            message = f"The authority's keys could not be read ({type(error).__name__})."
            raise VaultError(503, "ServiceUnavailable", message) from error
        keys = jwt.PyJWKSet.from_dict(answer).keys
        return {key.key_id: key for key in keys if key.key_id}
