"""What the product tells of its work, kept in memory."""

from collections.abc import Iterator

import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer

from shared.telemetry import collect


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    collect(tracers.get_tracer("test"), NoOpMeter("test"))
    yield kept
    collect(NoOpTracer(), NoOpMeter("test"))


@pytest.fixture
def measures() -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    collect(NoOpTracer(), MeterProvider([reader]).get_meter("test"))
    yield reader
    collect(NoOpTracer(), NoOpMeter("test"))
