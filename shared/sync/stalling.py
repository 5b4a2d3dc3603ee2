"""A calendar whose work Microsoft keeps waiting."""

from contextlib import suppress
from datetime import datetime

from shared.errors import Throttled, TryAgain
from shared.store.records import State
from shared.sync.shift import Shift
from shared.sync.standing import Standing, is_stalled
from shared.sync.transitions import move_calendar

AT_EASE = frozenset({State.ACTIVE, State.DEGRADED})


async def stalled(shift: Shift, busy: TryAgain) -> bool:
    """Whether there is something to tell; the next good round ends it."""
    with suppress(TryAgain):
        since = await _waiting_since(shift)
        if shift.calendar.state in AT_EASE and is_stalled(since, shift.clock()):
            cause = "throttled" if isinstance(busy, Throttled) else "microsoft-unavailable"
            await move_calendar(shift, Standing(State.DEGRADED, cause))
            return True
    return False


async def _waiting_since(shift: Shift) -> datetime | None:
    mark = await shift.store.marked(shift.key)
    waiting = await shift.store.pendings(shift.key, limit=1)
    begins = [one.accepted for one in waiting if one.not_before is None]
    return min([*begins, *([mark.since] if mark else [])], default=None)
