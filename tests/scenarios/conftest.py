from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.journeys.scene import Scene, scene
from tests.scenarios.visitor import Visitor

__all__ = ["scene"]


@pytest.fixture
def somebody(scene: Scene) -> Iterator[Callable[[], Visitor]]:
    """Each call is another person at another computer."""
    with ExitStack() as open_browsers:
        yield lambda: Visitor(open_browsers.enter_context(scene.browser()))
