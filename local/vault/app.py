"""The routes of Key Vault's data plane that concern secrets.

Answers follow the published REST reference (Azure Key Vault, secrets); where it does not tell a
message, ours names the field and what would be right.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.vault import errors, wire
from local.vault.errors import VaultError
from local.vault.secrets import Secret
from local.vault.state import State
from local.vault.tokens import Tokens

API_VERSIONS = frozenset({"7.4", "7.5", "7.6", "2025-06-01-preview", "2025-07-01", "2026-04-01"})
MAX_PAGE = 25

Answer = Callable[[Request], Awaitable[Response]]


class Vault:
    """One method per operation; each mutation is on disk before it is answered."""

    def __init__(self, url: str, challenge: str, state: State, tokens: Tokens) -> None:
        self._url = url
        self._challenge = challenge
        self._state = state
        self._secrets = state.secrets
        self._tokens = tokens

    def app(self) -> Starlette:
        name = "/secrets/{name}"
        gone = "/deletedsecrets/{name}"
        operations: list[tuple[str, str, Answer]] = [
            ("GET", "/secrets", self._list),
            ("POST", "/secrets/restore", self._restore),
            ("PUT", name, self._set),
            ("GET", name, self._get),
            ("PATCH", name, self._update),
            ("DELETE", name, self._delete),
            ("POST", f"{name}/backup", self._backup),
            ("GET", f"{name}/versions", self._list_versions),
            ("GET", f"{name}/{{version:path}}", self._get),
            ("PATCH", f"{name}/{{version:path}}", self._update),
            ("GET", "/deletedsecrets", self._list_deleted),
            ("GET", gone, self._get_deleted),
            ("DELETE", gone, self._purge),
            ("POST", f"{gone}/recover", self._recover),
        ]
        routes = [Route(p, self._guarded(a), methods=[m]) for m, p, a in operations]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _no_operation})
        app.router.redirect_slashes = False
        return app

    def _guarded(self, answer: Answer) -> Answer:
        """Authorise, then answer; every refusal has Key Vault's shape."""

        async def guarded(request: Request) -> Response:
            try:
                await self._tokens.check(request.headers.get("Authorization"))
                _check_api_version(request)
                self._secrets.advance(datetime.now(UTC).timestamp())
                return await answer(request)
            except VaultError as error:
                headers = {"WWW-Authenticate": self._challenge} if error.status == 401 else None
                return JSONResponse(error.body(), error.status, headers)

        return guarded

    async def _list(self, request: Request) -> Response:
        items = [
            wire.item(self._url, secret, secret.latest, with_version=False)
            for secret in self._secrets.all(deleted=False)
        ]
        return self._page(request, items)

    async def _list_versions(self, request: Request) -> Response:
        secret = self._secrets.live(_name(request))
        items = [wire.item(self._url, secret, v, with_version=True) for v in secret.versions]
        return self._page(request, items)

    async def _list_deleted(self, request: Request) -> Response:
        found = self._secrets.all(deleted=True)
        items = [wire.deleted(self._url, secret, with_version=False) for secret in found]
        return self._page(request, items)

    async def _set(self, request: Request) -> Response:
        body = await _body(request)
        value, properties = wire.text(body, "value"), wire.properties(body)
        secret = self._secrets.set(_name(request), value, properties)
        self._state.save()
        return self._bundle(secret)

    async def _get(self, request: Request) -> Response:
        name = _name(request)
        version = self._secrets.readable(name, _version(request))
        return JSONResponse(wire.bundle(self._url, self._secrets.live(name), version))

    async def _update(self, request: Request) -> Response:
        name = _name(request)
        properties = wire.properties(await _body(request))
        version = self._secrets.update(name, _version(request), properties)
        self._state.save()
        secret = self._secrets.live(name)
        return JSONResponse(wire.item(self._url, secret, version, with_version=True))

    async def _delete(self, request: Request) -> Response:
        secret = self._secrets.delete(_name(request))
        self._state.save()
        return JSONResponse(wire.deleted(self._url, secret, with_version=True))

    async def _get_deleted(self, request: Request) -> Response:
        secret = self._secrets.gone(_name(request))
        return JSONResponse(wire.deleted(self._url, secret, with_version=True))

    async def _recover(self, request: Request) -> Response:
        secret = self._secrets.recover(_name(request))
        self._state.save()
        return JSONResponse(wire.item(self._url, secret, secret.latest, with_version=True))

    async def _purge(self, request: Request) -> Response:
        self._secrets.purge(_name(request))
        self._state.save()
        return Response(status_code=204)

    async def _backup(self, request: Request) -> Response:
        sealed = self._state.seal(self._secrets.live(_name(request)))
        return JSONResponse({"value": base64.urlsafe_b64encode(sealed).decode().rstrip("=")})

    async def _restore(self, request: Request) -> Response:
        secret = self._state.unseal(_decoded(wire.text(await _body(request), "value")))
        self._secrets.restore(secret)
        self._state.save()
        return JSONResponse(wire.item(self._url, secret, secret.latest, with_version=True))

    def _bundle(self, secret: Secret) -> Response:
        return JSONResponse(wire.bundle(self._url, secret, secret.latest))

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Response:
        size = _whole_number(request, "maxresults", MAX_PAGE)
        if not 1 <= size <= MAX_PAGE:
            raise errors.bad_parameter(f"maxresults must be between 1 and {MAX_PAGE}.")
        start = _whole_number(request, "$skiptoken", 0)
        end = start + size
        following = dict(request.query_params) | {"$skiptoken": str(end)}
        link = f"{self._url}{request.url.path}?{urlencode(following)}"
        return JSONResponse(
            {"value": items[start:end], "nextLink": link if end < len(items) else None}
        )


async def _no_operation(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"There is no operation {request.method} {request.url.path}."
    return JSONResponse(VaultError(status, "BadParameter", message).body(), status)


def _check_api_version(request: Request) -> None:
    version = request.query_params.get("api-version")
    if version is None:
        raise errors.bad_parameter("api-version must be specified.")
    if version not in API_VERSIONS:
        known = ", ".join(sorted(API_VERSIONS))
        raise errors.bad_parameter(f"api-version {version!r} is not played; use one of {known}.")


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _version(request: Request) -> str:
    return str(request.path_params.get("version", "")).strip("/")


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise errors.bad_parameter("The request body must be JSON.") from None
    if not isinstance(body, dict):
        raise errors.bad_parameter("The request body must be a JSON object.")
    return body


def _decoded(value: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        raise errors.bad_parameter("Property value must be base64url.") from None


def _whole_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal():
        raise errors.bad_parameter(f"{name} must be a whole number.")
    return int(text)
