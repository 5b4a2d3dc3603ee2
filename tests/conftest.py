"""Fixtures for all tests, and Hypothesis profiles: `dev` unless HYPOTHESIS_PROFILE names another.

No deadline per example: on a busy machine it would measure the machine.
"""

import os

from hypothesis import HealthCheck, settings

from tests.azurite import azurite, emulator, storage
from tests.stack import stack

__all__ = ["azurite", "emulator", "stack", "storage"]

_SLOW = [HealthCheck.too_slow]
settings.register_profile("dev", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=1000, deadline=None, suppress_health_check=_SLOW, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
