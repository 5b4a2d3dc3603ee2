"""The requirements files are what `make lock` makes of pyproject.toml."""

import tomllib

import pytest
from packaging.requirements import Requirement

from local.run.requirements import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]


def locked(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def fits(wanted: Requirement, pin: Requirement) -> bool:
    version = next(iter(pin.specifier)).version
    return wanted.name.lower() == pin.name.lower() and wanted.specifier.contains(version)


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        *(("requirements.txt", text) for text in RUNTIME),
        *(("requirements-dev.txt", text) for text in RUNTIME + DEVELOPMENT),
    ],
)
def test_a_pin_of_the_project_is_in_the_lock(file, wanted):
    """What is asked for is what is installed."""
    assert any(fits(Requirement(wanted), pin) for pin in locked(file))


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_line_of_a_lock_is_one_version(file):
    """Nothing floats."""
    for pin in locked(file):
        assert [specifier.operator for specifier in pin.specifier] == ["=="]


def test_what_is_deployed_is_what_is_tested():
    """Each runtime pin is in the lock of this machine too, at the same version."""
    here = {(pin.name, str(pin.specifier)) for pin in locked("requirements-dev.txt")}

    assert {(pin.name, str(pin.specifier)) for pin in locked("requirements.txt")} <= here


def test_every_direct_pin_has_its_reason():
    """A dependency without a word of why it is there is one that can go."""
    text = (ROOT / "pyproject.toml").read_text()
    section = text.partition("dependencies = [")[2].partition("\n]")[0]

    for line in section.strip().splitlines():
        assert "#" in line
