"""Timer triggers against Azurite, seen from outside."""

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from tests.host.running import RunningHost, run_host, until, write_app

YEARLY = "0 0 0 1 1 *"
APP = f"""
app = func.FunctionApp()

def told(name, t):
    logging.info("%s %s", name, json.dumps({{
        "past": t.past_due, "status": t.schedule_status, "schedule": t.schedule}}))

@app.timer_trigger(arg_name="t", schedule="%EVERY%", use_monitor=True)
def rapid(t: func.TimerRequest) -> None:
    told("RAPID", t)

@app.timer_trigger(arg_name="t", schedule="{YEARLY}", run_on_startup=True)
async def boot(t: func.TimerRequest) -> None:
    told("BOOT", t)

@app.timer_trigger(arg_name="t", schedule="{YEARLY}")
def waits(t: func.TimerRequest) -> None:
    told("WAITS", t)

@app.timer_trigger(arg_name="t", schedule="{YEARLY}", run_on_startup=True)
def missed(t: func.TimerRequest) -> None:
    told("MISSED", t)

@app.timer_trigger(arg_name="t", schedule="{YEARLY}")
def changed(t: func.TimerRequest) -> None:
    told("CHANGED", t)

@app.timer_trigger(arg_name="t", schedule="{YEARLY}", run_on_startup=True)
def fails(t: func.TimerRequest) -> None:
    raise ValueError("no")

@app.timer_trigger(arg_name="t", schedule="{YEARLY}", run_on_startup=True)
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def retried(t: func.TimerRequest, context: func.Context) -> None:
    logging.info("RETRIED %d of %d", context.retry_context.retry_count,
                 context.retry_context.max_retry_count)
    raise ValueError("no")

running = calls = 0

@app.timer_trigger(arg_name="t", schedule="%EVERY%")
async def slow(t: func.TimerRequest) -> None:
    global running, calls
    running, calls = running + 1, calls + 1
    logging.info("SLOW %d %s %s", running, t.past_due, int(time.time()))
    await asyncio.sleep(2.3 if calls == 1 else 0)
    running -= 1
"""
HOST = {"singleton": {"listenerLockRecoveryPollingInterval": "00:00:00.300"}}
IMPORTS = "import asyncio, json, logging, time"
HOST_ID = "timers-under-test"
FULL = "Host.Functions."


@pytest.fixture(scope="module")
def blobs(storage) -> Iterator[ContainerClient]:
    with ContainerClient.from_connection_string(storage, "azure-webjobs-hosts") as container:
        if not container.exists():
            container.create_container()
        yield container


def new_year(years: int) -> datetime:
    """Of this year, or so many years away."""
    return datetime(datetime.now(UTC).year + years, 1, 1, tzinfo=UTC)


def store(blobs: ContainerClient, name: str, last: datetime, due: datetime) -> None:
    status = {"Last": last.isoformat(), "Next": due.isoformat(), "LastUpdated": last.isoformat()}
    path = f"timers/{HOST_ID}/{FULL}{name}/status"
    blobs.upload_blob(path, json.dumps(status), overwrite=True)


def stored(blobs: ContainerClient, name: str) -> dict[str, str] | None:
    try:
        blob = blobs.download_blob(f"timers/{HOST_ID}/{FULL}{name}/status")
    except ResourceNotFoundError:
        return None
    return json.loads(blob.readall())


@pytest.fixture(scope="module")
def settings(storage) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": storage,
        "AzureFunctionsWebHost__hostid": HOST_ID,
        "EVERY": "* * * * * *",
    }


@pytest.fixture(scope="module")
def host(tmp_path_factory, blobs, settings) -> Iterator[RunningHost]:
    app = write_app(tmp_path_factory.mktemp("timers") / "app", APP, HOST, IMPORTS)
    store(blobs, "missed", new_year(-5), new_year(-4))
    store(blobs, "changed", new_year(-5), new_year(-5) + timedelta(days=30))
    with run_host(app, settings=settings) as running:
        running.ready()
        yield running


