"""Fixtures for all tests."""

from tests.azurite import azurite, emulator, storage

__all__ = ["azurite", "emulator", "storage"]
