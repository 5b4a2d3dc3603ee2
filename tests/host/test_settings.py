"""Settings, host.json and connections, by value."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from local.host.errors import StartFailed, Unusable
from local.host.queues import QueueOptions
from local.host.settings import HostJson, Settings, time_span
from local.host.storage import DEVELOPMENT, Account, resolve


def test_names_ignore_case_and_read_two_underscores_as_a_section():
    settings = Settings({"Queue__Name": "work"})

    assert settings.get("queue:NAME") == "work"
    assert settings.section("QUEUE") == {"name": "work"}


def test_expansion_covers_the_whole_text():
    settings = Settings({"STAGE": "test", "unit": "7"})

    assert settings.expand("q-%stage%-%UNIT%") == "q-test-7"
    assert settings.expand("plain") == "plain"


@pytest.mark.parametrize("text", ["%NOWHERE%", "50%", "%%", "a%STAGE"])
def test_expansion_refuses(text):
    """An unset name and a lone % are errors, never text that stays."""
    with pytest.raises(Unusable, match="%"):
        Settings({"STAGE": "test"}).expand(text)


def load(tmp_path: Path, document: object, **settings: str) -> HostJson:
    path = tmp_path / "host.json"
    path.write_text(json.dumps(document))
    return HostJson.load(path, Settings(settings))


def test_environment_overrides_host_json(tmp_path):
    host = load(
        tmp_path,
        {"version": "2.0", "extensions": {"queues": {"batchSize": 4}}},
        AzureFunctionsJobHost__extensions__queues__batchSize="9",
        AzureFunctionsJobHost__extensions__http__routePrefix="v1",
    )

    assert QueueOptions.read(host).batch_size == 9
    assert host.value("extensions.http.routePrefix", "api") == "v1"


def test_queue_defaults(tmp_path):
    """16 at once, half of it as threshold, 5 tries, no delay, 2 s between polls, base64."""
    options = QueueOptions.read(load(tmp_path, {"version": "2.0"}))

    assert QueueOptions(16, 8, 5, 0, 2, "base64", 600) == options


def test_threshold_follows_the_batch_size(tmp_path):
    host = load(tmp_path, {"version": "2.0", "extensions": {"queues": {"batchSize": 4}}})

    assert QueueOptions.read(host).threshold == 2


@pytest.mark.parametrize(
    ("queues", "field"),
    [
        ({"batchSize": 33}, "batchSize"),
        ({"batchSize": "many"}, "batchSize"),
        ({"maxDequeueCount": 0}, "maxDequeueCount"),
        ({"maxPollingInterval": "soon"}, "maxPollingInterval"),
    ],
)
def test_wrong_host_json_names_the_field(tmp_path, queues, field):
    host = load(tmp_path, {"version": "2.0", "extensions": {"queues": queues}})

    with pytest.raises(StartFailed, match=field):
        QueueOptions.read(host)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:02", 2), ("00:00:00.200", 0.2), ("1.02:03:04", 93784), ("00:05", 300)],
)
def test_time_spans(text, seconds):
    assert timedelta(seconds=seconds) == time_span(text)


@pytest.mark.parametrize(
    "name",
    ["ConnectionStrings__AzureWebJobsWork", "AzureWebJobsWork", "ConnectionStrings__Work", "Work"],
)
def test_connection_is_found_under_four_names(name):
    assert Account("AccountName=a") == resolve(Settings({name: "AccountName=a"}), "Work", "queue")


def test_connection_order():
    """The names are tried in the platform's order."""
    names = [
        "ConnectionStrings:AzureWebJobsWork",
        "AzureWebJobsWork",
        "ConnectionStrings:Work",
        "Work",
    ]
    for at, name in enumerate(names):
        settings = Settings({each: each for each in names[at:]})

        assert Account(name) == resolve(settings, "Work", "queue")


def test_no_connection_means_the_hosts_own():
    settings = Settings({"AzureWebJobsStorage": "UseDevelopmentStorage=true"})

    assert Account(DEVELOPMENT) == resolve(settings, "", "queue")


def test_connection_section_names_a_service():
    settings = Settings(
        {
            "Work__queueServiceUri": "https://x.queue.core.windows.net",
            "Work__credential": "managedidentity",
            "Work__clientId": "abc",
        }
    )
    expected = Account("", "https://x.queue.core.windows.net", "managedidentity", "abc")

    assert expected == resolve(settings, "Work", "queue")


def test_connection_section_names_an_account():
    settings = Settings({"AzureWebJobsStorage__accountName": "acme"})

    assert resolve(settings, "", "blob").url == "https://acme.blob.core.windows.net"


def test_unset_connection_says_what_to_set():
    with pytest.raises(Unusable, match="Work__queueServiceUri"):
        resolve(Settings({}), "Work", "queue")


def test_local_settings_become_environment_but_do_not_overwrite_it(tmp_path):
    """Only Values count, and what the environment already says stays."""
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": {"A": "file", "B": "file"}}))
    code = "import os,sys;from pathlib import Path;from local.host.settings import load_environment;load_environment(Path(sys.argv[1]));print(os.environ['A'], os.environ['B'])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={"A": "environment", "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "environment file"
