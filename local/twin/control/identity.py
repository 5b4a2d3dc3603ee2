"""App registrations, grants and sessions."""

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID, App, app_from_json

if TYPE_CHECKING:
    from local.twin.app import Twin


def identity_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", "/apps", _apps),
        route(twin, "POST", "/apps", _register),
        route(twin, "PATCH", "/apps/{app}", _patch),
        route(twin, "DELETE", "/apps/{app}", _unregister),
        route(twin, "GET", "/grants", _grants),
        route(twin, "POST", "/grants", _grant),
        route(twin, "POST", "/grants/revoke", _revoke),
        route(twin, "POST", "/people/{person}/revoke-sessions", _revoke_sessions),
    ]


def _app(ask: Ask, client_id: str) -> App:
    found = ask.twin.entra.apps.get(client_id.lower())
    if found is None:
        raise Mistake(f"no app has the client id {client_id!r}", 404)
    return found


def _apps(ask: Ask) -> Any:
    return {"value": [a.to_json() for a in ask.twin.entra.apps.values()]}


def _register(ask: Ask) -> Any:
    app = app_from_json({**ask.body, "client_id": str(ask.need("client_id")).lower()})
    ask.twin.entra.apps[app.client_id] = app
    return app.to_json()


def _patch(ask: Ask) -> Any:
    current = _app(ask, ask.path["app"])
    if "client_id" in ask.body:
        raise Mistake("the client_id of an app does not change")
    changed = app_from_json({**current.to_json(), **ask.body})
    ask.twin.entra.apps[current.client_id] = changed
    return changed.to_json()


def _unregister(ask: Ask) -> None:
    del ask.twin.entra.apps[_app(ask, ask.path["app"]).client_id]


def _grants(ask: Ask) -> Any:
    return {"value": [p.to_json() for p in ask.twin.entra.principals.values()]}


def _grant(ask: Ask) -> Any:
    """As an administrator: everything configured, or the scopes and roles that are named."""
    ask.only("tenant", "app", "scopes", "roles")
    tenant = ask.tenant()
    app = _app(ask, ask.body.get("app", CALBRIDGE_CLIENT_ID))
    entra = ask.twin.entra
    if "scopes" not in ask.body and "roles" not in ask.body:
        entra.grant_all_configured(app, tenant.id)
    if scopes := ask.body.get("scopes"):
        entra.grant_org(app, tenant.id, tuple(scopes))
    principal = entra.install(app, tenant.id)
    principal.roles.update(ask.body.get("roles", []))
    return principal.to_json()


def _revoke(ask: Ask) -> Any:
    """Consent of one person, or of all of the tenant: then the app is gone from it."""
    ask.only("tenant", "app", "user")
    tenant = ask.tenant()
    user = ask.person(ask.body["user"]).id if "user" in ask.body else None
    app_id = _app(ask, ask.body["app"]).client_id if "app" in ask.body else None
    return {"revoked": ask.twin.entra.revoke_consent(tenant.id, app_id, user)}


def _revoke_sessions(ask: Ask) -> None:
    ask.twin.entra.revoke_sessions(ask.person().id)
