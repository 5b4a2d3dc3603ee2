"""Calendars by whatever their mailboxes are called: the id, an address of today or of before, or
one that only the directory knows yet.
"""

from contextlib import suppress

from shared.errors import Contended, Reconnect, TryAgain
from shared.graph.seen import Person
from shared.onboarding.connections import alive
from shared.services import Services
from shared.store.records import Calendar, CalendarKey, Connection, ConnectionKind, Tenant
from shared.sync.home import synced
from shared.sync.identity import is_told, names_held, renamed
from shared.sync.report import renamed_change


async def find_calendar(services: Services, tenant: Tenant, name: str) -> Calendar | None:
    """By its id, or by a name of its mailbox that is known here."""
    if found := await services.store.calendar(CalendarKey(tenant.id, name)):
        return found
    key = await services.store.calendar_at(tenant.id, name)
    return await services.store.calendar(key) if key else None


async def is_new_name(services: Services, tenant: Tenant, mailbox: str) -> bool:
    """Whether the directory knows it as that of a calendar, which is found by it from then on."""
    connection = await organisation_of(services, tenant)
    if connection is None or "@" not in mailbox:
        return False
    try:
        person = await services.graph.person(connection, mailbox)
    except (Reconnect, TryAgain):
        return False
    calendar = await synced(services.store, CalendarKey(tenant.id, person.user_id))
    if calendar is None:
        return False
    await _learn(services, calendar, person)
    return True


async def _learn(services: Services, was: Calendar, person: Person) -> None:
    """Told before it is stored. Whoever saves the row meanwhile is left to it."""
    now = services.clock()
    told = renamed(was, person, await names_held(services.store, was), now)
    if is_told(told, was):
        await services.store.log(was.key.tenant, [renamed_change(told, was, now)])
        await services.engine.announce(was.key.tenant)
    with suppress(Contended):
        await services.store.put_calendar(told)


async def organisation_of(services: Services, tenant: Tenant) -> Connection | None:
    for one in await services.store.connections(tenant.id, limit=1000):
        if one.kind is ConnectionKind.ORGANISATION and alive(one.state):
            return one
    return None


async def replaced_by(services: Services, key: CalendarKey, person: Person) -> set[CalendarKey]:
    """Other calendars under the person's names: their mailboxes are gone, or have new names."""
    store = services.store
    found = [await store.calendar_at(key.tenant, name) for name in person.aliases]
    others = {one for one in found if one is not None and one != key}
    return {one for one in others if await synced(store, one) is not None}
