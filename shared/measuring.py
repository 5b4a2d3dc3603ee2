"""Measures of this machine as lines of JSON, for whoever wants to see them without Azure.

Imported only where they are asked for: the SDK costs a cold start.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)

EVERY = 10_000
"""Milliseconds."""


class JsonLines(MetricExporter):
    """What is new since the last time: counts and durations of the time between, and levels that
    are others.
    """

    def __init__(self, path: str) -> None:
        new = AggregationTemporality.DELTA
        super().__init__(preferred_temporality={Counter: new, Histogram: new})
        self._path = Path(path)
        self._levels: dict[str, float] = {}

    def export(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002 - the SDK's signature
        **_: Any,
    ) -> MetricExportResult:
        with self._path.open("a", encoding="utf-8") as file:
            new = (one for one in measures_json(metrics_data) if self._is_new(one))
            file.writelines(json.dumps(one) + "\n" for one in new)
        return MetricExportResult.SUCCESS

    def _is_new(self, one: dict[str, Any]) -> bool:
        """The SDK gives a level again and again."""
        if not one.pop("is_level"):
            return True
        name = json.dumps({key: one[key] for key in one if key not in {"at", "value"}})
        was, self._levels[name] = self._levels.get(name), one["value"]
        return was != one["value"]

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002 - likewise
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing is held open."""


def meter_to_file(name: str, path: str) -> Meter:
    reader = PeriodicExportingMetricReader(JsonLines(path), export_interval_millis=EVERY)
    return MeterProvider([reader]).get_meter(name)


def measures_json(data: MetricsData) -> Iterator[dict[str, Any]]:
    """`at` in milliseconds since 1970; of durations how many and their sum, else the value.
    `is_level` is for who writes it.
    """
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    yield {
                        "measure": metric.name,
                        "at": point.time_unix_nano // 1_000_000,
                        "is_level": isinstance(metric.data, Gauge),
                        **_taken(point),
                        **dict(point.attributes or {}),
                    }


def _taken(point: Any) -> dict[str, float]:
    if isinstance(point, HistogramDataPoint):
        return {"count": point.count, "sum": round(point.sum, 3)}
    return {"value": point.value}
