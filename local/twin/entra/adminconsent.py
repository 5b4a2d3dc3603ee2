"""Admin consent, in its older (v1) and newer (v2) form."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from local.twin.directory import PERSONAL_TENANT
from local.twin.entra.apps import App
from local.twin.entra.errors import SignInFailure
from local.twin.entra.pages import page, problem_page
from local.twin.entra.permissions import Scopes, scopes_of, words
from local.twin.entra.tokens import GRAPH
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin


@dataclass(frozen=True)
class Wanted:
    request: Request
    twin: "Twin"
    app: App
    tenant: Tenant | None
    redirect_uri: str
    scopes: Scopes
    newer: bool

    @property
    def everything(self) -> bool:
        return self.scopes.default or not self.newer

    @property
    def delegated(self) -> list[str]:
        return list(self.app.delegated) if self.everything else list(self.scopes.names)

    @property
    def roles(self) -> list[str]:
        return self.app.roles if self.everything else []


def adminconsent_routes(twin: "Twin") -> list[Route]:
    async def older(request: Request) -> Response:
        return await _answer(twin, request, newer=False)

    async def newer(request: Request) -> Response:
        return await _answer(twin, request, newer=True)

    methods = ["GET", "POST"]
    return [
        Route("/{tenant}/v2.0/adminconsent", newer, methods=methods),
        Route("/{tenant}/adminconsent", older, methods=methods),
    ]


async def _answer(twin: "Twin", request: Request, *, newer: bool) -> Response:
    form = await request.form() if request.method == "POST" else FormData()
    try:
        return _played(_wanted(twin, request, newer=newer), form)
    except SignInFailure as failure:
        return problem_page(failure, twin.clock.now())


def _played(wanted: Wanted, form: FormData) -> Response:
    """What a fault or the switch brings back to the app goes there, the rest stays on a page."""
    try:
        return _step(wanted, form)
    except SignInFailure as failure:
        by_switch = wanted.twin.switches.sign_in_problems_return
        if not (by_switch if failure.returns is None else failure.returns):
            raise
        body = failure.body(wanted.twin.clock.now(), None)
        return _back(wanted, {name: body[name] for name in ("error", "error_description")})


def _wanted(twin: "Twin", request: Request, *, newer: bool) -> Wanted:
    query, name = request.query_params, request.path_params["tenant"]
    if newer and name.lower() == "common":
        raise SignInFailure(90002, "Admin consent v2 takes a tenant or 'organizations'.")
    tenant = twin.entra.tenant(name)
    for field in ("client_id", "redirect_uri", *(("scope",) if newer else ())):
        if not query.get(field):
            raise SignInFailure(90014, f"The required field '{field}' is missing.")
    app = twin.entra.app(query["client_id"])
    redirect = query["redirect_uri"]
    if not app.redirects_to(redirect):
        raise SignInFailure(50011, f"The redirect URI '{redirect}' is not registered for the app.")
    scopes = scopes_of(query.get("scope", ""))
    if scopes.unknown:
        raise SignInFailure(650053, f"There is no scope '{scopes.unknown[0]}' on the resource.")
    return Wanted(request, twin, app, tenant, redirect, scopes, newer)


def _step(wanted: Wanted, form: FormData) -> Response:
    account = str(form.get("account") or "").strip()
    if not account:
        return _picker(wanted)
    person = wanted.twin.directory.account(account, wanted.tenant and wanted.tenant.id)
    if person is None or person.kind != "user":
        return _picker(wanted, f"We couldn't find an account with the address {account}.")
    if wanted.tenant is not None and person.tenant_id != wanted.tenant.id:
        raise SignInFailure(50020, f"User account '{person.upn}' does not exist in the tenant.")
    if person.tenant_id == PERSONAL_TENANT:
        raise SignInFailure(
            500200, f"User account '{person.mail}' is a personal Microsoft account."
        )
    wanted.twin.entra.check_person(person, wanted.request.url.path)
    wanted.twin.entra.check_app(wanted.app, person)
    wanted.twin.entra.barriers.stop_sign_in(person)
    if form.get("decision") in ("cancel", "return"):
        return _declined(wanted)
    if not person.may_agree_for_all:
        return _not_an_admin(wanted, person)
    if form.get("decision") == "accept":
        return _accepted(wanted, person)
    return _consent_page(wanted, person)


def _picker(wanted: Wanted, problem: str | None = None) -> Response:
    people = wanted.twin.directory.people(
        wanted.tenant.id if wanted.tenant else None, personal=False
    )
    facts = {
        "action": _here(wanted),
        "app": wanted.app,
        "people": sorted(people, key=lambda p: (not p.is_admin, p.display_name)),
        "problem": problem,
        "hint": "",
    }
    return page("picker.html", facts)


def _consent_page(wanted: Wanted, person: Person) -> Response:
    permissions = [words(n, application=True) for n in wanted.roles]
    permissions += [words(n, application=False) for n in wanted.delegated]
    facts = {
        "action": _here(wanted),
        "app": wanted.app,
        "person": person,
        "permissions": list(dict.fromkeys(permissions)),
        "organization": True,
        "may_consent_for_all": False,
    }
    return page("consent.html", facts)


def _not_an_admin(wanted: Wanted, person: Person) -> Response:
    facts = {
        "action": _here(wanted),
        "app": wanted.app,
        "person": person,
        "permissions": [words(n, application=True) for n in wanted.roles],
        "workflow": False,
        "sent": False,
        "failure": SignInFailure(90094),
    }
    return page("need-admin.html", facts)


def _accepted(wanted: Wanted, person: Person) -> Response:
    entra, tenant_id = wanted.twin.entra, person.tenant_id
    if wanted.everything:
        entra.grant_all_configured(wanted.app, tenant_id)
    else:
        entra.grant_org(wanted.app, tenant_id, wanted.scopes.names)
    facts = {"admin_consent": "True", "tenant": tenant_id}
    if wanted.newer:
        kept = entra.barriers.kept(tenant_id, frozenset([*wanted.roles, *wanted.delegated]))
        names = [n for n in dict.fromkeys([*wanted.roles, *wanted.delegated]) if n in kept]
        facts["scope"] = " ".join(f"{GRAPH}/{name}" for name in names)
    return _back(wanted, facts)


def _declined(wanted: Wanted) -> Response:
    if not wanted.newer:
        text = "The admin canceled the request"
        return _back(wanted, {"error": "permission_denied", "error_description": text})
    failure = SignInFailure(65004, error="consent_required")
    body = failure.body(wanted.twin.clock.now(), None)
    description = body["error_description"]
    facts = {"error": "consent_required", "error_description": description}
    return _back(wanted, {**facts, "admin_consent": "True"})


def _back(wanted: Wanted, facts: dict[str, str]) -> Response:
    if state := wanted.request.query_params.get("state"):
        facts = {**facts, "state": state}
    mark = "&" if "?" in wanted.redirect_uri else "?"
    return RedirectResponse(f"{wanted.redirect_uri}{mark}{urlencode(facts)}", 302)


def _here(wanted: Wanted) -> str:
    return f"{wanted.request.url.path}?{wanted.request.url.query}"
