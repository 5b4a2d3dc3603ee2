"""The next occurrences of series that are written singly come due without anybody's doing.

A calendar's row says when to look next. A round looks, and leaves word at each series of which
something is due; the poll sees to it that there is a round in time.
"""

from dataclasses import replace
from datetime import datetime

from shared.errors import Contended
from shared.store.records import Link
from shared.sync.occurrences import next_due
from shared.sync.shift import Shift

ATTEMPTS = 5


async def remind(shift: Shift, link: Link) -> None:
    """Before a series has all that is due, so that what comes due next is never forgotten."""
    at = next_due(link, shift.policy_for(link), shift.clock())
    known = shift.calendar.occurrences_due
    if at is not None and (known is None or at < known):
        await look_at(shift, at)


async def look_at(shift: Shift, at: datetime | None) -> None:
    """None: there is nothing to look at."""
    for _ in range(ATTEMPTS):
        if at == shift.calendar.occurrences_due:
            return None
        try:
            return await shift.save(replace(shift.calendar, occurrences_due=at))
        except Contended:
            await shift.look_again()
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")
