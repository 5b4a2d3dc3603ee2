"""Long polling: looks at the store with growing pauses until there is something to tell."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

FIRST_PAUSE = 0.05
# Who has waited seconds already can wait a little longer; many who wait cost as much as the work.
LONGEST_PAUSE = 1.0

_Seen = TypeVar("_Seen")


async def seen_within(
    seconds: float, look: Callable[[], Awaitable[_Seen]], done: Callable[[_Seen], bool]
) -> _Seen:
    """The first that is done, or what was there when the time was up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = FIRST_PAUSE
    seen = await look()
    while not done(seen) and loop.time() < deadline:
        await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
        pause = min(pause * 1.5, LONGEST_PAUSE)
        seen = await look()
    return seen
