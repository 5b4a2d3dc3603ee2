"""What notifications named, and whether it asks for a round."""

from shared.store.records import Mark, State
from shared.sync.round import unknown
from shared.sync.shift import Shift
from shared.sync.stalling import AT_EASE
from shared.sync.wake import ROUND

# A mark keeps no more; what came after is only known to a round.
MOST = 50
LAG = 60
LONGEST_SILENCE = 3600


def only_adds(shift: Shift, mark: Mark) -> bool:
    """Notifications of a held calendar: the held round will show what they name."""
    held = shift.calendar.held
    told = shift.calendar.state is State.ACTION_REQUIRED
    return told and held is not None and held.ruling is None and ROUND not in mark.hints


async def is_echo(shift: Shift, mark: Mark) -> bool:
    """All the notifications named is what we settled already."""
    if ROUND in mark.hints or len(mark.hints) >= MOST:
        return False
    if shift.calendar.state not in AT_EASE:
        return False
    return not await unknown(shift, dict(mark.hints))


def silence_after(shift: Shift, mark: Mark, settled: int, least: int) -> tuple[int, int]:
    """The calendar's interval, and the seconds until a round is due. Silence is suspicious, and
    less so the longer polling has found nothing. So is a notification of what the round did not
    show: delta may lag behind it.
    """
    interval = least
    if ROUND in mark.hints and not settled and shift.calendar.subscription:
        interval = min(shift.calendar.interval * 2, LONGEST_SILENCE)
    wait = max(interval, least)
    if ROUND not in mark.hints and not settled:
        wait = min(wait, LAG)
    return interval, wait
