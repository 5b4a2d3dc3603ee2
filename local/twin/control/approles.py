"""What Exchange's administrators give an app: roles with a scope."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.approles import ROLES, AppRole
from local.twin.control.answers import Ask, Mistake, route
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID

if TYPE_CHECKING:
    from local.twin.app import Twin


def approle_routes(twin: "Twin") -> list[Route]:
    path = "/tenants/{tenant}/app-roles"
    return [
        route(twin, "GET", path, _list),
        route(twin, "POST", path, _give),
        route(twin, "DELETE", f"{path}/{{id}}", _take),
    ]


def _list(ask: Ask) -> Any:
    tenant = ask.tenant(ask.path["tenant"])
    roles = ask.twin.world.app_roles.all.values()
    return {"value": [asdict(role) for role in roles if role.tenant_id == tenant.id]}


def _give(ask: Ask) -> Any:
    """The app becomes known to the tenant, with nothing granted in Entra."""
    ask.only("app", "role", "group", "people")
    tenant, role = ask.tenant(ask.path["tenant"]), ask.need("role")
    if role not in ROLES:
        raise Mistake(f"role is one of: {', '.join(ROLES)}")
    app = ask.twin.entra.apps.get(str(ask.body.get("app", CALBRIDGE_CLIENT_ID)).lower())
    if app is None:
        raise Mistake(f"no app has the client id {ask.body['app']!r}", 404)
    ask.twin.entra.install(app, tenant.id)
    people = tuple(ask.person(name).id for name in ask.body.get("people", ()))
    since = ask.twin.clock.now().isoformat()
    given = AppRole(app.client_id, tenant.id, role, since, _group(ask, tenant.id), people)
    return asdict(ask.twin.world.app_roles.add(given))


def _group(ask: Ask, tenant_id: str) -> str | None:
    name = ask.body.get("group")
    found = ask.twin.world.roster.group(str(name), tenant_id) if name else None
    if name and found is None:
        raise Mistake(f"the tenant has no group {name!r}", 404)
    return found.id if found else None


def _take(ask: Ask) -> None:
    if ask.twin.world.app_roles.all.pop(ask.path["id"], None) is None:
        raise Mistake(f"no role has the id {ask.path['id']!r}", 404)
