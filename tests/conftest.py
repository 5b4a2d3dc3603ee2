"""Fixtures for all tests."""

from tests.azurite import azurite, emulator, storage
from tests.stack import stack

__all__ = ["azurite", "emulator", "stack", "storage"]
