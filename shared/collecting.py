"""Where traces and measures go: to Application Insights, or into files of this machine.

The SDK and the exporter are imported only where they are used: they cost a cold start.
"""

import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.settings import Settings
from shared.telemetry import collect

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

NAME = "calbridge"


def collect_for(settings: Settings) -> None:
    """Once a process, whatever is asked for later."""
    if settings.insights:
        _to_insights(settings.insights.reveal())
    elif settings.traces:
        _to_file(settings.traces)


@cache
def _to_insights(connection: str) -> None:
    """The exporter finds its identity in APPLICATIONINSIGHTS_AUTHENTICATION_STRING by itself."""
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    options: dict[str, Any] = {"connection_string": connection, "disable_offline_storage": True}
    resource = Resource.create({"service.name": os.environ.get("WEBSITE_SITE_NAME", NAME)})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options)))
    reader = PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options))
    meters = MeterProvider([reader], resource=resource)
    collect(tracers.get_tracer(NAME), meters.get_meter(NAME))


@cache
def _to_file(path: str) -> None:
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        SimpleSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    from shared.measuring import meter_to_file  # noqa: PLC0415

    class JsonLines(SpanExporter):
        def export(self, spans: "Sequence[ReadableSpan]") -> SpanExportResult:
            with Path(path).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(span_json(one)) + "\n" for one in spans)
            return SpanExportResult.SUCCESS

    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(JsonLines()))
    collect(tracers.get_tracer(NAME), meter_to_file(NAME, f"{path}.measures"))


def span_json(one: "ReadableSpan") -> dict[str, Any]:
    """Ids in hexadecimal; `start` in milliseconds since 1970."""
    context = one.get_span_context()
    start, end = one.start_time or 0, one.end_time or 0
    return {
        "span": one.name,
        "trace": f"{context.trace_id:032x}" if context else "",
        "id": f"{context.span_id:016x}" if context else "",
        "parent": f"{one.parent.span_id:016x}" if one.parent else "",
        "links": [f"{link.context.trace_id:032x}" for link in one.links],
        "start": start // 1_000_000,
        "milliseconds": round((end - start) / 1e6, 1),
        **dict(one.attributes or {}),
    }
