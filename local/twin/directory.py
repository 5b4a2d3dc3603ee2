"""Finding tenants and people by whatever name a request uses for them."""

from collections.abc import Callable

from local.twin.world import Person, Tenant, World

ANY_TENANT = ("common", "organizations")


class Directory:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def tenant(self, name: str) -> Tenant | None:
        """By id or domain."""
        tenants = self._world().tenants
        wanted = name.lower()
        by_id = tenants.get(wanted)
        return by_id or next((t for t in tenants.values() if t.domain.lower() == wanted), None)

    def person(self, name: str, tenant_id: str | None = None) -> Person | None:
        """By id or any address, in one tenant or in all."""
        world = self._world()
        person = world.people.get(name.lower()) or world.find_address(name)
        return person if person and tenant_id in (None, person.tenant_id) else None

    def people(self, tenant_id: str | None) -> list[Person]:
        """Those who can sign in: rooms cannot."""
        everyone = self._world().people.values()
        return [p for p in everyone if p.kind == "user" and tenant_id in (None, p.tenant_id)]

    def names(self, name: str | None) -> frozenset[str]:
        """All names, lower case, of the person with this one; the name itself when unknown."""
        if name is None:
            return frozenset()
        person = self.person(name)
        return frozenset({name.lower(), *({person.id, *person.addresses} if person else ())})
