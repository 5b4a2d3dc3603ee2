"""How a grant is asked for and taken: a person's by the code flow with PKCE, an organisation's
by admin consent and a sign-in.

The answer of admin consent names its tenant in the query string, which anybody can write. So
the administrator is asked to sign in right after it: the tenant is the id token's, and a token
of the app in that tenant proves the consent.
"""

import asyncio
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from shared.custody.aadsts import NOT_YET
from shared.custody.entra import Application, Cache, Entra, new_cache
from shared.custody.grant import reduced, secret_name
from shared.custody.reach import delegated_scopes, names
from shared.custody.state import Errand, Seal, invalid_state
from shared.custody.tokens import Tokens, graph_resource, refusal, translated
from shared.custody.vault import Vault
from shared.errors import Problem, Reconnect, Refused
from shared.settings import Settings
from shared.store.records import Connection, ConnectionKind, ConsentLink, Reach

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
    """Proven by Entra's own token. `cache` is a person's grant, to be given to `Grants.keep`.
    `scopes` are those of the token (an organisation's roles); `client` is the app registration
    that has the grant, "" the main one. `roles` are the template ids of the person's directory
    roles, None where the id token does not tell. `effective` is false for an organisation's
    consent that has not reached every part of Entra.
    """

    kind: ConnectionKind
    tenant: str
    link: str
    entra_tenant: str
    user_id: str
    address: str
    display_name: str
    cache: str = field(default="", repr=False)
    reach: Reach = Reach.READ_WRITE
    scopes: tuple[str, ...] = ()
    client: str = ""
    guest: bool = False
    roles: frozenset[str] | None = None
    effective: bool = True


