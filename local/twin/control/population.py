"""Tenants, people and rooms."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.routing import Route

from local.twin.control.answers import Ask, Mistake, route
from local.twin.crowd import populate
from local.twin.world import Person, Tenant

if TYPE_CHECKING:
    from local.twin.app import Twin

MOST = 100_000
PERSON_FIELDS = (
    "display_name",
    "mail",
    "aliases",
    "kind",
    "capacity",
    "building",
    "enabled",
    "licensed",
    "other_licence",
    "mailbox",
    "apps_blocked",
    "teams",
    "is_admin",
    "time_zone",
    "upn",
    "user_type",
    "home_tenant",
    "other_mails",
    "purpose",
    "directory_roles",
)
CREATED = (  # what World.create_person takes; the others are set afterwards
    "id",
    "display_name",
    "mail",
    "aliases",
    "kind",
    "capacity",
    "building",
    "enabled",
    "licensed",
    "mailbox",
    "is_admin",
    "time_zone",
)
CHOICES = {
    "kind": ("user", "room", "shared", "equipment"),
    "user_type": ("Member", "Guest"),
    "purpose": (None, "user", "linked", "shared", "room", "equipment", "others", "unknown"),
    "mailbox": ("cloud", "none", "onprem", "inactive", "soft_deleted", "moving"),
    "consent_policy": ("users_may", "admins_only", "admin_workflow"),
}


def population_routes(twin: "Twin") -> list[Route]:
    return [
        route(twin, "GET", "/tenants", _tenants),
        route(twin, "POST", "/tenants", _create_tenant),
        route(twin, "PATCH", "/tenants/{tenant}", _patch_tenant),
        route(twin, "GET", "/people", _people),
        route(twin, "POST", "/people", _create_person),
        route(twin, "GET", "/people/{person}", lambda ask: _shown(ask.person())),
        route(twin, "PATCH", "/people/{person}", _patch_person),
        route(twin, "DELETE", "/people/{person}", _delete_person),
        route(twin, "POST", "/people/{person}/expire-delta-tokens", _expire_delta_tokens),
        route(twin, "POST", "/expire-delta-tokens", _expire_all_delta_tokens),
        route(twin, "POST", "/population", _crowd),
        route(twin, "GET", "/rooms", lambda ask: _people(ask, "room")),
        route(twin, "POST", "/rooms", _create_room),
    ]


def _check_choices(values: dict[str, Any]) -> None:
    for name, choices in CHOICES.items():
        if name in values and values[name] not in choices:
            raise Mistake(f"{name} is one of: {', '.join(choices)}")


def _tenant_shown(ask: Ask, tenant: Tenant) -> dict[str, Any]:
    return {**asdict(tenant), "consent_policy": ask.twin.entra.policy(tenant.id)}


def _tenants(ask: Ask) -> Any:
    return {"value": [_tenant_shown(ask, t) for t in ask.twin.world.tenants.values()]}


def _create_tenant(ask: Ask) -> Any:
    ask.only("id", "domain", "name", "consent_policy")
    _check_choices(ask.body)
    domain = str(ask.need("domain"))
    tenant_id = str(ask.body.get("id") or uuid4()).lower()
    if ask.twin.directory.tenant(tenant_id) or ask.twin.directory.tenant(domain):
        raise Mistake(f"the tenant {domain!r} exists already", 409)
    tenant = ask.twin.world.create_tenant(tenant_id, domain, ask.body.get("name", domain))
    _set_policy(ask, tenant)
    return _tenant_shown(ask, tenant)


def _patch_tenant(ask: Ask) -> Any:
    ask.only("name", "consent_policy")
    _check_choices(ask.body)
    tenant = ask.tenant(ask.path["tenant"])
    tenant.name = ask.body.get("name", tenant.name)
    _set_policy(ask, tenant)
    return _tenant_shown(ask, tenant)


def _set_policy(ask: Ask, tenant: Tenant) -> None:
    if "consent_policy" in ask.body:
        ask.twin.entra.policies[tenant.id] = ask.body["consent_policy"]


def _shown(person: Person) -> dict[str, Any]:
    return asdict(person)


def _people(ask: Ask, kind: str | None = None) -> Any:
    tenant = ask.tenant(ask.query["tenant"]) if "tenant" in ask.query else None
    wanted = kind or ask.query.get("kind")
    return {
        "value": [
            _shown(p)
            for p in ask.twin.world.people.values()
            if wanted in (None, p.kind) and (tenant is None or p.tenant_id == tenant.id)
        ]
    }


def _create_person(ask: Ask) -> Any:
    ask.only("tenant", "id", *PERSON_FIELDS)
    _check_choices(ask.body)
    address = str(ask.need("upn"))
    facts = _invited(ask, address) if ask.body.get("user_type") == "Guest" else dict(ask.body)
    upn = facts.pop("upn")
    _check_free(ask, upn)
    options = {k: v for k, v in facts.items() if k in CREATED}
    name = options.pop("display_name", address.partition("@")[0])
    person = ask.twin.world.create_person(ask.tenant().id, upn, name, **options)
    later = {k: v for k, v in facts.items() if k not in (*CREATED, "tenant")}
    _set_fields(person, later)
    return _shown(person)


def _invited(ask: Ask, address: str) -> dict[str, Any]:
    """A guest's UPN holds the address of home; there is no mailbox."""
    home = ask.body.get("home_tenant")
    known = ask.twin.directory.tenant(str(home)) if home else None
    upn = f"{address.replace('@', '_')}#EXT#@{ask.tenant().domain}"
    return {
        "mail": address,
        "licensed": False,
        "mailbox": "none",
        **ask.body,
        "upn": address if "#ext#" in address.lower() else upn,
        "home_tenant": known.id if known else home,
    }


