"""Whom the host app knows, and by which addresses.

Table `people`, a tenant's partition: contact|id a person, address|hash|hash of the id the same
person once more for each of their addresses, so that who has an address is one query. Both hashed,
as everywhere addresses are: row keys are part of URLs, and URLs get logged.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from shared.calendar.digest import address_key
from shared.errors import Contended
from shared.store.account import Tables
from shared.store.agenda import Agenda
from shared.store.directory import TRIES
from shared.store.keys import by_claim, contact_keys, escape, hashed, next_contact
from shared.store.parallel import gathered
from shared.store.records import Contact
from shared.store.rows import record_of
from shared.store.table import Table, within
from shared.store.transaction import Group, Write, delete, packed, put, upsert


class People(Agenda):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._people = Table(tables, "people")

    async def contact(self, tenant: str, contact: str) -> Contact | None:
        return await self._people.read(Contact, escape(tenant), _contact(contact))

    async def contacts(self, tenant: str, after: str = "", limit: int = 100) -> list[Contact]:
        condition = within(escape(tenant), "contact|", escape(after))
        return [record_of(Contact, row) for row in await self._people.query(condition, limit)]

    async def contacts_at(
        self, tenant: str, addresses: Collection[str]
    ) -> dict[str, tuple[Contact, ...]]:
        wanted = sorted({address_key(address) for address in addresses})
        found = await gathered(self._at(tenant, address) for address in wanted)
        return {address: who for address, who in zip(wanted, found, strict=True) if who}

    async def _at(self, tenant: str, address: str) -> tuple[Contact, ...]:
        rows = await self._people.query(within(escape(tenant), f"address|{hashed(address)}|"))
        return by_claim(address, (replace(record_of(Contact, row), etag="") for row in rows))

    async def put_contacts(self, tenant: str, contacts: Sequence[Contact]) -> list[Contact]:
        kept: dict[str, Contact] = {}
        waiting = list(contacts)
        for _ in range(TRIES):
            kept |= await self._put_some(tenant, waiting)
            waiting = [contact for contact in waiting if contact.id not in kept]
            if not waiting:
                return [kept[contact.id] for contact in contacts]
        raise Contended(after=1, reason="people are changed faster than they are kept")

    async def _put_some(self, tenant: str, contacts: Sequence[Contact]) -> dict[str, Contact]:
        """Those that were kept; another writer was faster with the others."""
        olds = await gathered(self.contact(tenant, contact.id) for contact in contacts)
        pairs = [(o, next_contact(o, c)) for o, c in zip(olds, contacts, strict=True)]
        kept = {new.id: new for old, new in pairs if old == new}
        changed = {_contact(new.id): new for old, new in pairs if old != new}
        groups = (Group(_writes(escape(tenant), o, n)) for o, n in pairs if o != n)
        for batch in packed(groups):
            mine = [changed[group.writes[0].name] for group in batch]
            kept |= await self._committed(batch, mine)
        return kept

    async def _committed(
        self, batch: Sequence[Group], contacts: Sequence[Contact]
    ) -> dict[str, Contact]:
        try:
            etags = iter(
                await self._people.commit([write for one in batch for write in one.writes])
            )
        except Contended:
            return {}
        kept: dict[str, Contact] = {}
        for group, contact in zip(batch, contacts, strict=True):
            etag, *_ = [next(etags) for _ in group.writes]
            kept[contact.id] = replace(contact, etag=etag)
        return kept

    async def drop_contact(self, tenant: str, contact: str) -> bool:
        partition = escape(tenant)
        for _ in range(TRIES):
            old = await self.contact(tenant, contact)
            if old is None:
                return False
            gone = [delete(partition, name) for name in _address_names(old, contact_keys(old))]
            try:
                await self._people.commit([delete(partition, _contact(contact), old.etag), *gone])
            except Contended:
                continue
            return True
        raise Contended(after=1, reason="a person is changed faster than they can be dropped")


def _writes(partition: str, old: Contact | None, new: Contact) -> list[Write]:
    """The person's own row first."""
    keys = contact_keys(new)
    gone = contact_keys(old) - keys if old else ()
    return [
        put(new, partition, _contact(new.id)),
        *(upsert(new, partition, name) for name in _address_names(new, keys)),
        *(delete(partition, name) for name in _address_names(new, gone)),
    ]


def _contact(contact: str) -> str:
    return f"contact|{escape(contact)}"


def _address_names(contact: Contact, keys: Iterable[str]) -> list[str]:
    return [f"address|{hashed(key)}|{hashed(contact.id)}" for key in sorted(keys)]
