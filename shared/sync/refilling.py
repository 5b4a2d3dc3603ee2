"""What was missed while a connection was broken: named and counted once it is caught up."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import Contended
from shared.store.records import (
    Calendar,
    CalendarKey,
    Change,
    Connection,
    Due,
    DueKind,
    State,
)
from shared.store.store import Store

REFILLED = "calbridge.connection.refilled"
BROKEN = frozenset({State.ACTION_REQUIRED, State.DISCONNECTED})
AT_REST = frozenset({State.PAUSED, State.DISCONNECTING, State.DISCONNECTED})
SOON = timedelta(minutes=1)
# A calendar that has not been read by then has a state of its own that says why.
PATIENCE = timedelta(hours=1)
PAGE = 1000


async def begin_refill(store: Store, was: Connection | None, mended: Connection) -> Connection:
    """To be stored by the caller: with the span that was missed, if there was one."""
    if was is None or was.state not in BROKEN or mended.state is not State.ACTIVE:
        return mended
    calendars = await store.calendars(was.tenant, was.id)
    rounds = [one.last_round for one in calendars if one.last_round]
    now = mended.since
    await store.remind(Due(DueKind.REFILL, now + SOON, f"{was.tenant}~{was.id}"))
    missed = min(rounds, default=was.since)
    return replace(mended, missed=missed, mended=now, logged=await store.head(was.tenant))


async def end_refill(store: Store, name: str, now: datetime) -> bool:
    """Whether there is nothing left to wait for. `name` is `tenant~connection`."""
    key = CalendarKey.parse(name)
    connection = await store.connection(key.tenant, key.calendar)
    if connection is None or connection.missed is None or connection.mended is None:
        return True
    calendars = await store.calendars(connection.tenant, connection.id)
    waits = any(not _caught_up(one, connection.mended) for one in calendars)
    if waits and now - connection.mended < PATIENCE:
        return False
    await store.log(connection.tenant, [await _told(store, connection, calendars)])
    with suppress(Contended):
        await store.put_connection(replace(connection, missed=None, mended=None, logged=0))
        return True
    return False


def _caught_up(calendar: Calendar, mended: datetime) -> bool:
    if calendar.state in AT_REST:
        return True
    return calendar.last_round is not None and calendar.last_round > mended


async def _told(store: Store, connection: Connection, calendars: list[Calendar]) -> Change:
    """Named by when it was mended, so that it is told once."""
    at = connection.mended or connection.since
    data = {
        "connection": connection.id,
        "from": connection.missed.isoformat() if connection.missed else "",
        "to": at.isoformat(),
        "calendars": len(calendars),
        "changes": await _changes(store, connection, {one.key.calendar for one in calendars}),
    }
    identity = f"{connection.id}.refilled.{at.isoformat()}"
    return Change(identity, REFILLED, connection.id, at, data)


async def _changes(store: Store, connection: Connection, calendars: set[str]) -> int:
    """Appointments that changed in Outlook, told since it was mended."""
    after, count = connection.logged, 0
    while found := await store.changes(connection.tenant, after, PAGE):
        after = found[-1].number
        count += sum(
            one.type.startswith("calbridge.appointment.") and one.data.get("calendar") in calendars
            for one in found
        )
    return count
