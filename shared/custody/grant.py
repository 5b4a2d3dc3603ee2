"""What is kept of a person's grant: MSAL's token cache, cut down to what a refresh takes."""

import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any, cast

import jwt

from shared.custody.access import AccessToken
from shared.custody.reach import names
from shared.store.records import Connection

SECTIONS = ("AccessToken", "RefreshToken", "Account", "AppMetadata")
"""Id tokens are left out: the account says who it is, and a secret holds 25 KB at most."""


def secret_name(connection: Connection) -> str:
    """Ids may hold what a secret's name may not, so their digest names it."""
    named = hashlib.sha256(f"{connection.tenant}\n{connection.id}".encode()).hexdigest()
    return f"grant-{named[:40]}"


def reduced(cache: str, access: str) -> str:
    """MSAL's serialised cache without id tokens, and with no access token but `access`: an older
    one may stay beside it, under other scopes, and end in the same second.
    """
    sections = cast("dict[str, dict[str, Any]]", json.loads(cache))
    kept = {name: sections[name] for name in SECTIONS if sections.get(name)}
    if tokens := kept.get("AccessToken"):
        kept["AccessToken"] = {k: one for k, one in tokens.items() if one["secret"] == access}
    return json.dumps(kept, separators=(",", ":"))


def access_in(cache: str) -> AccessToken | None:
    sections = cast("dict[str, dict[str, Any]]", json.loads(cache))
    for entry in sections.get("AccessToken", {}).values():
        expires = datetime.fromtimestamp(int(entry["expires_on"]), UTC)
        return AccessToken(entry["secret"], expires, names(str(entry.get("target", "")).split()))
    return None


def roles_in(token: str) -> tuple[str, ...]:
    """Of an app-only token; Entra says them nowhere else."""
    found: object = _claims(token).get("roles")
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return names(one for one in listed if isinstance(one, str))


def principal_in(token: str) -> str:
    """The object id of the app in the tenant, from an app-only token; "" where it says none."""
    found = _claims(token).get("oid", "")
    return found if is_guid(found) else ""


def is_guid(text: object) -> bool:
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _claims(token: str) -> dict[str, Any]:
    """A token that cannot be read tells nothing, and nothing that is read here is trusted: it is
    Entra's to Graph, who judges it.
    """
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
