# pyright: reportMissingTypeStubs=false
"""Access tokens for Graph: an organisation's by the app's own credential, a person's by the
refresh token they granted, which is kept in the vault and refreshed by one worker at a time.
"""

import asyncio
import hashlib
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError
from msal.exceptions import MsalError

from shared.custody import aadsts
from shared.custody.access import AccessToken
from shared.custody.entra import Application, Entra, new_cache
from shared.custody.grant import access_in, reduced, roles_in, secret_name
from shared.custody.reach import delegated_scopes
from shared.custody.vault import Vault
from shared.errors import Contended, Reconnect, Unavailable
from shared.settings import Settings
from shared.store.records import CalendarKey, Connection, ConnectionKind, Lease

PATIENCE = 10.0
LEASE_SECONDS = 60.0


class Leases(Protocol):
    """The part of `Store` that lets one worker at a time refresh or destroy a grant."""

    async def acquire(
        self, key: CalendarKey, holder: str, now: datetime, seconds: float
    ) -> Lease | None: ...

    async def release(self, lease: Lease) -> None: ...
    async def drop_lease(self, lease: Lease) -> None: ...


class Tokens:
    """Raises Reconnect when a person must act, Unavailable when Entra or the vault is away,
    Contended while another worker refreshes the same grant.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        leases: Leases,
        *,
        entra: Entra | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._vault = vault
        self._leases = leases
        self._entra = entra or Entra(settings)
        self._clock = clock
        self._resource = graph_resource(settings)
        self._held: dict[str, AccessToken] = {}
        self._refused: dict[str, str] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, connection: Connection) -> AccessToken:
        if connection.kind is ConnectionKind.ORGANISATION:
            return await self.app_token(connection.entra_tenant, connection.client)
        return await self.user_token(connection)

    async def reach(self) -> None:
        """Gets the proof of this app and asks Entra where it answers, for nobody's token."""
        with translated():
            await self._entra.application("organizations")

    def granted(self, connection: Connection) -> tuple[str, ...]:
        """What the token in use is good for; empty where there is none or it does not say."""
        held = self._held.get(_name(connection))
        return held.granted if held else ()

    async def app_token(self, entra_tenant: str, client: str = "") -> AccessToken:
        name = _app_name(entra_tenant, client)
        async with self._locks[name]:
            held = self._held.get(name)
            if held and held.good(self._clock()):
                return held
            return self._hold(name, await self._ask_for_app_token(entra_tenant, client))

    async def user_token(self, connection: Connection) -> AccessToken:
        name = secret_name(connection)
        async with self._locks[name]:
            held = self._held.get(name)
            if held and held.good(self._clock()):
                return held
            return self._hold(name, await self._read_or_refresh(connection, name))

    def lend(self, connection: Connection, cache: str) -> None:
        """The access token of a grant serves before the vault has the grant."""
        if found := access_in(cache):
            self._hold(_name(connection), found)

    async def exercise(self, connection: Connection) -> None:
        """A new token, whatever is held: a refresh token that is used does not grow old, and a
        grant that has ended says so.
        """
        if connection.kind is ConnectionKind.ORGANISATION:
            self.drop(connection)
            await self.token(connection)
            return
        name = secret_name(connection)
        async with self._locks[name], self._leased(connection):
            self._hold(name, await self._refresh(connection, name, await self._read(name)))

    @asynccontextmanager
    async def withdrawn(self, connection: Connection) -> AsyncGenerator[None]:
        """While a grant is destroyed: nobody refreshes it meanwhile, who would write it anew."""
        if connection.kind is ConnectionKind.ORGANISATION:
            yield
            return
        async with self._locks[secret_name(connection)]:
            lease = await self._acquired(connection)
            try:
                yield
            finally:
                await self._leases.drop_lease(lease)

    def drop(self, connection: Connection) -> None:
        """Graph refused this connection's token: the next one will be a fresh one."""
        self._drop(_name(connection))

    def drop_app(self, entra_tenant: str, client: str = "") -> None:
        """What the tenant granted has changed, and a token knows only what was granted before."""
        self._drop(_app_name(entra_tenant, client))

    def _drop(self, name: str) -> None:
        if held := self._held.pop(name, None):
            self._refused[name] = _print_of(held)

    def _hold(self, name: str, token: AccessToken) -> AccessToken:
        self._held[name] = token
        return token

    async def _ask_for_app_token(self, entra_tenant: str, client: str) -> AccessToken:
        with translated():
            credential = await self._entra.app_credential(entra_tenant, client)
            async with credential:
                answer = await credential.get_token(f"{self._resource}/.default")
        expires = datetime.fromtimestamp(answer.expires_on, UTC)
        return AccessToken(answer.token, expires, roles_in(answer.token))

    async def _read_or_refresh(self, connection: Connection, name: str) -> AccessToken:
        if found := self._usable(name, await self._read(name)):
            return found
        async with self._leased(connection):
            # Another worker may have refreshed it between the look and the lease.
            cache = await self._read(name)
            return self._usable(name, cache) or await self._refresh(connection, name, cache)

    async def _read(self, name: str) -> str:
        cache = await self._vault.read(name)
        if cache is None:
            raise Reconnect("sign-in-again")
        return cache

    def _usable(self, name: str, cache: str) -> AccessToken | None:
        found = access_in(cache)
        if found is None or not found.good(self._clock()):
            return None
        return None if _print_of(found) == self._refused.get(name) else found

    async def _refresh(self, connection: Connection, name: str, cache: str) -> AccessToken:
        kept = new_cache()
        kept.deserialize(cache)
        with translated():
            application = await self._entra.application(connection.entra_tenant, kept)
            scopes = delegated_scopes(connection.kind, connection.reach)
            answer = await asyncio.to_thread(_silently, application, scopes)
        if "access_token" not in answer:
            raise refusal(answer)
        fresh = reduced(kept.serialize(), answer["access_token"])
        await self._vault.write(name, fresh)
        expires = self._clock().timestamp() + int(answer["expires_in"])
        return access_in(fresh) or AccessToken(
            answer["access_token"], datetime.fromtimestamp(expires, UTC)
        )

    @asynccontextmanager
    async def _leased(self, connection: Connection) -> AsyncGenerator[None]:
        lease = await self._acquired(connection)
        try:
            yield
        finally:
            await self._leases.release(lease)

    async def _acquired(self, connection: Connection) -> Lease:
        key = CalendarKey(connection.tenant, f"grant-{connection.id}")
        holder = uuid.uuid4().hex
        lease = await self._leases.acquire(key, holder, self._clock(), LEASE_SECONDS)
        if lease is None:
            raise Contended(1, "another worker refreshes this grant")
        return lease