def _crowd(ask: Ask) -> Any:
    """Many people at once, with events that are made when somebody first looks."""
    ask.only("tenant", "people", "events", "prefix", "start")
    start = date.fromisoformat(str(ask.body.get("start", ask.twin.clock.now().date())))
    count, events = ask.need("people"), ask.body.get("events", 0)
    if not all(isinstance(n, int) and 0 <= n <= MOST for n in (count, events)):
        raise Mistake(f"people and events are whole numbers up to {MOST}")
    prefix = str(ask.body.get("prefix", "p"))
    made = populate(ask.twin.world, ask.tenant(), prefix, count, events, start)
    return {"people": made}


def _create_room(ask: Ask) -> Any:
    ask.only("tenant", "mail", "display_name", "capacity", "building")
    mail = str(ask.need("mail"))
    _check_free(ask, mail)
    room = ask.twin.world.create_room(
        ask.tenant().id,
        mail,
        ask.body.get("display_name", mail.partition("@")[0]),
        capacity=ask.body.get("capacity"),
        building=ask.body.get("building"),
    )
    return _shown(room)


def _check_free(ask: Ask, address: str) -> None:
    if ask.twin.directory.person(address):
        raise Mistake(f"the address {address!r} is taken", 409)


def _patch_person(ask: Ask) -> Any:
    """The id stays when UPN or mail become others, as in Entra."""
    ask.only(*PERSON_FIELDS)
    _check_choices(ask.body)
    person = ask.person()
    if "upn" in ask.body and str(ask.body["upn"]).lower() != person.upn.lower():
        _check_free(ask, str(ask.body["upn"]))
    _set_fields(person, ask.body)
    ask.twin.world.touch()
    return _shown(person)


def _set_fields(person: Person, values: dict[str, Any]) -> None:
    for name, value in values.items():
        _check_type(person, name, value)
        setattr(person, name, value)


def _delete_person(ask: Ask) -> None:
    """For good, also from the recycle bin: mailbox, subscriptions and sessions go too."""
    person = ask.deleted() or ask.person()
    subscriptions = ask.twin.notifier.subscriptions
    for subscription in subscriptions.of_mailbox(person.id, ask.twin.clock.now()):
        subscriptions.remove(subscription.id)
    ask.twin.entra.revoke_sessions(person.id)
    ask.twin.world.remove_person(person.id)


def _check_type(person: Person, name: str, value: Any) -> None:
    current = getattr(person, name)
    if isinstance(current, bool | list | str) and not isinstance(value, type(current)):
        raise Mistake(f"{name} takes a value of type {type(current).__name__}")


def _expire_delta_tokens(ask: Ask) -> None:
    ask.twin.world.mailboxes[ask.person().id].generation += 1


def _expire_all_delta_tokens(ask: Ask) -> None:
    for mailbox in ask.twin.world.mailboxes.values():
        mailbox.generation += 1
