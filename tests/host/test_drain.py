"""What happens to running functions when the host is told to stop."""

from concurrent.futures import ThreadPoolExecutor

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
UNUSED_STORAGE = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "AzureWebJobs__message__Disabled": "true",
}
IMPORTS = "import asyncio, pathlib, time"


def test_running_functions_finish_and_nothing_new_is_taken(tmp_path, storage):
    """Async, threaded and queue-triggered alike; exit code 0 after the last one."""
    app = write_app(tmp_path / "app", APP, imports=IMPORTS)
    encode = TextBase64EncodePolicy()
    with (
        QueueClient.from_connection_string(
            storage, "draining", message_encode_policy=encode
        ) as queue,
        run_host(app, settings={"AzureWebJobsStorage": storage}) as host,
        ThreadPoolExecutor() as threads,
    ):
        queue.create_queue()
        queue.send_message("last")
        urls = [f"{host.url}/api/{name}" for name in ("patient", "threaded")]
        asking = [threads.submit(httpx.get, url, timeout=30) for url in urls]
        for name in ("patient", "threaded", "message"):
            host.saw(f"Executing 'Functions.{name}'")
        host.terminate()
        host.saw("Draining: 3 running")
        with pytest.raises(httpx.ConnectError):
            httpx.get(urls[0])
        (app / "gate").touch()

        assert host.end() == 0
        assert [each.result().text for each in asking] == ["done", "done"]
        assert host.said("^Stopped$")
        assert queue.get_queue_properties().approximate_message_count == 0


def test_drain_has_an_end(tmp_path):
    """What never ends, thread or task, is left behind, and the exit code is still 0."""
    app = write_app(tmp_path / "app", APP, imports=IMPORTS)
    with (
        run_host(app, "--drain", "1", settings=UNUSED_STORAGE) as host,
        ThreadPoolExecutor() as threads,
    ):
        urls = [f"{host.url}/api/{name}" for name in ("patient", "threaded")]
        asking = [threads.submit(httpx.get, url, timeout=30) for url in urls]
        for name in ("patient", "threaded"):
            host.saw(f"Executing 'Functions.{name}'")
        host.terminate()

        assert host.end() == 0
        assert host.said("^Stopped with 2 still running$")
        assert [each.result().status_code for each in asking] == [503, 503]
