"""Apps and settings that cannot be run: one sentence, exit code 1."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.host.running import RunningHost, run_host, write_app

ROUTE = "app = func.FunctionApp()\n@app.route()\n"
BODY = " -> func.HttpResponse:\n    return func.HttpResponse('')\n"


def refusal(host: RunningHost) -> str:
    """What it said when it gave up."""
    assert host.end() == 1
    said = host.error().strip()
    assert len(said.splitlines()) == 1, said
    return said


SLASH = f"app = func.FunctionApp()\n@app.route(route='/x')\ndef f(req: func.HttpRequest){BODY}"
CASES = {
    "missing-import": (
        "import nowhere_to_be_found\n",
        r"No module named 'nowhere_to_be_found'.*requirements.txt.*function_app.py, line 3",
    ),
    "unbound-parameter": (
        f"{ROUTE}def f(req: func.HttpRequest, svc: str = ''){BODY}",
        "declared in Python but not in the function definition.*svc",
    ),
    "two-apps": (
        "one = func.FunctionApp()\ntwo = func.FunctionApp()\n",
        "More than one FunctionApp",
    ),
    "no-app": ("nothing = 1\n", "Could not find top level function app"),
    "return-union": (
        f"{ROUTE}def f(req: func.HttpRequest) -> func.HttpResponse | None: ...\n",
        "non-type return annotation",
    ),
    "slash-under-a-prefix": (SLASH, "starts with / under the prefix 'api'"),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory) -> Iterator[dict[str, str]]:
    """What each said. They start side by side: one app per process takes its time."""
    root = tmp_path_factory.mktemp("refused")
    with ExitStack() as stack:
        hosts = {
            name: stack.enter_context(run_host(write_app(root / name, code)))
            for name, (code, _) in CASES.items()
        }
        yield {name: refusal(host) for name, host in hosts.items()}


@pytest.mark.parametrize("name", list(CASES))
def test_bad_app_is_refused(refusals, name):
    """What the runtime refuses, in its words; and a route that could never be called."""
    assert re.search(CASES[name][1], refusals[name]), refusals[name]


def test_folder_without_an_app(tmp_path):
    (tmp_path / "app").mkdir()
    with run_host(tmp_path / "app") as host:
        assert "has no function_app.py" in refusal(host)


def test_wrong_host_json_names_the_field(tmp_path):
    options = {"extensions": {"queues": {"batchSize": 99}}}
    with run_host(write_app(tmp_path / "app", "app = func.FunctionApp()", options)) as host:
        assert "host.json: extensions.queues.batchSize must be between 1 and 32" in refusal(host)


def test_port_in_use(tmp_path):
    app = write_app(tmp_path / "app", f"{ROUTE}def f(req: func.HttpRequest){BODY}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with run_host(app, "--port", str(port)) as host:
            assert f"cannot listen on 127.0.0.1:{port}" in refusal(host)


def test_functions_that_cannot_be_loaded_are_left_out(tmp_path):
    """Each is named with its reason; the rest runs. Settings come from local.settings.json."""
    code = (
        "app = func.FunctionApp()\n"
        "@app.queue_trigger(arg_name='m', queue_name='%UNSET%', connection='AzureWebJobsStorage')\n"
        "def unset(m: str) -> None: ...\n"
        "@app.queue_trigger(arg_name='m', queue_name='50%', connection='AzureWebJobsStorage')\n"
        "def lone(m: str) -> None: ...\n"
        "@app.queue_trigger(arg_name='m', queue_name='q', connection='Nowhere')\n"
        "def unconnected(m: str) -> None: ...\n"
        "@app.timer_trigger(arg_name='t', schedule='%WHEN%')\n"
        "def wrong_time(t: func.TimerRequest) -> None: ...\n"
        "@app.blob_trigger(arg_name='b', path='a/b', connection='AzureWebJobsStorage')\n"
        "def unknown(b: func.InputStream) -> None: ...\n"
        "@app.queue_trigger(arg_name='m', queue_name='q', connection='AzureWebJobsStorage')\n"
        "@app.queue_output(arg_name='$return', queue_name='{id}', connection='')\n"
        "def templated(m: str) -> str: ...\n"
        f"@app.route()\ndef fine(req: func.HttpRequest){BODY}"
    )
    app = write_app(tmp_path / "app", code)
    values = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "WHEN": "00:05:00"}
    (app / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    with run_host(app) as host:
        assert host.ready()["functions"] == ["fine"]
        for name, reason in [
            ("unset", "%UNSET%"),
            ("lone", "without its pair"),
            ("unconnected", "connection 'Nowhere' is not set"),
            ("wrong_time", "00:05:00"),
            ("unknown", "trigger"),
            ("templated", "expressions"),
        ]:
            assert host.said(f"'{name}' is not loaded.*{reason}"), name
