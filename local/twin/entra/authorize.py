"""The authorize endpoint: account picker, consent, code; and sign-out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from local.twin.directory import PERSONAL_TENANT
from local.twin.entra.apps import AdminRequest, App
from local.twin.entra.errors import SignInFailure
from local.twin.entra.pages import page, problem_page
from local.twin.entra.permissions import OPENID, scopes_of, words
from local.twin.entra.state import Code, Entra
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin

COOKIE = "twin_session"
PROMPTS = ("", "none", "login", "consent", "select_account")
MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class SignIn:
    """An authorize request whose client and redirect URI are known to be good."""

    request: Request
    twin: "Twin"
    app: App
    tenant: Tenant | None
    redirect_uri: str
    scopes: tuple[str, ...]
    mode: str

    @property
    def entra(self) -> Entra:
        return self.twin.entra

    def param(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    @property
    def accepts_personal(self) -> bool:
        return self.request.path_params["tenant"].lower() in ("common", "consumers")

    @property
    def here(self) -> str:
        """Pages post to where they came from, so the request stays in the query."""
        return f"{self.request.url.path}?{self.request.url.query}"


def authorize_routes(twin: "Twin") -> list[Route]:
    async def authorize(request: Request) -> Response:
        form = await request.form() if request.method == "POST" else FormData()
        try:
            asked = _sign_in(twin, request)
        except SignInFailure as failure:
            return problem_page(failure, twin.clock.now())
        try:
            return _step(asked, form)
        except SignInFailure as failure:
            if _stays(asked, failure):
                return problem_page(failure, twin.clock.now())
            return _refused(asked, failure)

    async def logout(request: Request) -> Response:
        target = request.query_params.get("post_logout_redirect_uri")
        known = any(app.redirects_to(target or "") for app in twin.entra.apps.values())
        back = RedirectResponse(target, 302) if target and known else None
        response = back or page("signed-out.html", {})
        response.delete_cookie(COOKIE)
        return response

    path = "/{tenant}/oauth2/v2.0"
    return [
        Route(f"{path}/authorize", authorize, methods=["GET", "POST"]),
        Route(f"{path}/logout", logout, methods=["GET", "POST"]),
    ]


def _stays(asked: SignIn, failure: SignInFailure) -> bool:
    """On Entra's page: the app never hears of it."""
    if asked.param("prompt") == "none":
        return False
    if failure.returns is not None:
        return not failure.returns
    return failure.number in ON_PAGE and not asked.twin.switches.sign_in_problems_return


# Where Entra stops the person on a page of its own instead of going back to the app.
ON_PAGE = frozenset(
    {50020, 50034, 50057, 50076, 50079, 50105, 53000, 53003, 90002, 500200, 700016, 7000112}
)


def _sign_in(twin: "Twin", request: Request) -> SignIn:
    query = request.query_params
    tenant = twin.entra.tenant(request.path_params["tenant"])
    if not query.get("client_id"):
        raise SignInFailure(90014, "The required field 'client_id' is missing from the request.")
    app = twin.entra.app(query["client_id"])
    redirect = query.get("redirect_uri", "")
    if not app.redirects_to(redirect):
        raise SignInFailure(
            50011,
            f"The redirect URI '{redirect}' specified in the request does not match the redirect "
            f"URIs configured for the application '{app.client_id}'.",
        )
    scopes = scopes_of(query.get("scope", ""))
    configured = app.delegated if scopes.default else []
    names = tuple(dict.fromkeys((*scopes.names, *configured)))
    mode = query.get("response_mode", "query")
    return SignIn(request, twin, app, tenant, redirect, names, mode)


def _check(asked: SignIn) -> None:
    if asked.mode not in MODES:
        raise SignInFailure(90014, "response_mode is query, fragment or form_post.")
    if asked.param("response_type") != "code":
        raise SignInFailure(
            70002, "response_type must be 'code'.", error="unsupported_response_type"
        )
    if not asked.scopes:
        raise SignInFailure(90014, "The required field 'scope' is missing from the request.")
    if asked.param("prompt") not in PROMPTS:
        raise SignInFailure(90014, "The prompt value is not supported.")
    if unknown := scopes_of(asked.param("scope")).unknown:
        raise SignInFailure(
            650053,
            f"The application '{asked.app.name}' asked for scope '{unknown[0]}' that doesn't "
            "exist on the resource '00000003-0000-0000-c000-000000000000'.",
        )


def _step(asked: SignIn, form: FormData) -> Response:
    _check(asked)
    if asked.param("prompt") == "none":
        return _silent(asked)
    account = str(form.get("account") or "") or _hinted(asked)
    if not account:
        return _picker(asked)
    person = asked.twin.directory.account(account, asked.tenant and asked.tenant.id)
    if person is None or not person.signs_in:
        return _picker(asked, f"We couldn't find an account with the address {account}.")
    _check_account(asked, person)
    return _consented(asked, person, form)


def _hinted(asked: SignIn) -> str:
    prompt = asked.param("prompt")
    return asked.param("login_hint") if prompt != "select_account" else ""


def _check_account(asked: SignIn, person: Person) -> None:
    if asked.tenant is None and person.tenant_id == PERSONAL_TENANT:
        _check_personal(asked, person)
    if asked.tenant is not None and person.tenant_id != asked.tenant.id:
        raise SignInFailure(
            50020, f"User account '{person.upn}' does not exist in tenant '{asked.tenant.name}'."
        )
    if not asked.app.multitenant and person.tenant_id != asked.app.tenant_id:
        raise SignInFailure(700016)
    asked.entra.check_person(person, asked.request.url.path)
    asked.entra.check_app(asked.app, person)
    asked.entra.barriers.stop_sign_in(person)


