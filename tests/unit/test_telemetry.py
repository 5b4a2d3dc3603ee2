"""Spans and measures of the product's own."""

import pytest

from shared.telemetry import (
    MOST_TRACES,
    counted,
    lasted,
    span,
    stands,
    tell,
    traceparent,
    with_traces,
)

OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_work_goes_on_with_the_trace_that_its_row_keeps(spans):
    """The first traceparent is the parent; the others, and the worker itself, are linked."""
    with span("notification"):
        first = traceparent()
    with span("worker"), span("round", (first, OTHER)):
        pass
    by_name = {one.name: one for one in spans.get_finished_spans()}
    asked, worker, done = by_name["notification"], by_name["worker"], by_name["round"]

    assert done.context.trace_id == asked.context.trace_id
    assert done.parent.span_id == asked.context.span_id
    assert {link.context.trace_id for link in done.links} == {
        int("0af7651916cd43dd8448eb211c80319c", 16),
        worker.context.trace_id,
    }


@pytest.mark.parametrize("given", ["", "nonsense", OTHER.upper(), f"00-{'0' * 32}-{'0' * 16}-01"])
def test_what_is_no_traceparent_begins_a_trace(spans, given):
    """A caller's header may hold anything."""
    with span("api", (given,)):
        pass

    (begun,) = spans.get_finished_spans()
    assert begun.parent is None


def test_only_listed_attributes_are_told(spans):
    """A subject cannot get into a span by accident; nothing is not told."""
    with span("graph", method="GET", route=None):
        tell(status=200)
        with pytest.raises(ValueError, match="subject"):
            tell(subject="Mole removal")

    (one,) = spans.get_finished_spans()
    assert dict(one.attributes) == {"method": "GET", "status": 200}


def test_an_error_is_told_by_its_type(spans):
    """Its text may quote what it was working on."""
    with pytest.raises(KeyError), span("round"):
        {}["Mole removal"]

    (one,) = spans.get_finished_spans()
    assert dict(one.attributes) == {"error": "KeyError"}
    assert one.events == ()
    assert not one.status.description


def test_without_a_collector_nothing_is_kept():
    """No traceparent is made up that leads nowhere."""
    with span("round"):
        assert traceparent() == ""


def test_a_row_keeps_few_traces():
    """Each once, and those that have waited longest."""
    many = [f"trace-{number}" for number in range(20)]

    assert with_traces(("a", "b"), ("b", "", "c")) == ("a", "b", "c")
    assert with_traces((), many) == tuple(many[:MOST_TRACES])


def test_measures_are_taken(measures):
    """A duration, a count and a level, each with its listed attributes."""
    lasted("lag.out", 1.5)
    counted("deliveries", outcome="failed")
    counted("deliveries", outcome="failed")
    stands("queue.length", 3, queue="sync-calendar")
    (found,) = measures.get_metrics_data().resource_metrics[0].scope_metrics
    points = {one.name: one.data.data_points[0] for one in found.metrics}

    assert points["calbridge.lag.out"].sum == 1.5
    assert points["calbridge.deliveries"].value == 2
    assert dict(points["calbridge.queue.length"].attributes) == {"queue": "sync-calendar"}
