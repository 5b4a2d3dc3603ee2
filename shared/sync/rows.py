"""A calendar's row, changed by who does not hold its lease."""

from collections.abc import Callable
from contextlib import suppress

from shared.errors import Contended
from shared.store.records import Calendar, CalendarKey
from shared.store.store import Store

TRIES = 5


async def change_row(
    store: Store, key: CalendarKey, change: Callable[[Calendar], Calendar]
) -> None:
    """Nothing is stored where the calendar is gone, or `change` gives it back as it was."""
    for _ in range(TRIES):
        calendar = await store.calendar(key)
        if calendar is None or (told := change(calendar)) is calendar:
            return
        with suppress(Contended):
            await store.put_calendar(told)
            return
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")
