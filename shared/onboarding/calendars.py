"""Puts a mailbox's calendar under sync; its worker does the rest, silently the first time."""

from dataclasses import replace
from typing import Any

from shared.custody.reach import least, reach_of
from shared.errors import Problem, Reconnect, Refused
from shared.graph.seen import Person
from shared.onboarding.connections import alive
from shared.onboarding.mailboxes import check_named
from shared.onboarding.naming import organisation_of, replaced_by
from shared.onboarding.providers import check_provider
from shared.services import Services
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    Reach,
    State,
    Tenant,
)
from shared.sync.identity import names_held, renamed

# A calendar in one of these needs no mending; one that is paused stays so.
STANDING = frozenset({State.PROVISIONING, State.ACTIVE, State.DEGRADED, State.PAUSED})


async def connect_mailbox(
    services: Services, tenant: Tenant, mailbox: str, time_zone: str = ""
) -> Calendar:
    """Under the organisation's grant. Raises Refused when there is no such mailbox."""
    connection = await organisation(services, tenant)
    try:
        person = await services.graph.person(connection, mailbox)
    except Reconnect as error:
        raise Refused(Problem(error.cause, pointer="/mailbox")) from error
    await check_named(services, connection, person)
    return await connect_calendar(services, tenant, connection, person, time_zone)


async def connect_calendar(
    services: Services,
    tenant: Tenant,
    connection: Connection,
    person: Person,
    time_zone: str = "",
    shared: Reach = Reach.READ_WRITE,
    *,
    dry: bool = False,
) -> Calendar:
    """A calendar is named by its owner's Entra object id. Connecting it again mends it.

    `time_zone` is the owner's as the host app knows it, "" where it does not. `shared` is how
    far its owner lets an account that acts for others. A `dry` one writes and tells nothing; one
    that is in sync already stays so. Raises Refused where the connection reaches no calendar.
    """
    if not person.address:
        raise Refused(Problem("mailbox-identity-missing", pointer="/mailbox"))
    old = await check_free(services, connection, person)
    reach = _reach(connection, shared)
    key = CalendarKey(tenant.id, person.user_id)
    now = services.clock()
    dry = dry and not (old and alive(old.state) and not old.dry)
    lifted: dict[str, Any] = (
        {} if dry or not (old and old.dry) else {"connected": now, "rehearsed": {}}
    )
    if old and old.state is State.PROVISIONING:
        # Whoever began it may have died before it could wake a worker.
        await services.wake.dirty(key, now)
    if old and old.state in STANDING and (old.reach, old.dry) == (reach, dry):
        return await _in_zone(services, old, time_zone)
    await services.wake.remember(key, now)
    replaced = await replaced_by(services, key, person)
    known = old or _fresh(services, key, connection, person)
    held = await names_held(services.store, known) if old else []
    kept = await services.store.put_calendar(
        replace(
            renamed(known, person, held, now),
            connection=connection.id,
            state=State.PROVISIONING,
            cause="",
            since=now,
            reach=reach,
            shared=shared,
            receipt="",
            dry=dry,
            **lifted,
            **_zone(time_zone),
        )
    )
    for one in (key, *replaced):
        await services.wake.dirty(one, now)
    return kept


def _reach(connection: Connection, shared: Reach) -> Reach:
    reach = least(reach_of(connection), shared)
    if reach is Reach.ROOMS:
        raise Refused(Problem("reach-too-narrow", pointer="/mailbox"))
    return reach


def _zone(time_zone: str) -> dict[str, Any]:
    return {"time_zone": time_zone, "zone_given": True} if time_zone else {}


async def _in_zone(services: Services, calendar: Calendar, time_zone: str) -> Calendar:
    if time_zone in {"", calendar.time_zone} and (calendar.zone_given or not time_zone):
        return calendar
    return await services.store.put_calendar(replace(calendar, **_zone(time_zone)))


async def check_free(
    services: Services, connection: Connection, person: Person
) -> Calendar | None:
    """The calendar as it is. Raises Refused while another connection or provider syncs it."""
    tenant = await services.store.tenant(connection.tenant)
    if tenant is not None:
        await check_provider(services.store, tenant, (person.address, *person.aliases))
    old = await services.store.calendar(CalendarKey(connection.tenant, person.user_id))
    if old and alive(old.state) and old.connection != connection.id:
        raise Refused(Problem("mailbox-already-connected", pointer="/mailbox"))
    return old


def _fresh(
    services: Services, key: CalendarKey, connection: Connection, person: Person
) -> Calendar:
    return Calendar(
        key=key,
        connection=connection.id,
        user_id=person.user_id,
        address=person.address,
        state=State.PROVISIONING,
        since=services.clock(),
        connected=services.clock(),
        interval=services.settings.poll_seconds,
    )


async def organisation(services: Services, tenant: Tenant) -> Connection:
    if found := await organisation_of(services, tenant):
        return found
    raise Refused(Problem("organisation-not-connected"))
