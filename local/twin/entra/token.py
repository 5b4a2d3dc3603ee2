"""The token endpoint: authorization_code, refresh_token and client_credentials."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.twin.entra.apps import App
from local.twin.entra.assertion import check_assertion
from local.twin.entra.discovery import issuer_of
from local.twin.entra.errors import SignInFailure
from local.twin.entra.permissions import OPENID, scopes_of
from local.twin.entra.state import Code
from local.twin.entra.tokens import GRAPH, LIFETIME_SECONDS, Subject
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class TokenRequest:
    twin: "Twin"
    request: Request
    form: Mapping[str, str]
    tenant: Tenant | None
    app: App

    def need(self, name: str) -> str:
        if value := self.form.get(name):
            return value
        raise SignInFailure(90014, f"The required field '{name}' is missing from the request.")


def token_routes(twin: "Twin") -> list[Route]:
    async def token(request: Request) -> Response:
        form = {k: v for k, v in (await request.form()).items() if isinstance(v, str)}
        correlation = request.headers.get("client-request-id")
        try:
            answer = _answer(twin, request, form)
        except SignInFailure as failure:
            body = failure.body(twin.clock.now(), correlation)
            return JSONResponse(body, failure.status, NO_STORE)
        return JSONResponse(answer, headers=NO_STORE)

    return [Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"])]


NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def _answer(twin: "Twin", request: Request, form: Mapping[str, str]) -> dict[str, Any]:
    grants = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh_token,
        "client_credentials": _by_client_credentials,
    }
    grant = form.get("grant_type", "")
    if not grant:
        raise SignInFailure(90014, "The required field 'grant_type' is missing.")
    if grant not in grants:
        raise SignInFailure(70003, f"The grant type '{grant}' is not supported.")
    if not form.get("client_id"):
        raise SignInFailure(90014, "The required field 'client_id' is missing.")
    tenant = twin.entra.tenant(request.path_params["tenant"])
    app = twin.entra.app(form["client_id"])
    asked = TokenRequest(twin, request, form, tenant, app)
    _check_client(asked)
    return grants[grant](asked)


def _check_client(asked: TokenRequest) -> None:
    form, app, now = asked.form, asked.app, datetime.now(UTC)  # assertions date by the client
    if form.get("client_assertion_type") == ASSERTION and form.get("client_assertion"):
        check_assertion(form["client_assertion"], app, asked.twin.entra.tokens, now)
        return
    secret = form.get("client_secret")
    if not secret:
        raise SignInFailure(7000218)
    matching = [s for s in app.secrets if compare_digest(s.value.encode(), secret.encode())]
    if not matching:
        raise SignInFailure(7000215, f"Invalid client secret provided for app '{app.client_id}'.")
    today = asked.twin.clock.now().isoformat()
    if all(s.expires is not None and s.expires <= today for s in matching):
        raise SignInFailure(7000222)


def _by_client_credentials(asked: TokenRequest) -> dict[str, Any]:
    if asked.tenant is None:
        raise SignInFailure(50059)
    scopes = scopes_of(asked.need("scope"))
    if not scopes.default or scopes.names:
        raise SignInFailure(70011, "Client credential flows must have a scope ending in /.default")
    entra, tenant_id = asked.twin.entra, asked.tenant.id
    entra.check_app_only(tenant_id, asked.request.url.path)
    principal = entra.principal(asked.app, tenant_id)
    if principal is None or not (asked.app.multitenant or asked.app.tenant_id == tenant_id):
        raise SignInFailure(
            700016,
            f"Application with identifier '{asked.app.client_id}' was not found in the "
            f"directory '{asked.tenant.name}'.",
        )
    if not principal.enabled:
        raise SignInFailure(7000112)
    _check_resource(asked.app, scopes.resource)
    subject = Subject(
        tenant_id=tenant_id,
        app_id=asked.app.client_id,
        object_id=principal.object_id,
        roles=entra.barriers.kept(
            tenant_id, frozenset(principal.roles if scopes.resource == GRAPH else ())
        ),
        app_only=True,
    )
    return _plain_answer(_access(asked, subject, scopes.resource))


def _check_resource(app: App, resource: str) -> None:
    known = resource in (GRAPH, "https://vault.azure.net", "api://AzureADTokenExchange")
    if not (known or app.any_resource):
        raise SignInFailure(500011, f"The resource principal named {resource} was not found.")


def _access(asked: TokenRequest, subject: Subject, audience: str) -> str:
    """Only Graph's tokens live by the twin's clock: others are read by who knows real time."""
    issuer = issuer_of(asked.request, subject.tenant_id)
    now = asked.twin.entra.token_time() if audience == GRAPH else datetime.now(UTC)
    return asked.twin.entra.tokens.access(subject, audience, issuer, now)


def _plain_answer(access: str) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": access,
    }


def _by_code(asked: TokenRequest) -> dict[str, Any]:
    entra = asked.twin.entra
    code = entra.redeem(asked.need("code"), asked.app)
    if asked.need("redirect_uri") != code.redirect_uri:
        raise SignInFailure(500112)
    _check_verifier(code, asked.form.get("code_verifier"))
    person = _signed_in(asked, code.user_id)
    entra.barriers.stop_sign_in(person)
    _check_consent(asked, person, code.scopes)
    code.redeemed = True
    return _person_answer(asked, person, code.scopes, code.nonce)


def _check_consent(asked: TokenRequest, person: Person, names: frozenset[str]) -> None:
    """It may have been taken back since the code or the refresh token was made."""
    entra = asked.twin.entra
    missing = entra.missing(asked.app, person, tuple(sorted(names - OPENID)))
    if missing and not (names & entra.granted(asked.app, person)) - OPENID:
        raise SignInFailure(65001)


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None:
        return
    if not verifier:
        raise SignInFailure(50148, "A code_verifier is needed, as the code has a challenge.")
    digest = sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if code.challenge != (hashed if code.method == "S256" else verifier):
        raise SignInFailure(50148)


def _by_refresh_token(asked: TokenRequest) -> dict[str, Any]:
    token = asked.twin.entra.spend_refresh_token(asked.need("refresh_token"), asked.app)
    person = _signed_in(asked, token.user_id)
    wanted = scopes_of(asked.form.get("scope", ""))
    entra = asked.twin.entra
    entra.barriers.stop_refresh(person, token.issued, token.signed_in, asked.twin.clock.now())
    names = frozenset(wanted.names) if wanted.names else token.scopes
    if wanted.default or not wanted.names:
        _check_consent(asked, person, names)
    elif entra.missing(asked.app, person, tuple(sorted(names))):
        raise SignInFailure(65001)
    scopes = names | (token.scopes & OPENID)
    return _person_answer(asked, person, scopes, None, token.signed_in)


def _signed_in(asked: TokenRequest, user_id: str) -> Person:
    person = asked.twin.entra.person(user_id)
    if person is None:
        raise SignInFailure(50034)
    asked.twin.entra.check_person(person, asked.request.url.path)
    asked.twin.entra.check_app(asked.app, person)
    if asked.tenant is not None and asked.tenant.id != person.tenant_id:
        raise SignInFailure(700005)
    if asked.twin.entra.principal(asked.app, person.tenant_id) is None:
        raise SignInFailure(65001)
    return person


def _person_answer(
    asked: TokenRequest,
    person: Person,
    scopes: frozenset[str],
    nonce: str | None,
    signed_in: datetime | None = None,
) -> dict[str, Any]:
    """As in Entra the token holds all that is granted, also what was not asked for this time."""
    entra = asked.twin.entra
    granted = entra.granted(asked.app, person)
    effective = ((scopes & OPENID) | granted) - {"offline_access"}
    subject = entra.subject(asked.app, person, effective)
    answer = _plain_answer(_access(asked, subject, GRAPH))
    answer["scope"] = " ".join(sorted(effective))
    if "offline_access" in scopes:
        answer["refresh_token"] = entra.new_refresh_token(asked.app, person, scopes, signed_in)
    if "openid" in scopes:
        issuer = issuer_of(asked.request, person.tenant_id)
        answer["id_token"] = entra.tokens.identity(subject, issuer, datetime.now(UTC), nonce)
    if asked.form.get("client_info") == "1":
        answer["client_info"] = _client_info(person)
    return answer


def _client_info(person: Person) -> str:
    facts = json.dumps({"uid": person.id, "utid": person.tenant_id})
    return base64.urlsafe_b64encode(facts.encode()).decode().rstrip("=")
