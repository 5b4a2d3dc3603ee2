"""The services of a local run, in the order in which they start."""

import sys
from pathlib import Path

from local.certs import Certificates
from local.run.requirements import AZURITE
from local.run.service import Service

VENDOR_TENANT = "11111111-0000-4000-8000-000000000001"
BLOB, QUEUE, TABLE = 10000, 10001, 10002
TWIN, VAULT, HOST, DEMO = 8443, 8444, 7071, 8080
# What a host app needs to know of Calbridge, and no more.
DEMO_SETTINGS = ("CALBRIDGE_PUBLIC_URL", "CALBRIDGE_API_KEYS")


def services(state: Path, files: Certificates, settings: dict[str, str]) -> list[Service]:
    trust = files.environment() | {"PYTHONUNBUFFERED": "1"}
    shown = {name: settings[name] for name in DEMO_SETTINGS if name in settings}
    return [
        _azurite(state),
        _vault(state, files, trust),
        _twin(state, files, settings, trust),
        Service(
            "host",
            _python("local.host", "--app", ".", "--port", HOST, "--state", state / "host"),
            (HOST,),
            settings | trust,
            after=("azurite", "vault", "twin"),
            url=f"http://localhost:{HOST}",
            stop_within=35,
        ),
        Service(
            "demo",
            _python("local.demo", "--port", DEMO),
            (DEMO,),
            shown | trust,
            after=("host", "twin"),
            url=f"http://localhost:{DEMO}",
        ),
    ]


def _azurite(state: Path) -> Service:
    ports = ("--blobPort", BLOB, "--queuePort", QUEUE, "--tablePort", TABLE)
    flags = ("--silent", "--skipApiVersionCheck", "--disableTelemetry")
    command = ("node", AZURITE, *flags, "--location", state / "azurite", *ports)
    return Service("azurite", tuple(str(part) for part in command), (BLOB, QUEUE, TABLE))


def _vault(state: Path, files: Certificates, trust: dict[str, str]) -> Service:
    command = _python(
        *("local.vault", "--port", VAULT, "--certs", files.folder),
        *("--state", state / "vault.json", "--tenant", VENDOR_TENANT),
        *("--authority", f"https://localhost:{TWIN}"),
    )
    return Service("vault", command, (VAULT,), trust, url=f"https://127.0.0.1:{VAULT}")


def _twin(
    state: Path, files: Certificates, settings: dict[str, str], trust: dict[str, str]
) -> Service:
    url = f"https://localhost:{TWIN}"
    command = _python(
        *("local.twin", "--port", TWIN, "--certs", files.folder, "--state", state / "twin.json")
    )
    # A registration with Microsoft is none of the twin's business, least of all its secret.
    if settings.get("CALBRIDGE_AUTHORITY") == url:
        command += ("--app-client-id", settings["CALBRIDGE_CLIENT_ID"])
        command += ("--app-secret", settings.get("CALBRIDGE_CLIENT_SECRET", ""))
    return Service("twin", command, (TWIN,), trust, url=f"{url}/_twin/")


def _python(*arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-m", *(str(argument) for argument in arguments))


def welcome(running: list[Service]) -> str:
    """The line that says where to look, the demo first."""
    places = [f"{service.name} {service.url}" for service in reversed(running) if service.url]
    return f"READY {' · '.join(places)} · Ctrl-C stops all"
