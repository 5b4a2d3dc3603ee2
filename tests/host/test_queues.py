"""Queue triggers and outputs against Azurite, seen from outside."""

import base64
import json
import time
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient

from tests.host.running import RunningHost, run_host, until, write_app

APP = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
WORK = {"connection": "AzureWebJobsStorage"}

@app.queue_trigger(arg_name="msg", queue_name="seen", **WORK)
async def sees(msg: func.QueueMessage) -> None:
    logging.info("SEES %s", json.dumps({
        "body": msg.get_body().decode(), "id": msg.id, "count": msg.dequeue_count,
        "receipt": msg.pop_receipt, "put": msg.insertion_time.isoformat(),
        "ends": msg.expiration_time.isoformat(), "again": msg.time_next_visible.isoformat()}))

@app.queue_trigger(arg_name="msg", queue_name="%FAILING%", **WORK)
def fails(msg: str) -> None:
    raise ValueError("no")

@app.queue_trigger(arg_name="msg", queue_name="late-poison", **WORK)
def poisoned(msg: str) -> None:
    raise ValueError("no")

@app.queue_trigger(arg_name="msg", queue_name="raw", data_type=func.DataType.BINARY, **WORK)
def binary(msg: bytes) -> None:
    logging.info("BINARY %s", msg.hex())

@app.queue_trigger(arg_name="msg", queue_name="crowd", **WORK)
async def crowd(msg: str) -> None:
    global inside
    inside += 1
    logging.info("CROWD %d", inside)
    await asyncio.sleep(0.15)
    inside -= 1

inside = 0

@app.queue_trigger(arg_name="msg", queue_name="idle", **WORK)
def disabled(msg: str) -> None:
    logging.info("DISABLED RAN %s", msg)

@app.queue_trigger(arg_name="msg", queue_name="first", **WORK)
@app.queue_output(arg_name="out", queue_name="second", **WORK)
def first(msg: str, out: func.Out[typing.List[str]]) -> None:
    out.set([msg + "1", msg + "2"])

@app.queue_trigger(arg_name="msg", queue_name="second", **WORK)
@app.queue_output(arg_name="$return", queue_name="third", **WORK)
def second(msg: str) -> str:
    return "returned " + msg

@app.route(route="put/{text}")
@app.queue_output(arg_name="out", queue_name="seen", **WORK)
def put(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.route_params["text"])
    return func.HttpResponse(status_code=204)
"""
HOST = {
    "extensions": {
        "queues": {
            "maxPollingInterval": "00:00:00.200",
            "maxDequeueCount": 3,
            "batchSize": 2,
            "newBatchThreshold": 1,
        }
    }
}


@pytest.fixture(scope="module")
def host(tmp_path_factory, storage) -> Iterator[RunningHost]:
    imports = "import asyncio, json, logging, typing"
    app = write_app(tmp_path_factory.mktemp("queues") / "app", APP, HOST, imports)
    settings = {
        "AzureWebJobsStorage": storage,
        "Failing": "failing",
        "AzureWebJobs__disabled__Disabled": "true",
    }
    with run_host(app, settings=settings) as running:
        running.ready()
        yield running


@pytest.fixture(scope="module")
def queues(storage) -> Iterator[QueueServiceClient]:
    with QueueServiceClient.from_connection_string(storage) as service:
        yield service


def made(queues: QueueServiceClient, name: str) -> QueueClient:
    names = [each.name for each in queues.list_queues()]
    return queues.get_queue_client(name) if name in names else queues.create_queue(name)


def put(queue: QueueClient, text: str) -> str:
    return queue.send_message(base64.b64encode(text.encode()).decode()).id


def told(host: RunningHost, word: str, body: str) -> dict[str, str]:
    line = host.saw(f'^{word} .*"{body}"')[0]
    return json.loads(line.removeprefix(f"{word} "))


def contents(queue: QueueClient) -> list[str] | None:
    try:
        return [base64.b64decode(each.content).decode() for each in queue.peek_messages(32)]
    except ResourceNotFoundError:
        return None


def test_message_arrives_decoded_with_its_metadata(host, queues):
    """The listener waits for a queue that does not exist yet, and deletes what succeeded."""
    queue = made(queues, "seen")
    sent = put(queue, "hello")

    seen = told(host, "SEES", "hello")

    assert (seen["id"], seen["count"]) == (sent, 1)
    assert seen["receipt"]
    assert seen["put"] < seen["again"] < seen["ends"]
    until(lambda: queue.get_queue_properties().approximate_message_count == 0, "deleted")


def test_message_reaches_an_idle_function_soon(host, queues):
    """With maxPollingInterval 200 ms an idle queue is seen to within that, with slack for load."""
    queue = made(queues, "seen")
    took = []
    for each in ("t1", "t2", "t3"):
        began = time.monotonic()
        put(queue, each)
        told(host, "SEES", each)
        took.append(time.monotonic() - began)

    assert min(took) < 1


def test_output_wakes_the_listener(host):
    """A function's output reaches the function that listens to that queue."""
    with host.client() as client:
        assert client.get("/api/put/woken").status_code == 204

    assert told(host, "SEES", "woken")["count"] == 1