class Grants:
    """Raises Refused for an answer that is not this browser's, Reconnect when Entra or the
    person said no, Unavailable when Entra is away.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        tokens: Tokens,
        seal: Seal,
        entra: Entra | None = None,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._tokens = tokens
        self._seal = seal
        self._entra = entra or Entra(settings)

    async def begin(
        self,
        tenant: str,
        link: str,
        now: datetime,
        *,
        entra_tenant: str = "",
        hint: str = "",
        kind: ConnectionKind = ConnectionKind.USER,
        reach: Reach = Reach.READ_WRITE,
    ) -> Begun:
        """A person's grant, or that of an account which acts for others. `hint` is the address
        to sign in with, if it is known.
        """
        errand = Errand(kind, tenant, link, entra_tenant, reach)
        return await self._sign_in(errand, now, hint)

    async def finish(self, query: Mapping[str, str], cookie: str, now: datetime) -> Granted:
        """The answer at oauth/callback, of either kind of grant."""
        errand, flow = await self._return(query, cookie, now)
        if "error" in query:
            raise refusal(dict(query))
        if "code" not in query or not flow:
            raise invalid_state()
        granted = await self._redeem(errand, flow, dict(query))
        if errand.entra_tenant and granted.entra_tenant != errand.entra_tenant:
            raise Refused(Problem("wrong-tenant"))
        if granted.kind is not ConnectionKind.ORGANISATION:
            return granted
        return await self.proven(granted)

    def link_in(self, query: Mapping[str, str]) -> tuple[str, str]:
        """Tenant and link that an answer of Entra's is about, as its state tells."""
        return self._seal.link_in(query.get("state", ""))

    async def proven(self, granted: Granted) -> Granted:
        """An organisation's consent, as the app's own token shows it."""
        self._tokens.drop_app(granted.entra_tenant, granted.client)
        try:
            token = await self._tokens.app_token(granted.entra_tenant, granted.client)
        except Reconnect as refused:
            if refused.number not in NOT_YET:
                raise
            return replace(granted, effective=False)
        return replace(granted, scopes=token.granted, effective=True)

    def remembered(self, link: ConsentLink) -> Granted:
        """What `link.proven` says of who finished an organisation's consent."""
        entra_tenant, _, user_id = link.proven.partition(" ")
        errand = Errand(ConnectionKind.ORGANISATION, link.tenant, link.id, reach=link.reach)
        claims = {"tid": entra_tenant, "oid": user_id}
        return replace(_granted(errand, claims, ""), client=self._client(errand))

    def begin_admin(
        self,
        tenant: str,
        link: str,
        now: datetime,
        *,
        entra_tenant: str = "",
        reach: Reach = Reach.READ_WRITE,
    ) -> Begun:
        """An organisation's grant; the administrator's answer goes to `consented`."""
        errand = Errand(ConnectionKind.ORGANISATION, tenant, link, entra_tenant, reach)
        binding = secrets.token_urlsafe(24)
        query = {
            "client_id": self._client(errand) or self._settings.client_id,
            "scope": f"{graph_resource(self._settings)}/.default",
            "redirect_uri": f"{self._settings.public_url}/oauth/admin-consent",
            "state": self._seal.state(errand, binding, now),
        }
        place = f"{self._settings.authority}/{entra_tenant or ANY_TENANT}/v2.0/adminconsent"
        return Begun(f"{place}?{urlencode(query)}", self._seal.close({"binding": binding}))

    async def consented(self, query: Mapping[str, str], cookie: str, now: datetime) -> Begun:
        """The answer at oauth/admin-consent. The sign-in that follows ends in `finish`."""
        errand, _ = await self._return(query, cookie, now)
        if "error" in query:
            raise refusal(dict(query))
        claimed = query.get("tenant", "")
        if errand.purpose != ConnectionKind.ORGANISATION or not is_guid(claimed):
            raise invalid_state()
        if errand.entra_tenant and claimed.lower() != errand.entra_tenant:
            raise Refused(Problem("wrong-tenant"))
        return await self._sign_in(replace(errand, entra_tenant=claimed.lower()), now, "")

    async def keep(self, connection: Connection, granted: Granted) -> None:
        await self._vault.write(secret_name(connection), granted.cache)
        self._tokens.drop(connection)
        self.lend(connection, granted)

    def lend(self, connection: Connection, granted: Granted) -> None:
        """Until it is kept or taken back, this process asks Graph with it."""
        self._tokens.lend(connection, granted.cache)

    def take_back(self, connection: Connection) -> None:
        self._tokens.drop(connection)

    async def forget(self, connection: Connection) -> datetime | None:
        """As `Vault.destroy` says. Raises Contended while a worker refreshes it."""
        async with self._tokens.withdrawn(connection):
            self._tokens.drop(connection)
            return await self._vault.destroy(secret_name(connection))

    async def _sign_in(self, errand: Errand, now: datetime, hint: str) -> Begun:
        binding = secrets.token_urlsafe(24)
        state = self._seal.state(errand, binding, now)
        with translated():
            application = await self._application(errand)
            flow = await asyncio.to_thread(
                application.initiate_auth_code_flow,
                delegated_scopes(errand.purpose, errand.reach),
                redirect_uri=f"{self._settings.public_url}/oauth/callback",
                state=state,
                prompt=None if hint else "select_account",
                login_hint=hint or None,
                response_mode="form_post",
            )
        # MSAL warns of every mode but this one. A posted form, though, comes from another site,
        # without the SameSite=Lax cookie that ties the answer to the browser.
        url = str(flow.pop("auth_uri")).replace("=form_post", "=query")
        # The state comes back by itself, and a cookie has 4 KB.
        flow.pop("state")
        return Begun(url, self._seal.close({"binding": binding, "flow": flow}))

    async def _return(
        self, query: Mapping[str, str], cookie: str, now: datetime
    ) -> tuple[Errand, dict[str, Any]]:
        held = self._seal.open(cookie)
        errand = await self._seal.errand(query.get("state", ""), held["binding"], now)
        return errand, held.get("flow", {})

    async def _redeem(
        self, errand: Errand, flow: dict[str, Any], query: dict[str, str]
    ) -> Granted:
        cache = new_cache()
        with translated():
            application = await self._application(errand, cache)
            answer = await asyncio.to_thread(
                application.acquire_token_by_auth_code_flow,
                {**flow, "state": query["state"]},
                query,
            )
        if "error" in answer:
            raise refusal(answer)
        kept = reduced(cache.serialize(), answer.get("access_token", ""))
        granted = _granted(errand, answer["id_token_claims"], kept)
        scopes = names(str(answer.get("scope", "")).split())
        return replace(granted, scopes=scopes, client=self._client(errand))

    async def _application(self, errand: Errand, cache: Cache | None = None) -> Application:
        where = errand.entra_tenant or ANY_TENANT
        return await self._entra.application(where, cache, self._client(errand))

    def _client(self, errand: Errand) -> str:
        """What an app registration asks an organisation for is fixed, so there may be one for
        each reach; people are asked for what is wanted.
        """
        if errand.purpose != ConnectionKind.ORGANISATION:
            return ""
        named = self._settings.client_for(errand.reach)
        return "" if named == self._settings.client_id else named


def _granted(errand: Errand, claims: dict[str, Any], cache: str) -> Granted:
    kind = ConnectionKind(errand.purpose)
    return Granted(
        kind=kind,
        tenant=errand.tenant,
        link=errand.link,
        entra_tenant=claims["tid"],
        user_id=claims["oid"],
        address=claims.get("preferred_username", ""),
        display_name=claims.get("name", ""),
        cache="" if kind is ConnectionKind.ORGANISATION else cache,
        reach=errand.reach,
        guest="#ext#" in str(claims.get("upn", "")).lower() or _from_elsewhere(claims),
        roles=frozenset(claims["wids"]) if "wids" in claims else None,
    )


def _from_elsewhere(claims: dict[str, Any]) -> bool:
    """`idp` is there where the account is of another identity provider than the tenant's own."""
    own = str(claims["tid"])
    return "idp" in claims and own not in str(claims["idp"])


def is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
