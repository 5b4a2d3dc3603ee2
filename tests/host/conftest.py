from collections.abc import Iterator

import pytest

from tests.host.running import azurite


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    with azurite() as connection:
        yield connection
