"""Several reads at a time, but not all at once."""

import asyncio
from collections.abc import Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
AT_ONCE = 16  # a page of 50 events in four round trips, without crowding the connection pool


async def gathered(reads: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order. Of failures the first is raised, once its whole lot has ended."""
    waiting = iter(reads)
    results: list[T] = []
    while lot := list(islice(waiting, AT_ONCE)):
        for result in await asyncio.gather(*lot, return_exceptions=True):
            if isinstance(result, BaseException):
                for unused in waiting:
                    unused.close()
                raise result
            results.append(result)
    return results
