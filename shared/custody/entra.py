# pyright: reportMissingTypeStubs=false
"""How this app proves itself to Entra: one of three credentials, by settings."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import msal
import requests
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
)
from requests.adapters import HTTPAdapter

from shared.custody.certificate import certificate_of
from shared.settings import Settings

EXCHANGE = "api://AzureADTokenExchange/.default"
"""What a managed identity asks for to be taken as a federated credential."""

BRIEFLY = {"retry_total": 2, "retry_backoff_factor": 0.2}
"""How long Microsoft's clients may try by themselves; longer patience is the queue's business."""

PATIENCE_SECONDS = 30

KNOWN_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoft.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)


class Cache(Protocol):
    """MSAL's SerializableTokenCache, as far as it is used here."""

    def deserialize(self, state: str) -> None: ...

    def serialize(self) -> str: ...


class Application(Protocol):
    """MSAL's ConfidentialClientApplication, likewise. It blocks: to be used in a thread."""

    def initiate_auth_code_flow(
        self,
        scopes: Sequence[str],
        *,
        redirect_uri: str,
        state: str,
        prompt: str | None,
        login_hint: str | None,
        response_mode: str,
    ) -> dict[str, Any]: ...

    def acquire_token_by_auth_code_flow(
        self, auth_code_flow: Mapping[str, Any], auth_response: Mapping[str, str]
    ) -> dict[str, Any]: ...

    def get_accounts(self) -> list[dict[str, Any]]: ...

    def acquire_token_silent_with_error(
        self, scopes: Sequence[str], account: Mapping[str, Any], *, force_refresh: bool
    ) -> dict[str, Any] | None: ...


def new_cache() -> Cache:
    return cast("Cache", msal.SerializableTokenCache())


class _Patient(HTTPAdapter):
    """A session has no timeout of its own."""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        options["timeout"] = options.get("timeout") or PATIENCE_SECONDS
        return super().send(request, *args, **options)


class Entra:
    """`options` go to Microsoft's HTTP clients as they are (`connection_verify`: a CA file)."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self._settings = settings
        self._options = options
        host = urlsplit(settings.authority).hostname or ""
        self._discovers = host in KNOWN_AUTHORITIES

    async def app_credential(self, entra_tenant: str, client: str = "") -> AsyncTokenCredential:
        """Of this app in a customer's tenant, as `client` or the main registration. The caller
        closes it.
        """
        settings = self._settings
        client_id = client or settings.client_id
        options: dict[str, Any] = {
            "authority": settings.authority,
            "disable_instance_discovery": not self._discovers,
            **BRIEFLY,
            **self._options,
        }
        if settings.managed_identity:
            assertion = await self._assertion()
            return ClientAssertionCredential(entra_tenant, client_id, lambda: assertion, **options)
        if settings.certificate_path or settings.certificate:
            pem = (await certificate_of(settings)).encode()
            return CertificateCredential(entra_tenant, client_id, certificate_data=pem, **options)
        return ClientSecretCredential(
            entra_tenant, client_id, settings.client_secret.reveal(), **options
        )

    async def application(
        self, entra_tenant: str, cache: Cache | None = None, client: str = ""
    ) -> Application:
        """For people's grants. `entra_tenant` may be `organizations`."""
        credential = await self._client_credential()
        client_id = client or self._settings.client_id
        return await asyncio.to_thread(
            self._application, entra_tenant, credential, cache, client_id
        )

    def _application(
        self, entra_tenant: str, credential: Any, cache: Cache | None, client_id: str
    ) -> Application:
        application = msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=f"{self._settings.authority}/{entra_tenant}",
            token_cache=cache,
            instance_discovery=None if self._discovers else False,
            http_client=self._http,
        )
        return cast("Application", application)

    @cached_property
    def _http(self) -> requests.Session:
        """As MSAL would make one for each application, which costs a TLS handshake and reading
        the CA file each time. Cookies of one customer's sign-in are not sent with another's.
        """
        session = requests.Session()
        session.verify = self._options.get("connection_verify", True)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("https://", _Patient(max_retries=1))
        return session

    async def _client_credential(self) -> Any:
        settings = self._settings
        if settings.managed_identity:
            assertion = await self._assertion()
            return {"client_assertion": lambda: assertion}
        if settings.certificate_path or settings.certificate:
            pem = await certificate_of(settings)
            return {"private_key": pem, "public_certificate": pem}
        return settings.client_secret.reveal()

    async def _assertion(self) -> str:
        async with ManagedIdentityCredential(
            client_id=self._settings.managed_identity, **BRIEFLY, **self._options
        ) as identity:
            return (await identity.get_token(EXCHANGE)).token