def test_failed_message_is_retried_then_poisoned(host, queues):
    """Called maxDequeueCount times; the poison message has the same body and the warning is given."""
    queue = made(queues, "failing")
    put(queue, "bad")
    poison = queues.get_queue_client("failing-poison")

    assert until(lambda: contents(poison), "the poison message") == ["bad"]
    assert len(host.saw(r"Executed 'Functions.fails' \(Failed", 3)) == 3
    assert host.said(
        r"^Message has reached MaxDequeueCount of 3\. Moving message to queue 'failing-poison'\.$"
    )
    until(lambda: queue.get_queue_properties().approximate_message_count == 0, "moved, not copied")


def test_undecodable_message_is_poisoned_as_it_stands(host, queues):
    """A base64 host cannot read raw JSON: it fails like any other message."""
    made(queues, "seen").send_message('{"raw": 1}')
    poison = queues.get_queue_client("seen-poison")

    def raw() -> list[str] | None:
        try:
            return [each.content for each in poison.peek_messages()]
        except ResourceNotFoundError:
            return None

    assert '{"raw": 1}' in until(raw, "the poison message")
    assert not host.said("SEES.*raw")


def test_poison_queue_has_no_poison_queue(host, queues):
    """What fails there stays, invisible, and is called no second time for now."""
    queue = made(queues, "late-poison")
    put(queue, "again")

    called = "Executing 'Functions.poisoned' .Reason='New queue"
    host.saw(called)
    put(made(queues, "seen"), "after")
    told(host, "SEES", "after")

    assert queue.get_queue_properties().approximate_message_count == 1
    assert len(host.said(called)) == 1
    assert "late-poison-poison" not in [each.name for each in queues.list_queues()]


def test_binary_trigger_gets_bytes(host, queues):
    made(queues, "raw").send_message(base64.b64encode(b"\xff\x00\x01").decode())

    assert host.saw("^BINARY ff0001$")


def test_parallel_is_at_most_batch_plus_threshold(host, queues):
    """New messages are fetched once no more than the threshold are running: 2 + 1 at most."""
    queue = made(queues, "crowd")
    for each in range(12):
        put(queue, str(each))

    lines = host.saw("^CROWD", 12)

    assert max(int(line.split()[1]) for line in lines) in {2, 3}


def test_outputs_list_and_return(host, queues):
    """A list is a message each; a return value bound to a queue is one; queues are made on demand."""
    put(made(queues, "first"), "m")
    third = queues.get_queue_client("third")

    both = until(lambda: (found := contents(third)) and len(found) == 2 and found, "two messages")

    assert sorted(both) == ["returned m1", "returned m2"]


def test_disabled_function_runs_only_by_hand(host, queues):
    """The master key may run it with an input; its queue is left alone."""
    put(made(queues, "idle"), "from the queue")
    key = {"x-functions-key": host.keys()["master"]}
    with host.client(headers=key) as client:
        answer = client.post("/admin/functions/disabled?wait=1", json={"input": "by hand"})

    assert answer.json()["succeeded"] is True
    assert host.said("DISABLED RAN by hand")
    assert contents(queues.get_queue_client("idle")) == ["from the queue"]


def test_running_by_hand(host):
    """202 at once; with wait=1 the outcome; only with the master key, and never retried."""
    master = {"x-functions-key": host.keys()["master"]}
    with host.client() as client:
        path = "/admin/functions/sees"
        assert client.post(path, json={"input": "x"}).status_code == 401
        assert client.post(path, json={"input": "handed"}, headers=master).status_code == 202
        assert told(host, "SEES", "handed")["count"] == 1
        failed = client.post(
            "/admin/functions/poisoned?wait=1", json={"input": ""}, headers=master
        )
        assert (failed.status_code, failed.json()["error"]) == (500, "ValueError: no")
        assert client.post("/admin/functions/none", headers=master).status_code == 404
        assert client.post("/admin/functions/put", headers=master).status_code == 400
        assert client.post(path, json={"input": 5}, headers=master).status_code == 400


def test_raw_encoding(tmp_path, storage, queues):
    """messageEncoding none reads and writes the text as it stands."""
    code = (
        "app = func.FunctionApp()\n"
        "@app.queue_trigger(arg_name='m', queue_name='plain-in', connection='Elsewhere')\n"
        "@app.queue_output(arg_name='o', queue_name='plain-out', connection='Elsewhere')\n"
        "def copy(m: str, o: func.Out[str]) -> None: o.set(m)\n"
    )
    options = {"extensions": {"queues": {"messageEncoding": "none"}}}
    app = write_app(tmp_path / "app", code, options)
    made(queues, "plain-in").send_message('{"a": 1}')
    out = made(queues, "plain-out")
    with run_host(app, settings={"AzureWebJobsElsewhere": storage}):
        found = until(lambda: list(out.peek_messages()), "the copy")

    assert [each.content for each in found] == ['{"a": 1}']
