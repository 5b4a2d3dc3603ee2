"""Measures how long a change takes to the other side, through the whole local stack.

Starts everything of `make run` but the demo (on free ports, in a temporary folder) and reports

- out: a PUT to our API, until Outlook's stand-in shows it, and until the API's answer;
- in: an edit in Outlook, until the host app's webhook has been called with it;
  both for one calendar that is otherwise at rest, one edit at a time;
- many: edits spread evenly over ten calendars, all at once, until the last has reached the other
  side, in either direction;
- burst: PUTs with ?wait=20 at once, all to one calendar, until each has its answer.

With each, the processor time that the services used. Everything runs on one machine, network and
Microsoft cost nothing here, and the queues are polled every 200 ms while they are empty (deployed:
every 2 s); so these figures show what the code adds, and nothing of what Microsoft's delays add.

    python -m bench.lag [--edits 50] [--many 200] [--burst 50] [--only out in many burst]
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from bench.figures import heading, spread, table
from bench.stack import Customer, Stack, customer, running, until

CALENDARS = 10
Run = Callable[[Customer, int], Awaitable[list[tuple[str, list[float]]]]]
PARTS = ("out", "in", "many", "burst")


async def out(one: Customer, edits: int) -> list[tuple[str, list[float]]]:
    who = one.people[0]
    event = await _first(one, who)
    answered: list[float] = []
    shown: list[float] = []
    for number in range(edits):
        await one.at_rest()
        subject = f"out {number}"
        began = time.monotonic()
        putting = asyncio.create_task(_timed(one.put("first", who, subject)))

        async def seen(subject: str = subject) -> bool:
            return await one.subject(who, event) == subject

        shown.append(await until(seen, f"{subject!r} in Outlook") - began)
        answered.append(await putting)
    return [("PUT until answered (202)", answered), ("PUT until in Outlook", shown)]


async def _timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def into(one: Customer, edits: int) -> list[tuple[str, list[float]]]:
    who = one.people[0]
    event = await _first(one, who)
    told: list[float] = []
    for number in range(edits):
        await one.at_rest()
        subject, since = f"in {number}", len(one.receiver.got)
        began = time.monotonic()
        await one.edit(who, event, subject)

        async def heard(subject: str = subject, since: int = since) -> bool:
            return subject in one.heard("updated", since)

        await until(heard, f"{subject!r} delivered", 0.005)
        told.append(one.heard("updated", since)[subject] - began)
    return [("edit in Outlook until the webhook is called", told)]


async def _first(one: Customer, who: str) -> str:
    """The event that is edited again and again."""
    await one.put("first", who, "first", wait=20)
    return (await one.events(who))[0]["id"]


async def many_out(ten: Customer, edits: int) -> list[float]:
    """Seconds from the first PUT until Outlook showed each appointment."""
    wanted = {f"many-{number}" for number in range(edits)}
    began = time.monotonic()
    puts = [
        ten.put(name, ten.people[number % CALENDARS], name)
        for number, name in enumerate(sorted(wanted))
    ]
    putting = asyncio.gather(*puts)
    shown: dict[str, float] = {}

    async def all_shown() -> bool:
        for who in ten.people:
            for event in await ten.events(who):
                shown.setdefault(event["subject"], time.monotonic() - began)
        return wanted <= shown.keys()

    await until(all_shown, "all appointments in Outlook", 0.25)
    await putting
    return [shown[name] for name in wanted]


async def many_in(ten: Customer, edits: int) -> list[float]:
    """Seconds from the first edit until the webhook was called with each."""
    events = [(who, event["id"]) for who in ten.people for event in await ten.events(who)]
    since, began = len(ten.receiver.got), time.monotonic()
    await asyncio.gather(
        *(ten.edit(who, event, f"back-{n}") for n, (who, event) in enumerate(events[:edits]))
    )

    async def all_heard() -> bool:
        return len(ten.heard("updated", since)) >= min(edits, len(events))

    await until(all_heard, "all edits delivered", 0.1)
    return [moment - began for moment in ten.heard("updated", since).values()]


async def burst(one: Customer, puts: int) -> list[float]:
    """Seconds until each PUT had its answer."""

    async def timed(number: int) -> float:
        began = time.monotonic()
        status = await one.put(f"burst-{number}", one.people[0], f"burst {number}", wait=20)
        if status == 202:
            print(f"burst-{number} was not settled within 20 s")
        return time.monotonic() - began

    return await asyncio.gather(*(timed(number) for number in range(puts)))


async def measure(stack: Stack, given: argparse.Namespace) -> None:
    rows: list[list[str]] = []
    async with customer(stack, "one", 1) as one:
        if "out" in given.only:
            rows += await _singles(stack, out, one, given.edits)
        if "in" in given.only:
            rows += await _singles(stack, into, one, given.edits)
        if "burst" in given.only:
            await one.at_rest()
            before = stack.cpu()
            took = await burst(one, given.burst)
            rows.append(_row(f"{given.burst} PUTs with wait, one calendar", took, stack, before))
    if "many" in given.only:
        rows += await _many(stack, given.many)
    await asyncio.sleep(0.1)  # the receivers' last connections end
    head = ["", "n", "p50 ms", "p95 ms", "max ms", "a second", "CPU s"]
    print(f"\n{table(head, rows)}")


async def _many(stack: Stack, edits: int) -> list[list[str]]:
    rows: list[list[str]] = []
    async with customer(stack, "ten", CALENDARS) as ten:
        for name, run in ((f"{edits} PUTs", many_out), (f"{edits} edits in Outlook", many_in)):
            await ten.at_rest()
            before = stack.cpu()
            took = await run(ten, edits)
            rows.append(_row(f"{name}, ten calendars", took, stack, before))
    return rows


async def _singles(stack: Stack, run: Run, one: Customer, edits: int) -> list[list[str]]:
    before = stack.cpu()
    found = await run(one, edits)
    return [_row(name, took, stack, before, together=False) for name, took in found]


def _row(
    name: str,
    took: Sequence[float],
    stack: Stack,
    before: dict[str, float],
    *,
    together: bool = True,
) -> list[str]:
    used = ", ".join(
        f"{service} {now - before.get(service, 0):.1f}" for service, now in stack.cpu().items()
    )
    rate = f"{len(took) / max(took):.1f}" if together else ""
    print(f"{name}: {', '.join(spread(took))} ms", flush=True)
    return [name, str(len(took)), *spread(took), rate, used]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.lag", description=__doc__)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--many", type=int, default=200)
    parser.add_argument("--burst", type=int, default=50)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    print(heading("bench.lag"), flush=True)
    with running() as stack:
        asyncio.run(measure(stack, given))


if __name__ == "__main__":
    main()
