"""Who an address belongs to, as far as the host app and its connected mailboxes know.

In this order: a person with this very address; the person of the connected mailbox that has it as
an alias; both again for the address without what follows a plus sign (RFC 5233).
"""

from collections.abc import Collection
from dataclasses import dataclass

from shared.calendar.digest import address_key
from shared.store.keys import by_claim, mailbox_names
from shared.store.parallel import gathered
from shared.store.records import Contact
from shared.store.store import Store

EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Match:
    """`people` are all who have the address, the one it counts for first; `connected`: it is that
    of a mailbox synced for the tenant.
    """

    people: tuple[Contact, ...] = ()
    connected: bool = False

    @property
    def person(self) -> Contact | None:
        return self.people[0] if self.people else None

    @property
    def external(self) -> bool:
        """Nobody of the organisation's: unknown, or known as somebody from outside."""
        if self.person is None:
            return not self.connected
        return self.person.kind == EXTERNAL


NOBODY = Match()


async def matched(store: Store, tenant: str, addresses: Collection[str]) -> dict[str, Match]:
    """By `address_key`; every address asked for has its match."""
    keys = sorted({address_key(address) for address in addresses})
    plain = {key: untagged(key) for key in keys}
    found = await store.contacts_at(tenant, {*keys, *plain.values()})
    rest = [key for key in keys if key not in found]
    mailboxes = await gathered(_mailbox(store, tenant, key, plain[key]) for key in rest)
    by_mailbox = dict(zip(rest, mailboxes, strict=True))
    return {
        key: Match(found[key]) if key in found else _of(by_mailbox[key], found.get(plain[key], ()))
        for key in keys
    }


def _of(mailbox: tuple[Match, bool], untagged_people: tuple[Contact, ...]) -> Match:
    """A mailbox that has the very address counts before people who have the untagged one."""
    match, exact = mailbox
    if match.people and exact:
        return match
    return Match(untagged_people, match.connected) if untagged_people else match


async def _mailbox(store: Store, tenant: str, key: str, plain: str) -> tuple[Match, bool]:
    """The connected mailbox with this address, or with the untagged one (then False)."""
    for address in dict.fromkeys((key, plain)):
        calendar = await store.calendar_at(tenant, address)
        row = await store.calendar(calendar) if calendar else None
        if row is not None:
            found = await store.contacts_at(tenant, mailbox_names(row))
            everyone = {one.id: one for people in found.values() for one in people}
            first = by_claim(address_key(row.address), everyone.values())
            return Match(first, connected=True), address == key
    return NOBODY, False


def untagged(address: str) -> str:
    """`ada+x@contoso.example` is read by ada@contoso.example."""
    local, at, domain = address.rpartition("@")
    plain = local.partition("+")[0]
    return f"{plain}{at}{domain}" if plain else address
