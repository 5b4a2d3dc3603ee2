"""The part of `memory.MemoryStore` that knows whom the host app knows."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.calendar.digest import address_key
from shared.store.keys import by_claim, contact_keys, escape, next_contact
from shared.store.memory_directory import MemoryDirectory
from shared.store.records import Contact


class MemoryPeople(MemoryDirectory):
    def __init__(self) -> None:
        super().__init__()
        self._contacts: dict[tuple[str, str], Contact] = {}

    async def put_contacts(self, tenant: str, contacts: Sequence[Contact]) -> list[Contact]:
        for wanted in contacts:
            old = self._contacts.get((tenant, wanted.id))
            new = next_contact(old, wanted)
            if new != old:
                self._contacts[tenant, wanted.id] = replace(new, etag=self._etag())
        return [self._contacts[tenant, contact.id] for contact in contacts]

    async def contact(self, tenant: str, contact: str) -> Contact | None:
        return self._contacts.get((tenant, contact))

    async def contacts(self, tenant: str, after: str = "", limit: int = 100) -> list[Contact]:
        mine = sorted(self._of_tenant(tenant), key=lambda contact: escape(contact.id))
        return [contact for contact in mine if escape(contact.id) > escape(after)][:limit]

    async def contacts_at(
        self, tenant: str, addresses: Collection[str]
    ) -> dict[str, tuple[Contact, ...]]:
        mine = [replace(contact, etag="") for contact in self._of_tenant(tenant)]
        found = {
            key: by_claim(key, [contact for contact in mine if key in contact_keys(contact)])
            for key in sorted({address_key(address) for address in addresses})
        }
        return {key: contacts for key, contacts in found.items() if contacts}

    async def drop_contact(self, tenant: str, contact: str) -> bool:
        return self._contacts.pop((tenant, contact), None) is not None

    def _of_tenant(self, tenant: str) -> list[Contact]:
        return [contact for (owner, _), contact in self._contacts.items() if owner == tenant]