def _check_personal(asked: SignIn, person: Person) -> None:
    """Below `organizations` they are strangers, below `common` the app's audience decides."""
    if not asked.accepts_personal:
        raise SignInFailure(
            500200, f"User account '{person.mail}' is a personal Microsoft account."
        )
    if not asked.app.personal_accounts:
        raise SignInFailure(700016, "The client does not exist or is not enabled for consumers.")


def _silent(asked: SignIn) -> Response:
    signed_in = [
        p for i in asked.request.cookies.get(COOKIE, "").split(".") if (p := asked.entra.person(i))
    ]
    hint = asked.param("login_hint").lower()
    fitting = [p for p in signed_in if not hint or hint in p.addresses]
    if not fitting:
        raise SignInFailure(50058)
    if len(fitting) > 1:
        raise SignInFailure(16000)
    _check_account(asked, fitting[0])
    if asked.entra.missing(asked.app, fitting[0], asked.scopes):
        raise SignInFailure(65001, error="consent_required")
    return _granted(asked, fitting[0])


def _picker(asked: SignIn, problem: str | None = None) -> Response:
    domain = asked.twin.directory.tenant(asked.param("domain_hint"))
    tenant = asked.tenant or domain
    people = asked.twin.directory.people(
        tenant.id if tenant else None, personal=asked.accepts_personal
    )
    return page(
        "picker.html",
        {
            "action": asked.here,
            "app": asked.app,
            "people": sorted(people, key=lambda p: p.display_name),
            "problem": problem,
            "hint": asked.param("login_hint"),
        },
    )


def _consented(asked: SignIn, person: Person, form: FormData) -> Response:
    decision = str(form.get("decision") or "")
    if decision == "cancel":
        raise SignInFailure(65004)
    missing = _missing(asked, person)
    if asked.entra.needs_admin(person, [m for m in missing if m not in OPENID]):
        return _ask_an_admin(asked, person, form)
    if decision == "accept":
        _grant(asked, person, whole_organization=bool(form.get("consent_org")))
        return _granted(asked, person)
    if missing or asked.param("prompt") == "consent":
        return _consent_page(asked, person)
    return _granted(asked, person)


def _missing(asked: SignIn, person: Person) -> list[str]:
    """Who asks for .default is content with what was granted before, if it is anything."""
    default = scopes_of(asked.param("scope")).default
    if default and asked.entra.granted(asked.app, person) - OPENID:
        return []
    return asked.entra.missing(asked.app, person, asked.scopes)


def _grant(asked: SignIn, person: Person, *, whole_organization: bool) -> None:
    if whole_organization and person.may_agree_for_all:
        asked.entra.grant_org(asked.app, person.tenant_id, asked.scopes)
    else:
        asked.entra.grant_user(asked.app, person, asked.scopes)


def _consent_page(asked: SignIn, person: Person) -> Response:
    return page(
        "consent.html",
        {
            "action": asked.here,
            "app": asked.app,
            "person": person,
            "permissions": [words(n, application=False) for n in asked.scopes if n != "openid"],
            "organization": False,
            "may_consent_for_all": person.may_agree_for_all,
        },
    )


def _ask_an_admin(asked: SignIn, person: Person, form: FormData) -> Response:
    workflow = asked.entra.policy(person.tenant_id) == "admin_workflow"
    failure = SignInFailure(90095 if workflow else 90094)
    justification = str(form.get("justification") or "").strip()
    if form.get("decision") == "return":
        raise failure
    if workflow and justification:
        asked.entra.admin_requests.append(
            AdminRequest(
                asked.twin.clock.now(),
                person.tenant_id,
                asked.app.client_id,
                person.id,
                justification,
                list(asked.scopes),
            )
        )
    facts = {
        "action": asked.here,
        "app": asked.app,
        "person": person,
        "permissions": [words(n, application=False) for n in asked.scopes if n != "openid"],
        "workflow": workflow,
        "sent": bool(workflow and justification),
        "failure": failure,
    }
    return page("need-admin.html", facts)


def _granted(asked: SignIn, person: Person) -> Response:
    code = asked.entra.new_code(
        Code(
            app_id=asked.app.client_id,
            user_id=person.id,
            redirect_uri=asked.redirect_uri,
            scopes=frozenset(asked.scopes),
            issued=asked.twin.clock.now(),
            challenge=asked.param("code_challenge") or None,
            method=asked.param("code_challenge_method") or "plain",
            nonce=asked.param("nonce") or None,
        )
    )
    response = _back(asked, {"code": code, "session_state": str(uuid4())})
    known = [i for i in asked.request.cookies.get(COOKIE, "").split(".") if i and i != person.id]
    response.set_cookie(COOKIE, ".".join([*known, person.id]), httponly=True, samesite="lax")
    return response


def _refused(asked: SignIn, failure: SignInFailure) -> Response:
    body = failure.body(asked.twin.clock.now(), None)
    return _back(asked, {k: body[k] for k in ("error", "error_description", "error_uri")})


def _back(asked: SignIn, facts: dict[str, str]) -> Response:
    if state := asked.param("state"):
        facts = {**facts, "state": state}
    if asked.mode == "form_post":
        return page("form-post.html", {"target": asked.redirect_uri, "facts": facts})
    mark = "#" if asked.mode == "fragment" else "&" if "?" in asked.redirect_uri else "?"
    return RedirectResponse(f"{asked.redirect_uri}{mark}{urlencode(facts)}", 302)