def payloads(host: RunningHost, word: str, times: int = 1) -> list[dict[str, object]]:
    return [json.loads(line.removeprefix(word)) for line in host.saw(f"^{word} ", times)]


def test_schedule_fires_with_its_payload(host, blobs):
    """More than once a minute keeps no status, whatever useMonitor says."""
    first, second = payloads(host, "RAPID", 2)[:2]

    assert first == second == {"past": False, "status": {}, "schedule": {"AdjustForDST": True}}
    assert stored(blobs, "rapid") is None


def test_run_on_startup(host, blobs):
    """Called at once, not past due; afterwards the status says when it ran and is due."""
    called = payloads(host, "BOOT")[0]

    assert called["past"] is False
    assert called["status"]["Next"] == new_year(1).isoformat()

    def ran() -> dict[str, str] | None:
        status = stored(blobs, "boot")
        return status if status and not status["Last"].startswith("0001") else None

    last = datetime.fromisoformat(until(ran, "the status")["Last"])
    assert datetime.now(UTC) - last < timedelta(minutes=2)


def test_first_start_writes_next_and_waits(host, blobs):
    host.saw("^BOOT")
    status = until(lambda: stored(blobs, "waits"), "the status")

    assert status["Last"] == "0001-01-01T00:00:00+00:00"
    assert status["Next"] == new_year(1).isoformat()
    assert not host.said("^WAITS")


def test_missed_occurrences_are_one_past_due_call(host):
    """However many were missed, and although runOnStartup asks for a call too."""
    called = payloads(host, "MISSED")

    assert [each["past"] for each in called] == [True]
    assert called[0]["status"]["Last"] == new_year(-5).isoformat()


def test_changed_schedule_is_not_past_due(host, blobs):
    host.saw("^MISSED")
    due = new_year(1).isoformat()

    assert until(lambda: (stored(blobs, "changed") or {}).get("Next") == due, "a new Next")
    assert not host.said("^CHANGED")


def test_failure_is_not_retried(host):
    host.saw("^SLOW", 2)

    assert len(host.said(r"Executed 'Functions.fails' \(Failed")) == 1


def test_retry_policy_is_followed(host):
    """As often as the policy says, each with its count."""
    assert host.saw("^RETRIED", 3) == ["RETRIED 0 of 2", "RETRIED 1 of 2", "RETRIED 2 of 2"]


def test_no_overlap_and_no_catching_up(host):
    """A run longer than its period is followed by one call, not by one per miss."""
    calls = [line.split() for line in host.saw("^SLOW", 3)]
    seconds = [int(second) for *_, second in calls]

    assert {(running, past) for _, running, past, _ in calls} == {("1", "False")}
    assert seconds[1] >= seconds[0] + 2
    assert seconds == sorted(set(seconds))


def test_run_by_hand(host):
    key = {"x-functions-key": host.keys()["master"]}
    with host.client(headers=key) as client:
        answer = client.post("/admin/functions/rapid?wait=1", json={"input": ""})

    assert answer.status_code == 200


def test_only_one_host_fires_and_the_next_takes_over(tmp_path, storage):
    """The lock is released at the end, and who was waiting gets it."""
    code = (
        "app = func.FunctionApp()\n"
        "@app.timer_trigger(arg_name='t', schedule='* * * * * *')\n"
        "def tick(t: func.TimerRequest) -> None: ...\n"
    )
    app = write_app(tmp_path / "app", code, HOST)
    settings = {"AzureWebJobsStorage": storage, "AzureFunctionsWebHost__hostid": "two-hosts"}
    with run_host(app, settings=settings) as first:
        first.saw("Executed 'Functions.tick'")
        with run_host(app, settings=settings) as second:
            second.saw("Timer 'tick' waits: another host holds its lock")
            first.saw("Executed 'Functions.tick'", 3)
            assert not second.said("Executing")
            first.process.send_signal(signal.SIGINT)
            assert first.end() == 0
            second.saw("Executed 'Functions.tick'")
