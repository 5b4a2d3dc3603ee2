"""What administrators do about an app after its installation, and to people's sessions."""

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.entra.barriers import ACCESS, Rule

if TYPE_CHECKING:
    from local.twin.app import Twin

DECISIONS = {"approve": "approved", "deny": "denied", "block": "blocked"}


def consent_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "PATCH", "/grants", _change),
        route(twin, "POST", "/tenants/{tenant}/access", lambda ask: _access(ask, of_tenant=True)),
        route(twin, "POST", "/people/{person}/access", lambda ask: _access(ask, of_tenant=False)),
        route(twin, "POST", "/tenants/{tenant}/withheld", _withhold),
        route(twin, "DELETE", "/tenants/{tenant}", _delete_tenant),
        route(twin, "POST", "/people/{person}/reset-password", _reset_password),
        route(twin, "GET", "/admin-requests", _requests),
        route(twin, "POST", "/admin-requests/{id}", _decide),
    ]


def _change(ask: Ask) -> Any:
    """Exactly these scopes and roles from now on; tokens that are out keep what they say."""
    ask.only("tenant", "app", "user", "scopes", "roles", "enabled", "assignment_required",
             "assigned")  # fmt: skip
    tenant, body = ask.tenant(), ask.body
    app_id = str(body.get("app", CALBRIDGE_CLIENT_ID)).lower()
    found = ask.twin.entra.principals.get((app_id, tenant.id))
    if found is None:
        raise Mistake(f"the app is not installed in {tenant.domain}", 404)
    if "scopes" in body and "user" in body:
        found.user_scopes[ask.person(body["user"]).id] = set(body["scopes"])
    elif "scopes" in body:
        found.org_scopes = set(body["scopes"])
    found.roles = set(body["roles"]) if "roles" in body else found.roles
    found.enabled = bool(body.get("enabled", found.enabled))
    found.assignment_required = bool(body.get("assignment_required", found.assignment_required))
    if "assigned" in body:
        found.assigned = {ask.person(name).id for name in body["assigned"]}
    return found.to_json()


def _access(ask: Ask, *, of_tenant: bool) -> Any:
    ask.only("access", "hours")
    access = ask.need("access")
    if access not in ACCESS:
        raise Mistake(f"access is one of: {', '.join(ACCESS)}")
    key = ask.tenant(ask.path["tenant"]).id if of_tenant else ask.person().id
    since = ask.twin.clock.now().isoformat()
    ask.twin.entra.barriers.access[key] = Rule(access, since, float(ask.body.get("hours", 24)))
    return ask.twin.entra.barriers.to_json()["access"][key]


def _withhold(ask: Ask) -> Any:
    ask.only("permissions")
    tenant = ask.tenant(ask.path["tenant"])
    ask.twin.entra.barriers.withheld[tenant.id] = set(ask.need("permissions"))
    return {"permissions": sorted(ask.body["permissions"])}


def _delete_tenant(ask: Ask) -> None:
    """Entra answers AADSTS90002 from then on."""
    twin, tenant = ask.twin, ask.tenant(ask.path["tenant"])
    now = twin.clock.now()
    for subscription in twin.notifier.subscriptions.all(now):
        if subscription.tenant_id == tenant.id:
            twin.notifier.subscriptions.remove(subscription.id)
    for person in list(twin.world.people_of(tenant.id)):
        twin.world.remove_person(person.id)
    twin.entra.revoke_consent(tenant.id)
    del twin.world.tenants[tenant.id]


def _reset_password(ask: Ask) -> None:
    """By an administrator it ends the sessions, by the person it does not."""
    ask.only("by")
    by = ask.body.get("by", "admin")
    if by not in ("admin", "self"):
        raise Mistake("by is admin or self")
    if by == "admin":
        ask.twin.entra.revoke_sessions(ask.person().id)


def _requests(ask: Ask) -> Any:
    return {"value": [r.to_json() for r in ask.twin.entra.admin_requests]}


def _decide(ask: Ask) -> Any:
    """Approving grants what was asked for to the whole organisation."""
    ask.only("decision")
    decision, entra = ask.need("decision"), ask.twin.entra
    if decision not in DECISIONS:
        raise Mistake(f"decision is one of: {', '.join(DECISIONS)}")
    found = next((r for r in entra.admin_requests if r.id == ask.path["id"]), None)
    if found is None:
        raise Mistake(f"no request has the id {ask.path['id']!r}", 404)
    found.state = DECISIONS[decision]
    if decision == "approve":
        entra.grant_org(entra.apps[found.app_id], found.tenant_id, tuple(found.scopes))
    return found.to_json()
