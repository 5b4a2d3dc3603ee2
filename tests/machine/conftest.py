import os

from hypothesis import settings


def pytest_configure() -> None:
    """A planted fault is put in before the machine is imported; see `bugs`."""
    name = os.environ.get("PLANTED_FAULT")
    if name:
        from tests.machine.bugs import BUGS

        settings.register_profile("planted", database=None)
        settings.load_profile("planted")
        BUGS[name]()
