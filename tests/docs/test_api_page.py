"""docs/api.md knows every request there is, and none that is not."""

import json
import re

from local.run.requirements import ROOT
from shared.api.openapi import EVENTS
from shared.changes.delivery import SCHEDULE, TIMEOUT
from shared.store.records import State
from tests.docs.pages import read, rows

METHODS = {"get", "put", "post", "patch", "delete"}


def served() -> set[tuple[str, str]]:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    return {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    }


def listed() -> list[tuple[str, str]]:
    """Paths are given below `v1/tenants/{tenant}` unless they begin with v1."""
    cells = [re.fullmatch(r"`(\w+) ([^`]+)`", row[0]) for row in rows("docs/api.md", "Requests")]
    found = [(cell[1], cell[2]) for cell in cells if cell]
    return [
        (method, f"/{path}" if path.startswith("v1/") else f"/v1/tenants/{{tenant}}/{path}")
        for method, path in found
    ]


def test_every_request_is_listed_once():
    """The table and docs/openapi.json have the same methods and paths."""
    assert sorted(listed()) == sorted(served())


def test_every_type_of_change_is_listed():
    """The types of the log, written out or shortened to their last word."""
    table = " ".join(row[0] for row in rows("docs/api.md", "Changes"))

    for name in EVENTS:
        family, _, last = name.rpartition(".")
        assert f"`{name}`" in table or (f"`{family}." in table and f"`.{last}`" in table)


def test_every_state_is_named():
    """What a calendar, connection or tenant may be in."""
    page = read("docs/api.md")

    assert [state.value for state in State if f"`{state.value}`" not in page] == []


def test_the_pauses_between_deliveries_are_as_described():
    """A receiver that was down can reckon when it is asked again."""
    minute, hour = 60, 3600
    words = {s: f"{s} s" for s in (5,)}
    words |= {m * minute: f"{m} min" for m in (5, 30)}
    words |= {h * hour: f"{h} h" for h in (2, 5, 10, 14, 20, 24)}
    pauses = [words[int(pause.total_seconds())] for pause in SCHEDULE]
    told = " ".join(read("docs/api.md").split())

    assert f"{', '.join(pauses[:-1])} and {pauses[-1]}" in told
    assert f"within {TIMEOUT} seconds" in told
