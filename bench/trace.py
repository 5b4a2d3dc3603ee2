"""Shows one appointment's way through all functions, as its traces tell it.

Starts everything of `make run` but the demo, puts an appointment through the API, edits it in
Outlook's stand-in, and prints the trace of each: what was done within what and by which function,
milliseconds since the beginning, and how long it took. With a file: all traces that an app left
there by CALBRIDGE_TRACES.

    python -m bench.trace [--file traces.jsonl]
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.stack import Stack, customer, running, until

Span = dict[str, Any]

TOLD = ("method", "route", "count", "status", "outcome")
RUNS = ("queue", "function")


def spans_of(text: str) -> list[Span]:
    return [json.loads(line) for line in text.splitlines()]


def traces_of(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """By their ids, each in the order in which its spans began, and so are they themselves."""
    found: dict[str, list[Span]] = {}
    for one in sorted(spans, key=lambda one: one["start"]):
        found.setdefault(one["trace"], []).append(one)
    return found


def shown(name: str, traces: Mapping[str, Sequence[Span]]) -> str:
    """Where a span is linked to the run of a function, which is of another trace, it names it."""
    began = traces[name][0]["start"]
    return "\n".join(
        f"{one['start'] - began:5} ms {one['milliseconds']:8.1f}  {'  ' * depth}"
        + " ".join([*_told(one), *_runs(one, traces)])
        for one, depth in _tree(traces[name])
    )


def _tree(trace: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """A span whose parent is none of the trace's own stands at the edge."""
    known = {one["id"] for one in trace}

    def below(parent: str, depth: int) -> Iterator[tuple[Span, int]]:
        for one in trace:
            if (one["parent"] if one["parent"] in known else "") == parent:
                yield one, depth
                yield from below(one["id"], depth + 1)

    return below("", 0)


def _told(one: Span) -> list[str]:
    return [one["span"], *(str(one[name]) for name in TOLD if name in one)]


def _runs(one: Span, traces: Mapping[str, Sequence[Span]]) -> list[str]:
    firsts = [traces[link][0] for link in one["links"] if link in traces]
    return [f"(in {first['span']})" for first in firsts if any(name in first for name in RUNS)]


async def both_ways(stack: Stack, file: Path) -> str:
    async with customer(stack, "one", 1) as one:
        await one.put("visit", who := one.people[0], "Visit", wait=20)
        put = await _traced(file, "accept")
        await one.at_rest()
        await one.edit(who, (await one.events(who))[0]["id"], "Visit (moved)")
        edit = await _traced(file, "mark")
    await asyncio.sleep(0.1)  # the receiver's last connections end
    return f"{put}\n\n{edit}"


async def _traced(file: Path, name: str) -> str:
    """The last trace with such a span that has led to a delivery, when there is one."""
    found: list[str] = []

    async def there() -> bool:
        traces = traces_of(spans_of(await asyncio.to_thread(file.read_text)))
        wanted = {name, "delivery"}
        names = [n for n in traces if wanted <= {one["span"] for one in traces[n]}]
        found[:] = [shown(one, traces) for one in names]
        return bool(found)

    await until(there, f"a trace with {name} and its delivery", 0.1)
    return found[-1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.trace", description=__doc__)
    parser.add_argument("--file", type=Path, help="of an app that runs or ran elsewhere")
    given = parser.parse_args()
    if given.file:
        traces = traces_of(spans_of(given.file.read_text()))
        print("\n\n".join(shown(one, traces) for one in traces))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "traces.jsonl")
        with running({"CALBRIDGE_TRACES": str(file)}) as stack:
            print(asyncio.run(both_ways(stack, file)))


if __name__ == "__main__":
    main()
