"""What is measured without being asked for, and measures as they are written on this machine."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.trace import NoOpTracer

from shared.changes.delivery import deliver
from shared.changes.endpoints import create_endpoint
from shared.levels import measure
from shared.measuring import JsonLines
from shared.store.records import Change, State
from shared.telemetry import collect, counted, lasted, stands
from tests.unit.api.stage import NOW, T, build_stage
from tests.unit.changes.receiver import always, receiving


@pytest.fixture
async def stage():
    made = build_stage()
    await made.with_calendar()
    yield made
    await made.services.http.aclose()
    await made.services.graph.close()


def points(reader, name):
    scopes = reader.get_metrics_data().resource_metrics[0].scope_metrics
    (found,) = [one for scope in scopes for one in scope.metrics if one.name == name]
    return found.data.data_points


async def test_calendars_are_counted_by_state(stage, measures):
    """At a quarter of an hour, each state with how many are in it; also with none."""
    found = await stage.services.store.calendar(T)
    await stage.services.store.put_calendar(replace(found, state=State.ACTION_REQUIRED))
    await measure(stage.services, NOW)
    seen = {one.attributes["state"]: one.value for one in points(measures, "calbridge.calendars")}

    assert seen == {state.value: 0 for state in State} | {"action_required": 1}


async def test_between_quarters_calendars_are_left_alone(stage, measures):
    """To count them all of them are read."""
    await measure(stage.services, NOW + timedelta(minutes=1))
    scopes = measures.get_metrics_data().resource_metrics[0].scope_metrics

    assert {one.name for scope in scopes for one in scope.metrics} == {
        "calbridge.queue.length",
        "calbridge.queue.age",
    }


async def test_a_queue_is_as_old_as_what_is_next_in_it(stage, measures):
    """And nothing where it is empty."""
    await stage.services.queues.send("sync-calendar", "acme~ada")
    await measure(stage.services, NOW + timedelta(minutes=1))
    seen = {one.attributes["queue"]: one.value for one in points(measures, "calbridge.queue.age")}

    assert seen.pop("sync-calendar") == 60
    assert set(seen.values()) == {0}


async def test_the_lag_begins_with_the_edit_in_outlook(stage, measures):
    """Where that is not known, with its being settled."""
    edit = Change("a", "calbridge.appointment.updated", "visit", NOW, {})
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        edits = [replace(edit, began=NOW - timedelta(seconds=90)), replace(edit, id="b")]
        await stage.services.store.log("acme", edits)
        await deliver(stage.services, "acme", made.endpoint.id)
    (lag,) = points(measures, "calbridge.lag.in")

    assert (lag.count, lag.sum, lag.min) == (2, 90, 0)


def test_a_line_holds_what_is_new(tmp_path):
    """Counts and durations since the line before; a level only when it is another."""
    file = tmp_path / "measures"
    reader = PeriodicExportingMetricReader(JsonLines(str(file)), export_interval_millis=1e9)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    collect(NoOpTracer(), provider.get_meter("test"))
    try:
        for seconds in (1.5, 2.5):
            lasted("lag.out", seconds)
            counted("deliveries", outcome="failed")
        stands("calendars", 3, state="active")
        provider.force_flush()
        counted("deliveries", outcome="failed")
        provider.force_flush()
    finally:
        provider.shutdown()
        collect(NoOpTracer(), NoOpMeter("test"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert all(line.pop("at") for line in lines)
    assert lines == [
        {"measure": "calbridge.lag.out", "count": 2, "sum": 4.0},
        {"measure": "calbridge.deliveries", "value": 2, "outcome": "failed"},
        {"measure": "calbridge.calendars", "value": 3, "state": "active"},
        {"measure": "calbridge.deliveries", "value": 1, "outcome": "failed"},
    ]
