"""How far the app goes in a calendar: as far as the grant was asked to and let, and no further
than its owner shares it. What changes about a grant shows in its next token.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.custody.reach import calendars_in, falls_short, least, reach_of
from shared.errors import Problem, Reconnect, Refused
from shared.policy.document import Document
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    Due,
    DueKind,
    Reach,
    State,
)
from shared.store.store import Store
from shared.sync.home import is_usable
from shared.sync.shift import Shift
from shared.sync.standing import ENDING, Standing, standing_of
from shared.sync.transitions import move_connection

SHORT = "scopes-missing"
READ_ONLY = Problem(
    "calendar-read-only", "The grant for this calendar lets nothing be written to it.", "/mailbox"
)
WITH_EVENTS = frozenset({Reach.READ, Reach.READ_WRITE})
# Nothing is read of a calendar that is there for its free and busy times; this often it is
# looked at whether they can still be asked for.
LOOK = timedelta(days=1)


def check_writable(calendar: Calendar) -> None:
    """Raises Refused."""
    if calendar.reach is not Reach.READ_WRITE:
        raise Refused(READ_ONLY)


async def writable(store: Store, key: CalendarKey) -> bool:
    calendar = await store.calendar(key)
    return calendar is not None and is_usable(calendar) and calendar.reach is Reach.READ_WRITE


async def with_reach(store: Store, calendar: Calendar, connection: Connection) -> Calendar:
    """As the connection is now. Raises Contended."""
    reach = least(reach_of(connection), calendar.shared)
    if calendar.reach is reach:
        return calendar
    return await store.put_calendar(replace(calendar, reach=reach))


def document_for(policy: Mapping[str, Any], calendar: Calendar) -> Document:
    """The tenant's policy, where nothing can be written with nothing written to Outlook."""
    document = Document.from_json(policy)
    return document if calendar.reach is Reach.READ_WRITE else document.muted()


async def look_at_times(shift: Shift) -> None:
    """Raises Reconnect when free and busy times cannot be asked for."""
    now = shift.clock()
    span = now, now + timedelta(hours=1)
    if not await shift.mailbox.free_busy(shift.calendar.address, span):
        raise Reconnect("mailbox-missing")
    due = now + LOOK
    await shift.store.remind(Due(DueKind.POLL, due, str(shift.key)))
    await shift.save(replace(shift.calendar, poll_due=due))


async def keep_granted(shift: Shift, granted: tuple[str, ...]) -> None:
    """What the token in use is good for, where that is not what was known. Told where it is less
    than was asked for, or no longer is. Raises Contended.
    """
    if not granted or granted == shift.connection.granted:
        return
    was = await shift.store.connection(shift.key.tenant, shift.connection.id)
    if was is None or was.granted == granted or was.state in ENDING:
        return
    # Told before it is kept: who dies in between looks and tells again.
    await move_connection(shift, _judged(was, replace(was, granted=granted)))
    found = await shift.store.connection(shift.key.tenant, was.id) or was
    told = replace(found, granted=granted)
    shift.connection = await shift.store.put_connection(told)
    if reach_of(told) is not reach_of(was):
        await shift.wake.dirty(shift.key, shift.clock())


def _judged(was: Connection, now: Connection) -> Standing:
    """Where an organisation's calendars are gone from its token Exchange may have given them by
    roles of its own: the next round shows that, and mends this.
    """
    if calendars_in(was.granted) and not calendars_in(now.granted) and not now.scoped:
        return Standing(State.ACTION_REQUIRED, SHORT)
    if falls_short(now):
        return Standing(State.DEGRADED, SHORT)
    return Standing(State.ACTIVE) if now.cause == SHORT else standing_of(now)
