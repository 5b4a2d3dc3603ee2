"""The trace in which the host calls a function goes on inside it."""

import inspect
import threading

import azure.functions as func
import pytest
from azure_functions_runtime.bindings.context import Context
from azure_functions_runtime.bindings.retrycontext import RetryContext
from azure_functions_runtime.bindings.tracecontext import TraceContext

import function_app
from functions._http import answers_json
from functions._queue import worked
from functions._trace import in_host_trace
from shared.telemetry import span, traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
THEIRS = "00-11111111111111111111111111111111-2222222222222222-01"


def called_in(parent: str) -> Context:
    """The context that Microsoft's runtime makes of the host's call."""
    trace = TraceContext(parent, "", {})
    return Context("f", "/", "1", threading.local(), trace, RetryContext(0, 0, None))


def test_every_function_gets_the_host_s_trace():
    """Each asks the runtime for its context, by the one name it knows."""
    app = func.FunctionApp()
    for blueprint in function_app.BLUEPRINTS:
        app.register_functions(blueprint)
    asked = {
        one.get_function_name(): inspect.signature(one.get_user_function()).parameters
        for one in app.get_functions()
    }

    assert asked
    assert [name for name, parameters in asked.items() if "context" not in parameters] == []


async def test_a_message_is_worked_on_in_the_host_s_trace(spans, stage):
    """The span of the queue is a child of the host's, and what belongs to an earlier trace is
    linked to it.
    """

    @in_host_trace
    async def trigger(message):
        await worked("sync-calendar", message, work())

    async def work():
        with span("round", (THEIRS,)):
            pass

    await trigger("acme~ada", context=called_in(SAMPLED))
    by_name = {one.name: one for one in spans.get_finished_spans()}
    queue, done = by_name["sync-calendar"], by_name["round"]

    assert f"{queue.context.trace_id:032x}" == TRACE
    assert f"{queue.parent.span_id:016x}" == SPAN
    assert done.context.trace_id != queue.context.trace_id
    assert queue.context.trace_id in {link.context.trace_id for link in done.links}


async def test_a_trace_that_is_not_recorded_is_not_gone_on_with(spans):
    """Whoever sends such a header cannot have the work leave no trace."""

    @in_host_trace
    async def trigger():
        with span("mark"):
            return traceparent()

    seen = await trigger(context=called_in(UNSAMPLED))

    (mark,) = spans.get_finished_spans()
    assert mark.parent is None
    assert TRACE not in seen


@pytest.mark.parametrize("context", [None, called_in(""), called_in("nonsense")])
async def test_without_a_trace_of_the_host_one_begins(spans, context):
    """As on this machine, whose host keeps none."""

    @in_host_trace
    async def trigger():
        with span("sweep"):
            pass

    await trigger(context=context)

    (sweep,) = spans.get_finished_spans()
    assert sweep.parent is None


@pytest.mark.parametrize(("parent", "expected"), [(SAMPLED, TRACE), ("", THEIRS.split("-")[1])])
async def test_a_caller_of_the_api_is_followed_by_way_of_the_host(spans, parent, expected):
    """The host's span lies between theirs and ours; without one, ours follows theirs."""

    async def api(req):
        return func.HttpResponse("done")

    req = func.HttpRequest("GET", "/v1/health", headers={"traceparent": THEIRS}, body=b"")
    await answers_json(api)(req, context=called_in(parent))

    (one,) = spans.get_finished_spans()
    assert f"{one.context.trace_id:032x}" == expected
