"""Whether any calendar of a connection that ends has not ended yet.

Each of a thousand workers asks this once. Were each to read all calendars it would be a million
reads: so each looks at a few behind its own, and only if those have ended at all, in an order of
its own, until it finds one. Whoever ends last finds none.
"""

from collections.abc import Sequence
from zlib import crc32

from shared.store.parallel import gathered
from shared.store.records import CalendarKey, State
from shared.store.store import Store

NEAR = 4
AT_ONCE = 16


async def is_last(store: Store, key: CalendarKey, connection: str) -> bool:
    near = await store.calendar_keys(key.tenant, connection, key.calendar, NEAR)
    for one in near:
        if not await _all_ended(store, [one]):
            return False
    every = await store.calendar_keys(key.tenant, connection)
    every.sort(key=lambda one: crc32(f"{key}|{one}".encode()))
    for start in range(0, len(every), AT_ONCE):
        if not await _all_ended(store, every[start : start + AT_ONCE]):
            return False
    return True


async def _all_ended(store: Store, keys: Sequence[CalendarKey]) -> bool:
    found = await gathered(store.calendar(key) for key in keys)
    return all(one is None or one.state is State.DISCONNECTED for one in found)
