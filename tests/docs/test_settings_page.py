"""docs/local.md describes the settings that are read, and no others."""

import json
import re

from local.run.requirements import ROOT
from shared.settings import SettingsError, read_settings
from tests.docs.pages import rows

SAMPLE = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]


class Asked(dict[str, str]):
    """Notes every name it is asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


def read_by_the_app() -> set[str]:
    asked = Asked(SAMPLE)
    read_settings(asked)
    return asked.names


def described() -> set[str]:
    return {name for row in rows("docs/local.md", "Settings") for name in _names(row[0])}


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_setting_the_app_reads_is_described():
    """Whoever deploys finds each name of shared/settings.py on the page."""
    assert read_by_the_app() - described() == set()


def test_every_setting_described_is_read():
    """By the app or, as the sample shows them, by the host and azure-identity."""
    assert described() - read_by_the_app() - set(SAMPLE) == set()


def test_a_default_on_the_page_is_the_one_in_the_code():
    """Where a row names a default in seconds, a value left out means the same."""
    told = {
        name: int(found[1])
        for row in rows("docs/local.md", "Settings")
        for name in _names(row[0])
        if (found := re.search(r"default (\d+)", row[1]))
    }
    settings = read_settings(SAMPLE)

    assert told == {
        "CALBRIDGE_LEASE_SECONDS": settings.lease_seconds,
        "CALBRIDGE_POLL_SECONDS": settings.poll_seconds,
    }


def test_every_complaint_names_a_described_setting():
    """A deployer told that a setting is wrong can look it up."""
    problems: dict[str, str] = {}
    try:
        read_settings({})
    except SettingsError as error:
        problems = error.problems

    assert problems
    assert set(problems) <= described()
