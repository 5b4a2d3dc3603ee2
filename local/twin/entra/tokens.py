"""Access and id tokens: made, and read back at the door of Graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt

from local.twin.caller import Caller
from local.twin.entra.keys import SigningKey

GRAPH = "https://graph.microsoft.com"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
LIFETIME_SECONDS = 3599
CACHE_LIMIT = 5_000


class BadToken(Exception):
    """The text is Graph's message to the client."""


@dataclass(frozen=True)
class Subject:
    """For whom a token is made: `name`, `username` and `scopes` of a person, or app `roles`."""

    tenant_id: str
    app_id: str
    object_id: str
    name: str = ""
    username: str = ""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    app_only: bool = False
    identity: Mapping[str, Any] = field(default_factory=dict[str, Any])  # more claims of id tokens


class Tokens:
    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self._read: dict[str, dict[str, Any]] = {}

    def access(self, subject: Subject, audience: str, issuer: str, now: datetime) -> str:
        claims = {
            **self._times(now),
            "aud": audience,
            "iss": issuer,
            "tid": subject.tenant_id,
            "oid": subject.object_id,
            "sub": subject.object_id,
            "appid": subject.app_id,
            "azp": subject.app_id,
            "uti": uuid4().hex[:22],
            "ver": "1.0",
        }
        return self._sign({**claims, **_rights(subject)})

    def identity(
        self, subject: Subject, issuer: str, now: datetime, nonce: str | None = None
    ) -> str:
        claims = {
            **self._times(now),
            "aud": subject.app_id,
            "iss": issuer,
            "tid": subject.tenant_id,
            "oid": subject.object_id,
            "sub": f"{subject.object_id}-{subject.app_id[:8]}",
            "name": subject.name,
            "preferred_username": subject.username,
            "uti": uuid4().hex[:22],
            "ver": "2.0",
            **subject.identity,
        }
        return self._sign({**claims, "nonce": nonce} if nonce else claims)

    def verified(self, token: str, now: datetime) -> dict[str, Any]:
        """Claims of a token of ours that has not expired; BadToken otherwise."""
        claims = self._read.get(token) or self._decoded(token)
        if claims["exp"] <= now.timestamp():
            raise BadToken("Lifetime validation failed, the token is expired.")
        if claims["nbf"] > now.timestamp() + 300:
            raise BadToken("Lifetime validation failed, the token is not yet valid.")
        return claims

    def caller(self, token: str, now: datetime) -> Caller:
        claims = self.verified(token, now)
        if claims["aud"] not in (GRAPH, GRAPH_APP_ID, GRAPH + "/"):
            raise BadToken("Access token validation failure. Invalid audience.")
        return Caller(
            tenant_id=claims["tid"],
            app_id=claims["appid"],
            user_id=None if claims["idtyp"] == "app" else claims["oid"],
            scopes=frozenset(str(claims.get("scp", "")).split()),
            roles=frozenset(claims.get("roles", [])),
        )

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key.public,
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise BadToken(_why_unreadable(error)) from error
        if len(self._read) >= CACHE_LIMIT:
            self._read.clear()
        self._read[token] = claims
        return claims

    def _times(self, now: datetime) -> dict[str, int]:
        """Entra dates tokens five minutes back, against clocks that differ."""
        issued = now - timedelta(minutes=5)
        at = int(issued.timestamp())
        return {"iat": at, "nbf": at, "exp": int(now.timestamp()) + LIFETIME_SECONDS + 1}

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            claims, self.key.private, "RS256", {"kid": self.key.kid, "x5t": self.key.kid}
        )


def _rights(subject: Subject) -> dict[str, Any]:
    if subject.app_only:
        return {"idtyp": "app", **({"roles": sorted(subject.roles)} if subject.roles else {})}
    return {
        "idtyp": "user",
        "scp": " ".join(sorted(subject.scopes)),
        "name": subject.name,
        "upn": subject.username,
    }


def _why_unreadable(error: jwt.InvalidTokenError) -> str:
    if isinstance(error, jwt.InvalidSignatureError):
        return "Access token validation failure. Invalid signature."
    return "IDX14100: JWT is not well formed, there are no dots (.)."
