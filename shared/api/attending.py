"""Documents as the API answers with them: each attendee says who it is to the host app, and in
which state the connection of their calendar is.

The log says the latter nowhere: it would cost a look at mailboxes for each change, and be out of
date when it is read; of a connection that breaks the log tells by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.people.annotation import addresses_in, with_people
from shared.people.matching import Match, matched, untagged
from shared.store.parallel import gathered
from shared.store.records import Calendar, Connection
from shared.store.store import Store
from shared.sync.standing import shown

Json = dict[str, Any]
STATE = "connection_state"


async def with_attendees(store: Store, tenant: str, documents: Sequence[Json]) -> list[Json]:
    """One look for all of them, whoever comes up how often."""
    addresses = {address for document in documents for address in addresses_in(document)}
    if not addresses:
        return list(documents)
    known = await matched(store, tenant, addresses)
    names = {key: _names(key, match) for key, match in known.items()}
    mailboxes = await _mailboxes(store, tenant, {one for each in names.values() for one in each})
    more = {key: {STATE: mailboxes.state(each)} for key, each in names.items()}
    return [cast("Json", with_people(document, known, more=more)) for document in documents]


def _names(key: str, match: Match) -> tuple[str, ...]:
    """Where the attendee's mailbox is looked for: by the address, then by the person's others."""
    others = (address.lower() for address in (match.person.addresses if match.person else ()))
    return tuple(dict.fromkeys((key, untagged(key), *others)))


@dataclass(frozen=True, slots=True)
class _Mailboxes:
    by_name: Mapping[str, Calendar]
    grants: Mapping[str, Connection]

    def state(self, names: Iterable[str]) -> str | None:
        """None where no mailbox of theirs is connected."""
        for name in names:
            if calendar := self.by_name.get(name):
                return shown(calendar, self.grants.get(calendar.connection)).state.value
        return None


async def _mailboxes(store: Store, tenant: str, names: set[str]) -> _Mailboxes:
    ordered = sorted(names)
    keys = await gathered(store.calendar_at(tenant, name) for name in ordered)
    found = {str(key): key for key in keys if key}
    read = await gathered(store.calendar(key) for key in found.values())
    rows = {row.key: row for row in read if row}
    by_name = {
        name: rows[key]
        for name, key in zip(ordered, keys, strict=True)
        if key is not None and key in rows
    }
    needed = sorted({row.connection for row in by_name.values()})
    grants = await gathered(store.connection(tenant, one) for one in needed)
    return _Mailboxes(by_name, {one.id: one for one in grants if one})
