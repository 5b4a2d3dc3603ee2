"""What happens to running functions when the host is told to stop."""

import signal
import threading
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.host.running import run_host, write_app

APP = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
GATE = pathlib.Path(__file__).parent / "gate"

@app.route()
async def patient(req: func.HttpRequest) -> func.HttpResponse:
    while not GATE.exists():
        await asyncio.sleep(0.02)
    return func.HttpResponse("done")

@app.route()
def threaded(req: func.HttpRequest) -> func.HttpResponse:
    while not GATE.exists():
        time.sleep(0.02)
    return func.HttpResponse("done")

@app.queue_trigger(arg_name="m", queue_name="draining", connection="AzureWebJobsStorage")
async def message(m: str) -> None:
    while not GATE.exists():
        await asyncio.sleep(0.02)
"""
IMPORTS = "import asyncio, pathlib, time"


@pytest.fixture
def app(tmp_path) -> Path:
    return write_app(tmp_path / "app", APP, imports=IMPORTS)


@pytest.mark.parametrize(("name", "sent"), [("patient", "SIGTERM"), ("threaded", "SIGINT")])
def test_running_request_is_answered_and_new_ones_are_not_taken(app, storage, name, sent):
    """Exit code 0 after the last function has finished."""
    answers: list[httpx.Response] = []
    settings = {"AzureWebJobsStorage": storage, "AzureWebJobs__message__Disabled": "1"}
    with run_host(app, settings=settings) as host:
        url = f"{host.url}/api/{name}"
        asking = threading.Thread(target=lambda: answers.append(httpx.get(url, timeout=30)))
        asking.start()
        host.saw(f"Executing 'Functions.{name}'")
        host.process.send_signal(signal.Signals[sent])
        host.saw("Draining: 1 running")
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
        (app / "gate").touch()
        asking.join(30)

        assert host.end() == 0
        assert host.said("^Stopped$")
    assert [each.text for each in answers] == ["done"]


def test_running_message_is_finished_and_deleted(app, storage):
    encode = TextBase64EncodePolicy()
    with QueueClient.from_connection_string(
        storage, "draining", message_encode_policy=encode
    ) as queue:
        queue.create_queue()
        queue.send_message("last")
        with run_host(app, settings={"AzureWebJobsStorage": storage}) as host:
            host.saw("Executing 'Functions.message'")
            host.terminate()
            host.saw("Draining: 1 running")
            (app / "gate").touch()

            assert host.end() == 0
        assert queue.get_queue_properties().approximate_message_count == 0
