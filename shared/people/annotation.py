"""What is told of attendees besides what Outlook says: who they are to the host app.

Put on where documents leave for the host app, never kept with the appointment: who is known
changes without any appointment changing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from shared.calendar.digest import address_key
from shared.people.matching import NOBODY, Match, matched
from shared.store.records import Change
from shared.store.store import Store

Json = dict[str, Any]
ATTENDEES = "attendees"
CAME_OR_WENT = frozenset({"attendees_added", "attendees_removed"})


async def annotated_changes(store: Store, tenant: str, changes: Sequence[Change]) -> list[Change]:
    """Only `data` differs: a change stays the same change. One look for all of them."""
    told = await annotated(store, tenant, [change.data for change in changes])
    return [replace(one, data=data) for one, data in zip(changes, told, strict=True)]


async def annotated(store: Store, tenant: str, documents: Sequence[Json]) -> list[Json]:
    """Every attendee in them, at any depth, says who it is."""
    addresses = {address for document in documents for address in addresses_in(document)}
    if not addresses:
        return list(documents)
    known = await matched(store, tenant, addresses)
    return [cast("Json", with_people(document, known)) for document in documents]


def addresses_in(value: Any, within: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        document = cast("Json", value)
        if _names_somebody(document, within):
            yield document["address"]
        for name, inner in document.items():
            yield from addresses_in(inner, name)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from addresses_in(item, within)


def with_people(
    value: Any,
    known: Mapping[str, Match],
    within: str = "",
    more: Mapping[str, Json] = MappingProxyType({}),
) -> Any:
    """A copy; `known` is by `address_key`, and so is what `more` there is to say of attendees."""
    if isinstance(value, list):
        return [with_people(item, known, within, more) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    document = cast("Json", value)
    copy = {name: with_people(inner, known, name, more) for name, inner in document.items()}
    if not _names_somebody(document, within):
        return copy
    key = address_key(document["address"])
    match = known.get(key, NOBODY)
    person = person_named(match)
    if within in CAME_OR_WENT:
        return {**copy, "known": person is not None, "person": person}
    return {**copy, "person": person, "external": match.external, **more.get(key, {})}


def person_named(match: Match) -> Json | None:
    person = match.person
    return {"id": person.id, "kind": person.kind} if person else None


def _names_somebody(document: Json, within: str) -> bool:
    is_list_of_people = within == ATTENDEES or within in CAME_OR_WENT
    return is_list_of_people and isinstance(document.get("address"), str)
