"""What `python -m local.run` refuses before it starts anything, and what it leaves alone."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local import certs
from local.run import plan, settings
from local.run.command import reset
from local.run.requirements import AZURITE, ROOT, Unmet, check_installation, check_ports

BARE = """
import sys
sys.path.insert(0, ".")
from local.run.__main__ import main
sys.exit(main())
"""
GOOD = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]


def test_a_taken_port_is_named_with_who_needs_it():
    """One sentence: the port, the service, what to do."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(Unmet, match=f"Port {port}, which vault needs, is taken: stop"):
            check_ports([("vault", port)])
    check_ports([("vault", port)])


def test_without_node_nothing_starts(tmp_path):
    """Exit status 2 and one sentence that says what to install."""
    ran = subprocess.run(
        [sys.executable, "-m", "local.run"],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        "Azurite needs Node.js: install Node.js 20 or newer, with npm, and run `make setup`."
    ]


def test_without_azurite_setup_is_asked_for(tmp_path):
    """A checkout without node_modules is told to run make setup."""
    with pytest.raises(Unmet, match="Azurite is not installed: run `make setup`"):
        check_installation(tmp_path)


def test_without_the_packages_setup_is_asked_for():
    """An interpreter outside the virtual environment gets a sentence, not a traceback."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", BARE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stderr.splitlines() == [
        "The Python package 'azure.functions' is not installed: run `make setup`."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", 'must be an object with "Values"'),
        ("{}", 'must have "Values"'),
        ('{"IsEncrypted": true, "Values": {}}', "func settings decrypt"),
        (json.dumps({"Values": GOOD | {"A": 1}}), "Setting A .* must be a string"),
        (json.dumps({"Values": {}}), 'FUNCTIONS_WORKER_RUNTIME .* must be "python"'),
        (
            json.dumps({"Values": {"FUNCTIONS_WORKER_RUNTIME": "python"}}),
            "AzureWebJobsStorage is missing.*CALBRIDGE_VAULT_URL is missing",
        ),
        (
            json.dumps({"Values": GOOD | {"CALBRIDGE_VAULT_URL": "127.0.0.1:8444"}}),
            "Correct local.settings.json: CALBRIDGE_VAULT_URL is no https URL",
        ),
    ],
)
def test_a_bad_settings_file_is_refused_by_name(tmp_path, text, sentence):
    """The sentence names the file or the setting and what would be right."""
    (tmp_path / "local.settings.json").write_text(text)

    with pytest.raises(Unmet, match=sentence):
        settings.load(settings.choose(tmp_path))


def test_the_developers_own_settings_stand_alone(tmp_path):
    """Like Core Tools, nothing of the sample is mixed in."""
    (tmp_path / "local.settings.sample.json").write_text(json.dumps({"Values": GOOD | {"A": "1"}}))
    sample = settings.load(settings.choose(tmp_path))
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": GOOD | {"B": "2"}}))

    assert sample == GOOD | {"A": "1"}
    assert settings.load(settings.choose(tmp_path)) == GOOD | {"B": "2"}


def test_every_sample_setting_is_described():
    """Whoever copies the sample finds each of its names in docs/local.md."""
    described = (ROOT / "docs" / "local.md").read_text()

    assert [name for name in GOOD if f"`{name}`" not in described] == []


def test_the_sample_points_at_what_is_started():
    """Every URL of the sample settings is one that a service of the plan listens on."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    ports = {port for s in _services(sample) for port in s.ports}
    urls = [value for value in sample.values() if value.startswith("http")]

    assert len(urls) >= 6
    assert {urlsplit(url).port for url in urls} <= ports
    assert sample["AZURE_TENANT_ID"] == plan.VENDOR_TENANT


def test_a_shift_moves_every_port_and_every_setting_that_names_one():
    """Beside a run on the standard ports another finds all its own parts, storage included."""
    moved = settings.load(ROOT / settings.SAMPLE, shift=1000)
    standard = {port for service in _services(GOOD) for port in service.ports}
    ports = {port for service in _services(moved, 1000) for port in service.ports}
    named = {int(port) for port in re.findall(r"//[\w.]+:(\d+)", " ".join(moved.values()))}

    assert ports == {port + 1000 for port in standard}
    assert named == ports
    assert moved["CALBRIDGE_CLIENT_ID"] == GOOD["CALBRIDGE_CLIENT_ID"]
    assert settings.load(ROOT / settings.SAMPLE) == GOOD


@pytest.mark.parametrize("shift", ["-1", "60000"])
def test_a_shift_out_of_range_is_refused(shift):
    """Ports end at 65535."""
    ran = subprocess.run(
        [sys.executable, "-m", "local.run", "--shift", shift],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 2
    assert f"A shift of {shift} is out of range: use 0 to 55533." in ran.stderr


def test_the_app_gets_its_settings_and_the_demo_no_secret_of_it():
    """The host has all values and the trusted roots; the demo only what a host app knows."""
    values = {"CALBRIDGE_API_KEYS": "a", "CALBRIDGE_CLIENT_SECRET": "b"}
    services = {service.name: service for service in _services(values)}

    assert list(services) == ["azurite", "vault", "twin", "host", "demo"]
    assert values.items() <= services["host"].environment.items()
    assert "CALBRIDGE_CLIENT_SECRET" not in services["demo"].environment
    assert {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} <= set(services["demo"].environment)


def test_the_twin_is_told_no_secret_of_a_real_registration():
    """The app's secret reaches the twin only when the twin is the authority."""
    real = GOOD | {"CALBRIDGE_AUTHORITY": "https://login.microsoftonline.com"}
    played, bypassed = (_services(values)[2] for values in (GOOD, real))

    assert (played.name, bypassed.name) == ("twin", "twin")
    assert GOOD["CALBRIDGE_CLIENT_SECRET"] in played.command
    assert GOOD["CALBRIDGE_CLIENT_SECRET"] not in bypassed.command


def test_the_welcome_names_the_demo_first():
    """The last line says where to look, and begins with READY."""
    line = plan.welcome(_services({}))

    assert line.startswith("READY demo http://localhost:8080 · host http://localhost:7071")


def test_a_reset_keeps_only_the_certificates(tmp_path):
    """State is gone; a browser that trusts the authority need not be told again."""
    certs.ensure(tmp_path / "certs")
    (tmp_path / "azurite").mkdir()
    (tmp_path / "azurite" / "tables.json").write_text("{}")
    (tmp_path / "vault.json").write_text("{}")
    reset(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == ["certs"]
    assert (tmp_path / "certs" / "ca.pem").exists()


def test_azurite_is_where_the_plan_looks_for_it():
    """The lock file's package has the program that is started."""
    assert (ROOT / AZURITE).exists()


def _services(values: dict[str, str], shift: int = 0):
    files = certs.Certificates(Path("certs"))
    return plan.services(plan.Place(Path(".local"), files, Path("settings"), shift), values)
