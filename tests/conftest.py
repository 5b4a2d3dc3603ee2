"""Fixtures for all tests, and Hypothesis profiles: `dev` unless HYPOTHESIS_PROFILE names another.

No deadline per example: on a busy machine it would measure the machine.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.azurite import azurite, emulator, storage
from tests.stack import stack
from tests.telling import measures, spans

__all__ = ["azurite", "emulator", "measures", "spans", "stack", "storage"]

LONGEST = ("machine", "journeys", "scenarios", "browser", "run")

_SLOW = [HealthCheck.too_slow]
settings.register_profile("dev", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=1000, deadline=None, suppress_health_check=_SLOW, print_blob=True
)
settings.register_profile(
    "deep", max_examples=20_000, deadline=None, suppress_health_check=_SLOW, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several processes what takes minutes goes first, so that none ends alone with it."""
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)
