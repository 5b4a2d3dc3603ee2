"""The services of a local run, in the order in which they start."""

import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from local.certs import Certificates
from local.run.requirements import AZURITE
from local.run.service import Service
from local.run.settings import STANDARD_PORTS

VENDOR_TENANT = "11111111-0000-4000-8000-000000000001"
# What a host app needs to know, and where the demo finds the twin's people; no secret of ours.
DEMO_SETTINGS = ("CALBRIDGE_PUBLIC_URL", "CALBRIDGE_API_KEYS", "CALBRIDGE_GRAPH_URL")


@dataclass(frozen=True)
class Place:
    """Where a run keeps its state and its certificates, and what it adds to every port."""

    state: Path
    files: Certificates
    settings_file: Path
    shift: int = 0

    def port(self, name: str) -> int:
        return STANDARD_PORTS[name] + self.shift

    def trust(self) -> dict[str, str]:
        return self.files.environment() | {"PYTHONUNBUFFERED": "1"}


def services(place: Place, settings: dict[str, str]) -> list[Service]:
    return [
        _azurite(place),
        _vault(place),
        _twin(place, settings),
        _host(place, settings),
        _demo(place, settings),
    ]


def _azurite(place: Place) -> Service:
    ports = tuple(place.port(name) for name in ("blob", "queue", "table"))
    flags = ("--silent", "--skipApiVersionCheck", "--disableTelemetry")
    options = zip(("--blobPort", "--queuePort", "--tablePort"), ports, strict=True)
    command = ("node", AZURITE, *flags, "--location", place.state / "azurite", *chain(*options))
    return Service("azurite", tuple(str(part) for part in command), ports)


def _vault(place: Place) -> Service:
    port = place.port("vault")
    command = _python(
        *("local.vault", "--port", port, "--certs", place.files.folder),
        *("--state", place.state / "vault.json", "--tenant", VENDOR_TENANT),
        *("--authority", f"https://localhost:{place.port('twin')}"),
    )
    return Service("vault", command, (port,), place.trust(), url=f"https://127.0.0.1:{port}")


def _twin(place: Place, settings: dict[str, str]) -> Service:
    port = place.port("twin")
    url = f"https://localhost:{port}"
    command = _python(
        *("local.twin", "--port", port, "--certs", place.files.folder),
        *("--state", place.state / "twin.json"),
    )
    secret = settings.get("CALBRIDGE_CLIENT_SECRET")
    # A registration with Microsoft is none of the twin's business, least of all its secret.
    if secret and settings.get("CALBRIDGE_AUTHORITY") == url:
        command += ("--app-client-id", settings["CALBRIDGE_CLIENT_ID"], "--app-secret", secret)
    return Service("twin", command, (port,), place.trust(), url=f"{url}/_twin/")


def _host(place: Place, settings: dict[str, str]) -> Service:
    port = place.port("host")
    command = _python(
        *("local.host", "--app", ".", "--port", port, "--state", place.state / "host"),
        *("--log-format", "bare"),
        *("--settings", place.settings_file),
    )
    return Service(
        "host",
        command,
        (port,),
        settings | place.trust(),
        after=("azurite", "vault", "twin"),
        url=f"http://localhost:{port}",
        stop_within=35,
    )


def _demo(place: Place, settings: dict[str, str]) -> Service:
    port = place.port("demo")
    shown = {name: settings[name] for name in DEMO_SETTINGS if name in settings}
    return Service(
        "demo",
        _python("local.demo", "--port", port, "--state", place.state / "demo"),
        (port,),
        shown | place.trust(),
        after=("twin", "host"),
        url=f"http://localhost:{port}",
    )


def _python(*arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-m", *(str(argument) for argument in arguments))


def welcome(running: list[Service]) -> str:
    """The line that says where to look, the demo first."""
    places = [f"{service.name} {service.url}" for service in reversed(running) if service.url]
    return f"READY {' · '.join(places)} · Ctrl-C stops all"
