"""Code, local settings, host.json, requirements and Bicep name the same things."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from shared.settings import read_settings
from tests.infra import sources
from tests.infra.agreement import differences
from tests.infra.sources import FILES, STORE, Sources, gather

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bindings() -> Mapping[str, Mapping[str, Any]]:
    """Of an app of its own: an app gives its functions once, to whoever asks first."""
    import function_app

    app = func.FunctionApp()
    for blueprint in function_app.BLUEPRINTS:
        app.register_functions(blueprint)
    return {
        function.get_function_name(): function.get_dict_repr()["bindings"][0]
        for function in app.get_functions()
    }


def test_all_places_agree(bindings):
    """What the code needs is what infra/ makes, and the other way round."""
    assert differences(gather(ROOT, bindings)) == []


# file, text in it, what takes its place, what must be said
PLANTED = [
    (sources.SETTINGS, '"CALBRIDGE_POLL_SECONDS"', '"CALBRIDGE_PAUSE"', "lacks CALBRIDGE_PAUSE"),
    (sources.SETTINGS, '"CALBRIDGE_POLL_SECONDS"', '"CALBRIDGE_PAUSE"', "settings.py lacks CALBRIDGE_POLL_SECONDS"),
    (sources.SETTINGS, '"CALBRIDGE_LEASE_SECONDS"', '"CALBRIDGE_POLL_SECONDS"', "from CALBRIDGE_LEASE_SECONDS for nothing"),
    (sources.SAMPLE, '"CALBRIDGE_API_KEYS"', '"CALBRIDGE_API_KEY"', "sample.json lacks CALBRIDGE_API_KEYS"),
    (sources.SAMPLE, '"CALBRIDGE_API_KEYS"', '"CALBRIDGE_API_KEY"', "settings.py lacks CALBRIDGE_API_KEY,"),
    (sources.SAMPLE, "queues__maxPollingInterval", "queues__pollingInterval", "host.json lacks extensions.queues.pollingInterval"),
    (sources.HOST, '"maxPollingInterval"', '"maxPolling"', "host.json lacks extensions.queues.maxPollingInterval"),
    (sources.HOST, '"routePrefix": ""', '"routePrefix": "api"', "extensions.http.routePrefix ''"),
    (sources.HOST, '"OpenTelemetry"', '"applicationInsights"', "telemetryMode 'OpenTelemetry'"),
    (sources.HOST, '"version": "2.0"', '"version": "3.0"', "version '2.0'"),
    (sources.HOST, '"maxDequeueCount": 5', '"maxDequeueCount": 3', "says after how many tries"),
    (sources.HOST, '"[4.0.0, 5.0.0)"', '"[3.3.0, 4.0.0)"', "extensionBundle.version '[4.0.0, 5.0.0)'"),
    (sources.HOST, '"Function": "Information"', '"Function": "Warning"', "logLevel.Function Warning the alerts"),
    (sources.HOST, '"default": "Information"', '"default": "None"', "logLevel.default None the alerts"),
    (sources.HOST, '"logLevel"', '"applicationInsights"', "logging.applicationInsights has no effect"),
    (sources.APP_SETTINGS, "    CALBRIDGE_RETURN_URLS:", "    PYTHON_ENABLE_OPENTELEMETRY:", "the host drops the app's logs"),
    (sources.HOST, '"base64"', '"none"', "extensions.queues.messageEncoding 'base64'"),
    (sources.APP_SETTINGS, "    CALBRIDGE_RETURN_URLS:", "    CALBRIDGE_RETURNS:", "settings.bicep lacks CALBRIDGE_RETURN_URLS"),
    (sources.APP_SETTINGS, "    CALBRIDGE_RETURN_URLS:", "    CALBRIDGE_RETURNS:", "settings.py lacks CALBRIDGE_RETURNS"),
    (sources.APP_SETTINGS, "    AzureWebJobsStorage__queueServiceUri:", "    AzureWebJobsStorage__queues:", "lacks AzureWebJobsStorage__queueServiceUri, by which"),
    (sources.NAMES, '"sync-calendar"', '"sync-calendars"', "queues lacks sync-calendar,"),
    (sources.NAMES, '"sync-calendar"', '"sync-calendars"', "queues has sync-calendars,"),
    (sources.NAMES, '"nonces"', '"nonce"', "tables lacks nonces,"),
    (sources.NAMES, '"nonces"', '"nonce"', "tables has nonce,"),
    (sources.NAMES, '"deployments"', '"deployments", "photos"', "deployments alone"),
    (sources.NAMES, '"30 * * * * *"', '"45 * * * * *"', "timers lacks sweep: 30 * * * * *"),
    (sources.NAMES, '"30 * * * * *"', '"45 * * * * *"', "timers has sweep: 45 * * * * *"),
    (sources.NAMES, '"oauth/callback"', '"oauth/back"', "no function has the route oauth/back"),
    (sources.NAMES, '"oauth/callback"', '"oauth/back"', "redirects lacks oauth/callback"),
    (sources.NAMES, '["Calendars.Read", ', '["Calendars.ReadWrite", ', "application.read lacks Calendars.Read,"),
    (sources.NAMES, '["Calendars.Read", ', '["Calendars.ReadWrite", ', "application.read has Calendars.ReadWrite,"),
    (sources.NAMES, '["User.Read", ', '["Mail.Read", "User.Read", ', "permissions.delegated has Mail.Read,"),
    (sources.NAMES, '"GroupMember.Read.All", ', "", "rollouts lacks GroupMember.Read.All,"),
    (sources.NAMES, '"GroupMember.Read.All"', '"Group.Read.All"', "rollouts has Group.Read.All,"),
    (sources.MAIN, "| 'MailboxSettings.Read'", "| 'Mail.Read'", "rollouts lacks Mail.Read,"),
    (sources.REGISTRATION, "names.permissions.rollouts", "['Group.Read.All']", "asks for Group.Read.All by itself"),
    (sources.REGISTRATION, "names.permissions.rollouts", "[]", "'names.permissions.rollouts' to ask for all"),
    (sources.REGISTRATION, "names.permissions.application[reach]", "[]", "permissions.application[reach]' to ask for all"),
    (sources.REGISTRATION, "names.permissions.delegated", "[]", "'names.permissions.delegated' to ask for all"),
    (sources.REGISTRATION, "'DirectoryRole'", "'None'", "to tell wids"),
    (sources.ROLLOUTS, "`GroupMember.Read.All`", "`Group.Read.All`", "disagree on GroupMember.Read.All"),
    (sources.ROLLOUTS, "`GroupMember.Read.All`", "`Group.Read.All`", "disagree on Group.Read.All"),
    (sources.STORAGE, "'${queue}-poison'", "'${queue}-bad'", "make a -poison queue for each"),
    (sources.STORAGE, "for queue in queueNames", "for queue in names.queues", "make the queues of"),
    (sources.STORAGE, "for table in names.tables", "for table in ['due']", "make the tables of"),
    (sources.STORAGE, "for container in names.containers", "for container in []", "make the containers of"),
    (sources.ALERTS, "objectKeys(names.timers)", "['sweep']", "watch the timers of"),
    (sources.REGISTRATION, "map(names.redirects", "map([''", "register the redirects of"),
    (sources.APP, "version: '3.13'", "version: '3.14'", "app.bicep runs 3.14"),
    (sources.APP, "version: '3.13'", "version: '3.12'", "does not test Python 3.12"),
    (sources.APP, "version: '3.13'", "version: '3.12'", "pins no azure-functions-runtime for Python 3.12"),
    (sources.REQUIREMENTS, "azure-functions-runtime==", "azure-functions-runtime>=", "pins no azure-functions-runtime"),
    (sources.WORKFLOW, '"3.13"', '"3.12"', "ci.yml does not test Python 3.13"),
    (f"{STORE}/log.py", 'Table(tables, "changes")', 'Table(tables, "entries")', "tables lacks entries,"),
]  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / STORE, tmp_path / STORE)
    return tmp_path


@pytest.mark.parametrize(("file", "old", "new", "said"), PLANTED)
def test_a_difference_in_a_file_is_found(bindings, copy, file, old, new, said):
    """Each place, changed alone, is named with what it lacks or has too much."""
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))

    assert [line for line in differences(gather(copy, bindings)) if said in line]


@pytest.mark.parametrize(
    ("function", "changed", "said"),
    [
        ("sync_calendar", {"queueName": "other-queue"}, "queues lacks other-queue,"),
        ("sync_calendar", {"queueName": "other-queue"}, "queues has sync-calendar,"),
        ("sync_calendar", {"queueName": "%CALBRIDGE_QUEUE%"}, "sample.json lacks CALBRIDGE_QUEUE,"),
        ("sync_calendar", {"connection": "OTHER"}, "sample.json lacks OTHER,"),
        ("sync_calendar", {"connection": "OTHER"}, "settings.bicep lacks OTHER__queueServiceUri,"),
        ("sweep", {"schedule": "0 0 * * * *"}, "timers lacks sweep: 0 0 * * * *"),
        ("sweep", {"schedule": "%CALBRIDGE_SWEEP%"}, "settings.bicep lacks CALBRIDGE_SWEEP,"),
        ("oauth_callback", {"route": "oauth/done"}, "no function has the route oauth/callback"),
    ],
)  # fmt: skip
def test_a_difference_in_a_binding_is_found(bindings, function, changed, said):
    """A trigger that names another queue, connection, schedule or route is told apart."""
    planted = {**bindings, function: {**bindings[function], **changed}}

    found: Sources = gather(ROOT, planted)

    assert [line for line in differences(found) if said in line]


@pytest.mark.parametrize("credential", ["CALBRIDGE_MANAGED_IDENTITY", "CALBRIDGE_CERTIFICATE"])
def test_what_is_deployed_is_enough(bindings, credential):
    """The app reads what Bicep sets, with either credential, and misses nothing."""
    url, secret = "https://x.example.org/", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    values = {
        name: url if name.endswith(("Uri", "_URL", "_URLS", "AUTHORITY")) else secret
        for name in gather(ROOT, bindings).deployed
    }
    others = {"CALBRIDGE_MANAGED_IDENTITY", "CALBRIDGE_CERTIFICATE"} - {credential}
    chosen = dict.fromkeys(others, "") | {"CALBRIDGE_POLL_SECONDS": "300"}

    read = read_settings(values | chosen | {"CALBRIDGE_CLIENT_IDS": "read=0a1b"})

    assert bool(read.managed_identity) != bool(read.certificate)
    assert (read.table_uri, read.queue_uri) == (url.rstrip("/"), url.rstrip("/"))


def test_a_function_that_is_gone_is_found(bindings):
    """A queue that nobody listens to any more is not made any more."""
    left = {name: one for name, one in bindings.items() if name != "deliver_changes"}

    assert [line for line in differences(gather(ROOT, left)) if "has deliver-changes" in line]
