"""Finding tenants and people by whatever name a request uses for them."""

from collections.abc import Callable

from local.twin.world import Person, Tenant, World

ANY_TENANT = ("common", "organizations")
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""Where personal accounts are: the claim tid in Microsoft's reference of id token claims."""


class Directory:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def tenant(self, name: str) -> Tenant | None:
        """By id or domain, or as the personal accounts' common name."""
        tenants = self._world().tenants
        wanted = name.lower()
        if wanted in ("consumers", PERSONAL_TENANT):
            return self._personal()
        by_id = tenants.get(wanted)
        return by_id or next((t for t in tenants.values() if t.domain.lower() == wanted), None)

    def person(self, name: str, tenant_id: str | None = None) -> Person | None:
        """By id or any address, in one tenant or in all."""
        world = self._world()
        person = world.people.get(name.lower()) or world.find_address(name)
        return person if person and tenant_id in (None, person.tenant_id) else None

    def account(self, name: str, tenant_id: str | None) -> Person | None:
        """Who signs in with that address: in a tenant also as its guest, else at home."""
        wanted = name.strip().lower()
        if tenant_id is not None:
            there = self._world().people_of(tenant_id)
            if found := next((p for p in there if p.answers_to(wanted)), None):
                return found
        return self.person(wanted)

    def people(self, tenant_id: str | None, *, personal: bool = True) -> list[Person]:
        """Those who can sign in: rooms cannot, and guests only where they are guests."""
        return [
            p
            for p in self._world().people.values()
            if p.kind == "user"
            and tenant_id in (None, p.tenant_id)
            and (tenant_id or not p.is_guest)
            and (personal or p.tenant_id != PERSONAL_TENANT)
        ]

    def _personal(self) -> Tenant:
        """There is always one."""
        world = self._world()
        known = world.tenants.get(PERSONAL_TENANT)
        return known or world.create_tenant(PERSONAL_TENANT, "consumers", "Personal accounts")

    def names(self, name: str | None) -> frozenset[str]:
        """All names, lower case, of the person with this one; the name itself when unknown."""
        if name is None:
            return frozenset()
        person = self.person(name)
        return frozenset({name.lower(), *({person.id, *person.addresses} if person else ())})