def graph_resource(settings: Settings) -> str:
    """The audience of tokens for Graph: real clouds have their own, a stand-in has Graph's."""
    host = urlsplit(settings.graph_url).hostname or ""
    known = host.endswith((".microsoft.com", ".microsoft.us", ".chinacloudapi.cn"))
    return f"https://{host}" if known else "https://graph.microsoft.com"


def refusal(answer: dict[str, Any]) -> Exception:
    """What MSAL's error dictionary asks for."""
    return aadsts.explain(
        answer.get("error", ""),
        answer.get("error_description", ""),
        answer.get("error_codes", ()),
        answer.get("correlation_id", ""),
    )


def _name(connection: Connection) -> str:
    if connection.kind is ConnectionKind.ORGANISATION:
        return _app_name(connection.entra_tenant, connection.client)
    return secret_name(connection)


def _app_name(entra_tenant: str, client: str) -> str:
    return f"{entra_tenant}/{client}"


def _silently(application: Application, scopes: list[str]) -> dict[str, Any]:
    account = next(iter(application.get_accounts()), None)
    if account is None:
        return {"error": "invalid_grant"}
    answer = application.acquire_token_silent_with_error(scopes, account, force_refresh=True)
    return answer or {"error": "invalid_grant"}


def _print_of(token: AccessToken) -> str:
    return hashlib.sha256(token.value.encode()).hexdigest()


@contextmanager
def translated() -> Generator[None]:
    try:
        yield
    except ClientAuthenticationError as error:
        raise aadsts.explain("invalid_client", str(error)) from error
    except AzureError as error:
        raise Unavailable(PATIENCE, "Entra does not answer") from error
    except (requests.RequestException, MsalError, ValueError) as error:
        # MSAL raises its own for a 5xx, and ValueError for an answer that is no JSON.
        raise Unavailable(PATIENCE, "Entra does not answer") from error
