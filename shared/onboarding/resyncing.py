"""Reading a calendar from the beginning of its window, because somebody asks for it."""

from dataclasses import replace

from shared.errors import Contended, Problem, Refused
from shared.services import Services
from shared.store.records import Calendar, CalendarKey

TRIES = 5


async def resync(services: Services, key: CalendarKey) -> Calendar:
    """The row goes first: a mark without it would be one more ordinary round."""
    for _ in range(TRIES):
        found = await services.store.calendar(key)
        if found is None:
            raise Refused(Problem("calendar-unknown"))
        try:
            kept = await services.store.put_calendar(replace(found, delta_link=""))
        except Contended:
            continue
        await services.wake.dirty(key, services.clock())
        return kept
    raise Contended(after=1, reason="the calendar's row is changed again and again")
