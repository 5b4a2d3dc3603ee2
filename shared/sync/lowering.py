"""A calendar that an account could write to, and by now may only read: rounds go on, and what is
to be written waits until its owner shares it as before.
"""

from shared.errors import Reconnect, TryAgain
from shared.store.records import State
from shared.sync.outbound import push_all
from shared.sync.sharing import LOWERED
from shared.sync.shift import Shift
from shared.sync.stalling import AT_EASE
from shared.sync.standing import Standing, after_round
from shared.sync.transitions import move_calendar

READ_ONLY = Standing(State.DEGRADED, LOWERED)


async def push_or_wait(shift: Shift) -> TryAgain | None:
    """As `push_all`; nothing is tried where Graph says that it would be denied."""
    if await _waits(shift):
        return None
    try:
        return await push_all(shift)
    except Reconnect as reconnect:
        if reconnect.cause != LOWERED:
            raise
    shift.shut = True
    if shift.calendar.state in AT_EASE:
        await move_calendar(shift, READ_ONLY)
    else:
        # What it was in before is for a round to end, which then says this.
        await shift.wake.dirty(shift.key, shift.clock())
    return None


async def _waits(shift: Shift) -> bool:
    """Asked once a shift. Raises Reconnect where not even reading is left."""
    if shift.calendar.cause == LOWERED and not shift.shut:
        shift.shut = not (await shift.mailbox.default_calendar()).can_edit
        if not shift.shut:
            await move_calendar(shift, Standing(State.ACTIVE))
    return shift.shut


def follows(shift: Shift) -> Standing:
    """From a round that went through."""
    if shift.shut:
        return READ_ONLY
    return after_round(shift.calendar, shift.connection, shift.clock())
