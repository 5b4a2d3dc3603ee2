import pytest

from tests.twin.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
