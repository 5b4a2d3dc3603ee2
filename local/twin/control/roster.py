"""Groups, and accounts that are deleted and brought back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.roster import Group

if TYPE_CHECKING:
    from local.twin.app import Twin

KINDS = ("security", "mail_security", "microsoft365", "distribution")


def roster_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", "/groups", _groups),
        route(twin, "POST", "/groups", _create),
        route(twin, "PATCH", "/groups/{group}", _patch),
        route(twin, "DELETE", "/groups/{group}", _delete),
        route(twin, "POST", "/people/{person}/soft-delete", _soft_delete),
        route(twin, "POST", "/people/{person}/restore", _restore),
        route(twin, "POST", "/tenants/{tenant}/expire-delta-tokens", _expire),
    ]


def _groups(ask: Ask) -> Any:
    return {"value": [asdict(g) for g in ask.twin.world.roster.groups.values()]}


def _create(ask: Ask) -> Any:
    ask.only("tenant", "name", "mail", "kind", "members")
    tenant, name = ask.tenant(), str(ask.need("name"))
    if ask.twin.world.roster.group(name, tenant.id):
        raise Mistake(f"the group {name!r} exists already", 409)
    group = ask.twin.world.roster.create_group(tenant.id, name)
    _set(ask, group)
    return asdict(group)


def _patch(ask: Ask) -> Any:
    ask.only("name", "mail", "kind", "members")
    group = _named(ask)
    _set(ask, group)
    return asdict(group)


def _set(ask: Ask, group: Group) -> None:
    """`members` are people and groups of the tenant, by id, address or name."""
    body = ask.body
    if body.get("kind", "security") not in KINDS:
        raise Mistake(f"kind is one of: {', '.join(KINDS)}")
    members = [_member(ask, group, name) for name in body.get("members", ())]
    group.name, group.mail = body.get("name", group.name), body.get("mail", group.mail)
    group.kind = body.get("kind", group.kind)
    group.members = members if "members" in body else group.members


def _member(ask: Ask, group: Group, name: str) -> str:
    nested = ask.twin.world.roster.group(name, group.tenant_id)
    person = ask.twin.directory.account(name, group.tenant_id)
    found = nested or person
    if found is None or found.tenant_id != group.tenant_id:
        raise Mistake(f"the tenant has no person and no group {name!r}", 404)
    return found.id


def _named(ask: Ask) -> Group:
    wanted = ask.path["group"]
    found = ask.twin.world.roster.group(wanted)
    if found is None:
        raise Mistake(f"no group has the id, name or mail {wanted!r}", 404)
    return found


def _delete(ask: Ask) -> None:
    del ask.twin.world.roster.groups[_named(ask).id]


def _soft_delete(ask: Ask) -> None:
    """To the recycle bin: the directory no longer finds the person, sessions are over."""
    person = ask.person()
    ask.twin.entra.revoke_sessions(person.id)
    ask.twin.world.soft_delete(person.id)


def _restore(ask: Ask) -> Any:
    found = ask.deleted()
    if found is None:
        raise Mistake(f"nobody deleted has the address or id {ask.path['person']!r}", 404)
    ask.twin.world.restore(found.id)
    return asdict(found)


def _expire(ask: Ask) -> None:
    """Of users/delta, for all apps in the tenant."""
    generations = ask.twin.world.roster.generations
    tenant = ask.tenant(ask.path["tenant"])
    generations[tenant.id] = generations.get(tenant.id, 0) + 1
