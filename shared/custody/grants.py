"""How a grant is asked for and taken: a person's by the code flow with PKCE, an organisation's
by admin consent and a sign-in.

The answer of admin consent names its tenant in the query string, which anybody can write. So
the administrator is asked to sign in right after it: the tenant is the id token's, and a token
of the app in that tenant proves the consent.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

import msal

from shared.custody import aadsts
from shared.custody.entra import Entra
from shared.custody.grant import reduced, secret_name
from shared.custody.state import Errand, Seal, invalid_state
from shared.custody.tokens import SCOPES, Tokens, graph_resource, refusal, translated
from shared.custody.vault import Vault
from shared.errors import Problem, Reconnect, Refused
from shared.settings import Settings
from shared.store.records import Connection, ConnectionKind

ANY_TENANT = "organizations"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the value of the cookie (`state.COOKIE`) to send it with:
    HttpOnly, SameSite=Lax, Secure where the app is https, ten minutes.
    """

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """Proven by Entra's own token. `cache` is a person's grant, to be given to `Grants.keep`."""

    kind: ConnectionKind
    tenant: str
    link: str
    entra_tenant: str
    user_id: str
    address: str
    display_name: str
    cache: str = field(default="", repr=False)
