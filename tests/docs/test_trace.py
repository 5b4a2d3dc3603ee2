"""The traces that docs/operations.md shows are what the app writes, as bench/trace.py shows it."""

import json
import re

from bench.trace import shown, spans_of, traces_of
from local.run.requirements import ROOT
from tests.docs.pages import blocks

PAGE = "docs/operations.md"
_LINE = re.compile(
    r"^ *\d+ ms +[\d.]+  (?P<depth> *)(?P<name>\w+)[^(]*(?:\(\))?[^(]*(?:\(in (?P<run>[\w-]+)\))?$"
)
_SPAN = re.compile(r'\bspan\(\s*"(\w+)"')
_HTTP = re.compile(r"@answers_\w+\n(?:async )?def (\w+)")


def traces() -> list[list[re.Match[str]]]:
    shown = [block.text.splitlines() for block in blocks(PAGE) if block.language == "text"]
    found = [[_LINE.fullmatch(line) for line in lines] for lines in shown]
    return [[line for line in lines if line] for lines in found if all(lines)]


def code(folder: str) -> str:
    return "\n".join(file.read_text() for file in sorted((ROOT / folder).rglob("*.py")))


def test_the_spans_on_the_page_are_those_of_the_code():
    """Every span that the code has a name for is shown, and no other; each trace begins with the
    function that somebody called.
    """
    begun = {lines[0]["name"] for lines in traces()}
    named = {line["name"] for lines in traces() for line in lines[1:]}

    assert named == set(_SPAN.findall(code("shared")))
    assert begun <= set(_HTTP.findall(code("functions")))


def test_the_functions_on_the_page_are_those_that_work_on_queues():
    """What is written, read and delivered is done by the function of a queue."""
    queues = set(json.loads((ROOT / "infra/names.json").read_text())["queues"])
    by_span = {line["name"]: line["run"] for lines in traces() for line in lines if line["run"]}

    assert {"push", "round", "delivery"} <= by_span.keys()
    assert set(by_span.values()) <= queues


def test_a_trace_is_shown_as_the_tree_that_it_is():
    """Spans stand below their parents, at their times, with what they tell and the run of the
    function that they are linked to.
    """
    text = "\n".join(json.dumps(one) for one in (_worked(), _pushed(), _put()))
    traces = traces_of(spans_of(text))

    assert shown("t1", traces) == (
        "    0 ms     90.0  api PUT 201\n   40 ms     12.5    push (in write-appointment)"
    )


def _put() -> dict[str, object]:
    return _span("api", "t1", "a", "elsewhere", 1000, 90.0, method="PUT", status=201)


def _pushed() -> dict[str, object]:
    return _span("push", "t1", "b", "a", 1040, 12.5, links=["t2", "t3"])


def _worked() -> dict[str, object]:
    return _span("write-appointment", "t2", "c", "", 1030, 30.0, queue="write-appointment")


def _span(name, trace, own, parent, start, took, **told) -> dict[str, object]:
    given = {"span": name, "trace": trace, "id": own, "parent": parent, "links": []}
    return given | {"start": start, "milliseconds": took} | told
