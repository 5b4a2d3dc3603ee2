"""Compares what the code needs with what infra/ makes. Each difference says what to add where."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from shared.custody.reach import LADDER, ROLLOUT_ROLES, application_roles, delegated_scopes
from shared.store.records import ConnectionKind, Reach
from tests.infra.sources import (
    ALERTS,
    APP,
    APP_SETTINGS,
    HOST,
    MAIN,
    NAMES,
    REGISTRATION,
    REQUIREMENTS,
    ROLLOUTS,
    SAMPLE,
    SETTINGS,
    STORAGE,
    WORKFLOW,
    Sources,
    overrides,
)

HERE = "tests/infra/agreement.py"
BY_DEFAULT = "its default serves"
CREDENTIAL = "a managed identity takes its place in Azure"
OF_AZURE = "there is no managed identity on this machine"
FOR_VAULT = "how this machine signs in to its stand-in for Key Vault"
TELEMETRY = "the host and Microsoft's exporter read it"
HOST_STORAGE = "the host reads it: an identity in the place of a connection string"

# What host.json must have, and why.
WANTED: dict[str, tuple[Any, str]] = {
    "version": ("2.0", "the host knows no other"),
    "telemetryMode": ("OpenTelemetry", "traces are made for it"),
    "extensions.http.routePrefix": ("", "routes are made for it"),
    "extensions.queues.messageEncoding": ("base64", "messages are made for it"),
    "extensions.queues.maxDequeueCount": (5, "docs/operations.md says after how many tries"),
    "extensionBundle.id": ("Microsoft.Azure.Functions.ExtensionBundle", "queues need it"),
    "extensionBundle.version": ("[4.0.0, 5.0.0)", "Flex Consumption runs Python with no other"),
}

# Where a setting may be missing, and why. What is not missing there may not stand here.
ABSENT: dict[tuple[str, str], str] = {
    (APP_SETTINGS, "AZURE_AUTHORITY_HOST"): FOR_VAULT,
    (APP_SETTINGS, "AZURE_CLIENT_ID"): FOR_VAULT,
    (APP_SETTINGS, "AZURE_CLIENT_SECRET"): FOR_VAULT,
    (APP_SETTINGS, "AZURE_TENANT_ID"): FOR_VAULT,
    (APP_SETTINGS, "AzureWebJobsStorage"): CREDENTIAL,
    (APP_SETTINGS, "CALBRIDGE_CERTIFICATE_PATH"): "no file is there to be read: the vault has it",
    (APP_SETTINGS, "CALBRIDGE_CLIENT_SECRET"): CREDENTIAL,
    (APP_SETTINGS, "CALBRIDGE_CLIENT_SECRET_EXPIRES"): CREDENTIAL,
    (APP_SETTINGS, "CALBRIDGE_DELIVERY_PRIVATE_HOSTS"): "deliveries go to public addresses only",
    (APP_SETTINGS, "CALBRIDGE_GRAPH_URL"): BY_DEFAULT,
    (APP_SETTINGS, "CALBRIDGE_LEASE_SECONDS"): BY_DEFAULT,
    (APP_SETTINGS, "CALBRIDGE_TRACES"): "Application Insights takes its place in Azure",
    (APP_SETTINGS, "FUNCTIONS_WORKER_RUNTIME"): "Flex Consumption refuses it: functionAppConfig",
    (SAMPLE, "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"): OF_AZURE,
    (SAMPLE, "APPLICATIONINSIGHTS_CONNECTION_STRING"): "nothing leaves this machine",
    (SAMPLE, "AzureWebJobsStorage__blobServiceUri"): OF_AZURE,
    (SAMPLE, "AzureWebJobsStorage__clientId"): OF_AZURE,
    (SAMPLE, "AzureWebJobsStorage__credential"): OF_AZURE,
    (SAMPLE, "AzureWebJobsStorage__queueServiceUri"): OF_AZURE,
    (SAMPLE, "AzureWebJobsStorage__tableServiceUri"): OF_AZURE,
    (SAMPLE, "CALBRIDGE_CERTIFICATE"): "a secret takes its place on this machine",
    (SAMPLE, "CALBRIDGE_CERTIFICATE_PATH"): "a secret takes its place on this machine",
    (SAMPLE, "CALBRIDGE_CLIENT_IDS"): BY_DEFAULT,
    (SAMPLE, "CALBRIDGE_LEASE_SECONDS"): BY_DEFAULT,
    (SAMPLE, "CALBRIDGE_MANAGED_IDENTITY"): OF_AZURE,
    (SAMPLE, "CALBRIDGE_POLL_SECONDS"): BY_DEFAULT,
    (SAMPLE, "CALBRIDGE_TRACES"): "nobody reads them, unless they are asked for",
    (SETTINGS, "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"): TELEMETRY,
    (SETTINGS, "AZURE_AUTHORITY_HOST"): FOR_VAULT,
    (SETTINGS, "AZURE_CLIENT_ID"): FOR_VAULT,
    (SETTINGS, "AZURE_CLIENT_SECRET"): FOR_VAULT,
    (SETTINGS, "AZURE_TENANT_ID"): FOR_VAULT,
    (SETTINGS, "AzureWebJobsStorage__blobServiceUri"): HOST_STORAGE,
    (SETTINGS, "AzureWebJobsStorage__credential"): HOST_STORAGE,
    (SETTINGS, "FUNCTIONS_WORKER_RUNTIME"): "the host reads it",
}


def differences(sources: Sources) -> list[str]:
    return [found for check in _CHECKS for found in check(sources)]


def _settings(sources: Sources) -> Iterator[str]:
    places = {SETTINGS: sources.read, SAMPLE: sources.sample, APP_SETTINGS: sources.deployed}
    known = frozenset().union(*places.values())
    for name in sorted(known - {name for name, _ in overrides(known)}):
        there = ", ".join(place for place, names in places.items() if name in names)
        for place, names in places.items():
            if name not in names and (place, name) not in ABSENT:
                yield (
                    f"{place} lacks {name}, which stands in {there}: add it, "
                    f"or say in ABSENT of {HERE} why it is not needed there"
                )
    for place, name in ABSENT:
        if name in places[place] or name not in known:
            yield f"ABSENT of {HERE} excuses {place} from {name} for nothing: take it out"


def _host_values(sources: Sources) -> Iterator[str]:
    for place, names in ((SAMPLE, sources.sample), (APP_SETTINGS, sources.deployed)):
        for name, path in overrides(names):
            if _at(sources.host, path) is None:
                yield f"{HOST} lacks {'.'.join(path)}, which {name} in {place} stands for: add it"
    for path, (value, why) in WANTED.items():
        if _at(sources.host, path.split(".")) != value:
            yield f"{HOST} must have {path} {value!r}: {why}"


def _telemetry(sources: Sources) -> Iterator[str]:
    """Logs go by the host alone, spans and measures by the app alone: nothing is sent twice. What
    an alert waits for is said at the level of Information.
    """
    for category in ("default", "Function"):
        level = sources.host.get("logging", {}).get("logLevel", {}).get(category, "Information")
        if level not in {"Trace", "Debug", "Information"}:
            yield f"{HOST}: with logLevel.{category} {level} the alerts do not hear the app"
    if _at(sources.host, ["logging", "applicationInsights"]) is not None:
        yield f"{HOST}: logging.applicationInsights has no effect with OpenTelemetry: take it out"
    for name in ("PYTHON_ENABLE_OPENTELEMETRY", "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"):
        for place, names in ((SAMPLE, sources.sample), (APP_SETTINGS, sources.deployed)):
            if name in names:
                yield f"{place}: with {name} the host drops the app's logs: take it out"


def _at(node: Any, path: list[str]) -> Any:
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _queues(sources: Sources) -> Iterator[str]:
    bound = {one["queueName"] for one in _of_type(sources, "queueTrigger")}
    yield from _both(bound, "functions/ listens to", sources.names["queues"], "queues")
    yield from _has(sources, STORAGE, "for queue in queueNames", "make the queues")
    yield from _has(sources, STORAGE, "'${queue}-poison'", "make a -poison queue for each queue")


def _tables(sources: Sources) -> Iterator[str]:
    yield from _both(sources.tables, "shared/store uses", sources.names["tables"], "tables")
    yield from _has(sources, STORAGE, "for table in names.tables", "make the tables")


def _containers(sources: Sources) -> Iterator[str]:
    if list(sources.names["containers"]) != ["deployments"]:
        yield f"{NAMES}: containers must be deployments alone, which {APP} deploys from"
    yield from _has(sources, STORAGE, "for container in names.containers", "make the containers")


def _timers(sources: Sources) -> Iterator[str]:
    bound = {
        f"{name}: {one['schedule']}"
        for name, one in sources.bindings.items()
        if one["type"] == "timerTrigger"
    }
    listed = {f"{name}: {schedule}" for name, schedule in sources.names["timers"].items()}
    yield from _both(bound, "functions/ has", listed, "timers")
    yield from _has(sources, ALERTS, "objectKeys(names.timers)", "watch the timers")


def _connections(sources: Sources) -> Iterator[str]:
    for connection in sorted({one["connection"] for one in _of_type(sources, "queueTrigger")}):
        if connection not in sources.sample:
            yield f"{SAMPLE} lacks {connection}, the connection of a queue trigger: add it"
        for part in ("credential", "clientId", "queueServiceUri"):
            if f"{connection}__{part}" not in sources.deployed:
                yield f"{APP_SETTINGS} lacks {connection}__{part}, by which a trigger connects"


def _placeholders(sources: Sources) -> Iterator[str]:
    for function, binding in sources.bindings.items():
        for name in re.findall(r"%([^%]+)%", " ".join(map(str, binding.values()))):
            for place, names in ((SAMPLE, sources.sample), (APP_SETTINGS, sources.deployed)):
                if name not in names:
                    yield f"{place} lacks {name}, which the binding of {function} names: add it"


def _redirects(sources: Sources) -> Iterator[str]:
    """Entra sends people back to these, and only to what is registered."""
    routes = {one["route"] for one in _of_type(sources, "httpTrigger")}
    for path in sources.names["redirects"]:
        if path not in routes:
            yield f"{NAMES}: no function has the route {path} of redirects: take it out"
    for path in ("oauth/callback", "oauth/admin-consent"):
        if path not in sources.names["redirects"]:
            yield f"{NAMES}: redirects lacks {path}, which shared/custody sends to Entra: add it"
    yield from _has(sources, REGISTRATION, "map(names.redirects", "register the redirects")


def _permissions(sources: Sources) -> Iterator[str]:
    listed = sources.names["permissions"]
    for reach in LADDER:
        wanted, where = application_roles(reach), f"permissions.application.{reach.value}"
        given = listed["application"].get(reach.value, [])
        yield from _both(wanted, "shared/custody/reach.py wants", given, where)
    by_msal = {"openid", "profile", "offline_access"}
    scopes = by_msal | set(delegated_scopes(ConnectionKind.ORGANISATION))
    given = listed["delegated"]
    yield from _both(scopes, "an organisation's sign-in asks for", given, "permissions.delegated")
    given = listed["rollouts"]
    yield from _both(ROLLOUT_ROLES, "shared/custody/reach.py wants", given, "permissions.rollouts")
    yield from _registered(sources)


def _registered(sources: Sources) -> Iterator[str]:
    """The registration takes its permissions from the list, all of it, and has none of its own."""
    kinds = ("delegated", "application[reach]", "rollouts")
    for kind in kinds:
        yield from _has(sources, REGISTRATION, f"names.permissions.{kind}", "ask for all")
    yield from _has(sources, REGISTRATION, "groupMembershipClaims: 'DirectoryRole'", "tell wids")
    for name in sorted(_permissions_in(sources.texts[REGISTRATION], "'")):
        yield f"{REGISTRATION} asks for {name} by itself: let {NAMES} have it"
    by_type = _permissions_in(sources.texts[MAIN], "'")
    yield from _both(
        by_type, f"{MAIN} offers", sources.names["permissions"]["rollouts"], "rollouts"
    )
    known = {*sources.names["permissions"]["rollouts"], *application_roles(Reach.READ_WRITE)}
    told = _permissions_in(sources.texts[ROLLOUTS], "`")
    for name in sorted(told ^ (known - {"Calendars.ReadWrite"})):
        yield f"{ROLLOUTS} and permissions.rollouts of {NAMES} disagree on {name}"


def _permissions_in(text: str, quote: str) -> set[str]:
    return set(re.findall(rf"{quote}([A-Z]\w+\.Read[\w.]*){quote}", text))


def _python(sources: Sources) -> Iterator[str]:
    found = re.search(r"runtime: \{ name: 'python', version: '(3\.\d+)' \}", sources.texts[APP])
    version = found[1] if found else "no Python"
    if not found or version not in SpecifierSet(sources.requires):
        yield f"{APP} runs {version}, pyproject.toml takes {sources.requires}: make them agree"
        return
    if version not in sources.pythons:
        yield f"{WORKFLOW} does not test Python {version}, which {APP} runs: add it"
    for library in ("azure-functions", "azure-functions-runtime"):
        if not _pinned(sources.texts[REQUIREMENTS], library, version):
            yield f"{REQUIREMENTS} pins no {library} for Python {version}, which {APP} runs"


def _pinned(requirements: str, library: str, version: str) -> bool:
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    lines = (Requirement(line) for line in requirements.splitlines() if line.strip())
    return any(
        one.name == library
        and str(one.specifier).startswith("==")
        and (one.marker is None or one.marker.evaluate(environment))
        for one in lines
    )


def _of_type(sources: Sources, kind: str) -> list[Any]:
    return [one for one in sources.bindings.values() if one["type"] == kind]


def _has(sources: Sources, place: str, text: str, purpose: str) -> Iterator[str]:
    if text not in sources.texts[place]:
        yield f"{place} must hold {text!r} to {purpose} of {NAMES}"


def _both(needed: Iterable[str], who: str, listed: Iterable[str], where: str) -> Iterator[str]:
    needed, given = set(needed), set(listed)
    for name in sorted(needed - given):
        yield f"{NAMES}: {where} lacks {name}, which {who}: add it there, and nowhere else"
    for name in sorted(given - needed):
        yield f"{NAMES}: {where} has {name}, but it is not what {who}: take it out"


_CHECKS: tuple[Callable[[Sources], Iterator[str]], ...] = (
    *(_settings, _host_values, _telemetry, _queues, _tables, _containers, _timers),
    *(_connections, _placeholders, _redirects, _permissions, _python),
)
