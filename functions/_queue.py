"""One of the two places that catch our errors (`_http` is the other)."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func
from opentelemetry.trace import SpanKind

from functions._trace import in_host_trace
from shared.errors import TryAgain
from shared.observe import content_free, correlated, note
from shared.services import services
from shared.telemetry import span

LONGEST = 600.0

Trigger = Callable[[func.QueueMessage], Awaitable[None]]


def on_message(blueprint: func.Blueprint, queue: str) -> Callable[[Trigger], Any]:
    """A queue trigger whose parameter is named `message`."""
    bound = blueprint.queue_trigger(  # pyright: ignore[reportUnknownMemberType] - its kwargs
        "message", queue, "AzureWebJobsStorage"
    )
    return lambda work: bound(in_host_trace(work))


async def worked(queue: str, message: str, work: Awaitable[None]) -> None:
    """Done, or a new message for later. Anything else escapes: the host repeats it, then moves
    it to the poison queue.
    """
    with correlated(message), content_free(), span(queue, kind=SpanKind.CONSUMER, queue=queue):
        try:
            await work
        except TryAgain as error:
            after = spread(error.after)
            note("queue.again", queue=queue, after=round(after, 1), reason=type(error).__name__)
            await services().queues.send(queue, message, after)


def spread(after: float) -> float:
    """Up to a tenth more, at least up to a second, so that what failed together does not come
    back together.
    """
    wanted = min(max(after, 0.0), LONGEST)
    jitter = random.uniform(0, max(1.0, wanted / 10))  # noqa: S311 - spreads load, no secret
    return min(wanted + jitter, LONGEST)
