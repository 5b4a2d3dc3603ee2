"""Traces and measures, with attributes of an allow-list; where nobody collects them, nothing.

The providers are this module's own, never the process's: libraries write URLs into the spans of
a provider that they find, and URLs hold addresses.
A message is a key, so the trace of what it stands for is kept with the rows, as a traceparent of
https://www.w3.org/TR/trace-context/.
"""

import re
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)

Value = str | int | float | None

ATTRIBUTES = frozenset(
    {
        "appointment",
        "calendar",
        "client_request",
        "count",
        "endpoint",
        "error",
        "function",
        "graph_request",
        "kind",
        "method",
        "number",
        "outcome",
        "queue",
        "retry_after",
        "route",
        "state",
        "status",
        "tenant",
    }
)

MEASURES = {
    "lag.in": ("s", "From a change in Outlook to its delivery"),
    "lag.out": ("s", "From a change being accepted to it being in Outlook"),
    "graph.duration": ("s", "Requests to Graph, by method, route and status"),
    "graph.throttles": ("{request}", "Requests that Graph put off"),
    "deliveries": ("{delivery}", "Tries to deliver a change, by outcome"),
    "calendars": ("{calendar}", "Calendars by state"),
    "queue.length": ("{message}", "Messages that wait, by queue"),
    "queue.age": ("s", "For how long the next message could have been taken, by queue"),
}

MOST_TRACES = 8
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass
class _Collecting:
    tracer: Tracer = field(default_factory=NoOpTracer)
    meter: Meter = field(default_factory=lambda: NoOpMeter("calbridge"))
    instruments: dict[str, Any] = field(default_factory=dict[str, Any])


_now = _Collecting()


def collect(tracer: Tracer, meter: Meter) -> None:
    """From now on, in this process."""
    _now.tracer, _now.meter = tracer, meter
    _now.instruments.clear()


@contextmanager
def span(
    name: str, follows: Sequence[str] = (), kind: SpanKind = SpanKind.INTERNAL, **told: Value
) -> Generator[None]:
    """`follows` are traceparents: this goes on with the trace of the first, and is linked to the
    others and to the work it is done in. Raises ValueError for an attribute that is not listed.
    """
    first, links = _origin(follows)
    with _now.tracer.start_as_current_span(
        name,
        context=first,
        kind=kind,
        links=links,
        attributes=_listed(told),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


@contextmanager
def within(parent: str) -> Generator[None]:
    """What is begun inside belongs to this traceparent. Not to one that is not recorded: anybody
    can send that, and what is done would leave no trace.
    """
    found = _parsed(parent)
    if found is None or not found.trace_flags.sampled:
        yield
        return
    with trace.use_span(NonRecordingSpan(found), record_exception=False):
        yield


def tell(**told: Value) -> None:
    """Adds to the span that is open."""
    trace.get_current_span().set_attributes(_listed(told))


def traceparent() -> str:
    """Of the span that is open; "" where none is."""
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return ""
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"


def with_traces(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """Each once, the oldest few: what came first has waited longest."""
    return tuple(dict.fromkeys(one for one in (*old, *new) if one))[:MOST_TRACES]


def lasted(name: str, seconds: float, **told: Value) -> None:
    _instrument(name, "create_histogram").record(max(seconds, 0.0), _listed(told))


def counted(name: str, **told: Value) -> None:
    _instrument(name, "create_counter").add(1, _listed(told))


def stands(name: str, value: int, **told: Value) -> None:
    _instrument(name, "create_gauge").set(value, _listed(told))


def _instrument(name: str, create: str) -> Any:
    if name not in _now.instruments:
        unit, description = MEASURES[name]
        _now.instruments[name] = getattr(_now.meter, create)(
            f"calbridge.{name}", unit, description
        )
    return _now.instruments[name]


def _listed(told: dict[str, Value]) -> dict[str, str | int | float]:
    if unknown := told.keys() - ATTRIBUTES:
        raise ValueError(f"not on the list of attributes: {', '.join(sorted(unknown))}")
    return {name: value for name, value in told.items() if value not in {None, ""}}  # pyright: ignore[reportReturnType] - None is left out


def _origin(follows: Sequence[str]) -> tuple[Any, list[Link]]:
    known = [found for one in follows if (found := _parsed(one))]
    here = trace.get_current_span().get_span_context()
    if not known:
        return None, []
    others = [*known[1:], here] if here.is_valid and here != known[0] else known[1:]
    return trace.set_span_in_context(NonRecordingSpan(known[0])), [Link(one) for one in others]


def _parsed(text: str) -> SpanContext | None:
    found = _TRACEPARENT.fullmatch(text)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None
