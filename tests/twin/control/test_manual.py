"""docs/twin.md names what there is."""

import re
from pathlib import Path

from local.twin.app import create_app
from local.twin.faults import Switches

MANUAL = (Path(__file__).parents[3] / "docs" / "twin.md").read_text()


def test_every_switch_is_documented():
    for name in Switches().to_json():
        assert f"`{name}`" in MANUAL


async def test_every_control_route_is_documented(twin):
    """By its path, with any placeholder, or the part behind the event of a person."""
    control = next(r for r in create_app(twin).routes if r.path == "/_twin")
    for route in control.routes:
        path = re.sub(r"\{(person|tenant|app)\}", r"{.*}", route.path)
        known = re.escape(path).replace(r"\{\.\*\}", r"\{[a-z ]+\}")
        short = re.escape(route.path.replace("/people/{person}/events", ".../events"))
        assert re.search(f"{known}[`?, ]|{short}[`?, ]|/_twin{known}", MANUAL), route.path
