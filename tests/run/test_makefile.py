"""The Makefile's promises that can be seen without installing anything."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.run.requirements import ROOT

TARGETS = [
    "setup",
    "run",
    "check",
    "test",
    "machine",
    "bugs",
    "journeys",
    "cover",
    "lock",
    "clean",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout as far as make can see: nothing is installed."""
    for name in ("Makefile", "requirements-dev.txt", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        # A make above this one would hand its own options down.
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        | ({"PATH": path} if path else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, script: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("target", TARGETS)
def test_help_explains_every_target(target):
    """`make` alone lists the target with a sentence."""
    lines = make(ROOT, "help").stdout.splitlines()

    assert any(re.match(rf"{target} +\w+", line) for line in lines)


def test_an_unfit_python_is_refused_in_one_sentence(checkout):
    """Before anything is made: which versions fit, and how to name one."""
    old = program(checkout, "old-python", "exit 1")
    ran = make(checkout, "setup", f"PYTHON={old}")

    assert ran.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed: run 'make PYTHON=" in ran.stderr
    assert not (checkout / ".venv").exists()


def test_a_finished_setup_does_nothing(checkout):
    """With the stamps newer than the pins, neither pip nor npm is called."""
    for folder in (".venv", "node_modules"):
        (checkout / folder).mkdir()
        (checkout / folder / ".installed").touch()
    ran = make(checkout, "setup")

    assert ran.returncode == 0
    assert "Nothing to be done" in ran.stdout


def test_new_pins_are_installed(checkout):
    """A stamp older than its pins does not count."""
    for folder in (".venv", "node_modules"):
        (checkout / folder).mkdir()
        (checkout / folder / ".installed").touch()
    os.utime(checkout / ".venv" / ".installed", (0, 0))
    ran = make(checkout, "--dry-run", "setup")

    assert "pip install" in ran.stdout
    assert "npm ci" not in ran.stdout


def test_the_runtime_is_installed_by_its_pin(checkout):
    """Below Python 3.13 the Functions runtime comes with the version of requirements-dev.txt."""
    pins = (checkout / "requirements-dev.txt").read_text()
    pin = re.search(r"^azure-functions-runtime==\S+", pins, re.MULTILINE)
    ran = make(checkout, "--dry-run", "setup")

    assert pin
    assert f"--no-deps --ignore-requires-python --no-compile {pin.group()}" in " ".join(
        ran.stdout.replace("\\\n", " ").split()
    )


def test_reset_and_shift_are_passed_on(checkout):
    """RESET=1 begins from nothing and SHIFT moves ports; without them neither happens."""
    assert "local.run --reset" in make(checkout, "--dry-run", "run", "RESET=1").stdout
    assert "--shift 1000" in make(checkout, "--dry-run", "run", "SHIFT=1000").stdout
    assert "--" not in make(checkout, "--dry-run", "run").stdout.split("local.run")[-1]


def test_host_json_is_what_the_app_is_built_for():
    """Routes without a prefix, and queue settings that make the queue the retry loop."""
    host = json.loads((ROOT / "host.json").read_text())

    assert host["version"] == "2.0"
    assert host["extensions"]["http"]["routePrefix"] == ""
    assert host["extensions"]["queues"]["messageEncoding"] == "base64"
    assert host["extensions"]["queues"]["maxDequeueCount"] > 1
