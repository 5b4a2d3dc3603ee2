"""What a function does belongs to the trace in which the host called it.

The runtime would see to that itself, but only while it also stops the host from taking the app's
logs; so the host's trace is taken from the context that each function gets.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import azure.functions as func

from shared.telemetry import within

P = ParamSpec("P")
R = TypeVar("R")

CONTEXT = "context"
"""The one name by which the runtime gives it."""


def in_host_trace(work: Callable[P, Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """A function that takes `context` besides what `work` takes, and need not be given it."""

    @wraps(work)
    async def traced(*given: Any, **named: Any) -> R:
        with within(_traceparent(named.pop(CONTEXT, None))):
            return await work(*given, **named)

    known = inspect.signature(work)
    context = inspect.Parameter(CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=func.Context)
    parameters = [*known.parameters.values(), context]
    traced.__dict__["__signature__"] = known.replace(parameters=parameters)
    traced.__annotations__ = {**work.__annotations__, CONTEXT: func.Context}
    return traced


def _traceparent(context: func.Context | None) -> str:
    return context.trace_context.trace_parent or "" if context else ""
