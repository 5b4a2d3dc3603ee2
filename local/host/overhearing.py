"""What the app puts into queues with clients of its own: they run in our process.

The service it stands in for finds such a message at its next poll, after up to maxPollingInterval.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

# The queue's URL, and for how many seconds the message stays invisible.
Heard = Callable[[str, float], None]


@contextlib.contextmanager
def overhearing(heard: Heard) -> Iterator[None]:
    """Calls `heard`, in the loop that runs now, of each message that was sent."""
    from azure.storage.queue import QueueClient as PlainClient  # noqa: PLC0415 - slow
    from azure.storage.queue.aio import QueueClient  # noqa: PLC0415 - slow

    loop = asyncio.get_running_loop()

    def tell(client: Any, options: dict[str, Any]) -> None:
        # A function that outlives the drain finds the loop closed.
        with contextlib.suppress(RuntimeError):
            after = float(options.get("visibility_timeout") or 0)
            loop.call_soon_threadsafe(heard, client.url.partition("?")[0], after)

    plain, awaited = PlainClient.send_message, QueueClient.send_message
    PlainClient.send_message = _telling(plain, tell)
    QueueClient.send_message = _telling_later(awaited, tell)
    try:
        yield
    finally:
        PlainClient.send_message, QueueClient.send_message = plain, awaited


Tell = Callable[[Any, dict[str, Any]], None]


def _telling(send: Callable[..., Any], tell: Tell) -> Any:
    @functools.wraps(send)
    def sent(client: Any, *arguments: Any, **options: Any) -> Any:
        message = send(client, *arguments, **options)
        tell(client, options)
        return message

    return sent


def _telling_later(send: Callable[..., Any], tell: Tell) -> Any:
    @functools.wraps(send)
    async def sent(client: Any, *arguments: Any, **options: Any) -> Any:
        message = await send(client, *arguments, **options)
        tell(client, options)
        return message

    return sent
