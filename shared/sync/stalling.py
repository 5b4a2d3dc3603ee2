"""A calendar whose work is kept waiting: by Microsoft, which a worker hears, or by something that
keeps every worker from it, which shows only in how old its work is.
"""

from contextlib import suppress
from datetime import datetime

from shared.errors import Throttled, TryAgain
from shared.store.records import Calendar, CalendarKey, State
from shared.store.store import Store
from shared.sync.sharing import LOWERED
from shared.sync.shift import Shift
from shared.sync.standing import Standing, is_stalled
from shared.sync.transitions import move_calendar

BEHIND = "calendar-behind"
AT_EASE = frozenset({State.ACTIVE, State.DEGRADED})


async def stalled(shift: Shift, busy: TryAgain) -> bool:
    """Whether there is something to tell; the next good round ends it."""
    with suppress(TryAgain):
        since = await waiting_since(shift.store, shift.key)
        if _is_at_ease(shift.calendar) and is_stalled(since, shift.clock()):
            cause = "throttled" if isinstance(busy, Throttled) else "microsoft-unavailable"
            await move_calendar(shift, Standing(State.DEGRADED, cause))
            return True
    return False


def _is_at_ease(calendar: Calendar) -> bool:
    """What waits for a person to share the calendar does not wait for Microsoft."""
    return calendar.state in AT_EASE and calendar.cause != LOWERED


async def fell_behind(shift: Shift) -> None:
    """Tells of a calendar that nobody is at. A round is asked for, which ends it. What is in
    trouble already has a better word for it.
    """
    if shift.rests or shift.calendar.state is not State.ACTIVE:
        return
    now = shift.clock()
    if is_stalled(await waiting_since(shift.store, shift.key), now):
        await shift.wake.dirty(shift.key, now)
        await move_calendar(shift, Standing(State.DEGRADED, BEHIND))


async def waiting_since(store: Store, key: CalendarKey) -> datetime | None:
    """How old the oldest work is that could be done now."""
    mark = await store.marked(key)
    waiting = await store.pendings(key, limit=1)
    begins = [one.accepted for one in waiting if one.not_before is None]
    return min([*begins, *([mark.since] if mark else [])], default=None)
