"""Both stores, led through the same histories, answer the same at every step."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Contended
from shared.store.memory import MemoryStore
from shared.store.records import Copy, Due, DueKind, Settlement
from shared.store.store import Store
from shared.store.tables import TableStore
from tests.azurite import Azurite

from . import examples
from .examples import KEY, NOW, OTHER

Step = Callable[["Worker"], Awaitable[Any]]
APPOINTMENTS = ("a1", "a2", "a3")
EVENTS = ("", "ev1", "ev2")


class Worker:
    """Works on one store with what it last saw of it, however old that is."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seen: dict[tuple[str, str], Any] = {}

    def remember(self, kind: str, name: str, record: Any) -> Any:
        self.seen[kind, name] = record
        return record

    def recall(self, kind: str, name: str) -> Any:
        return self.seen.get((kind, name))


def look(appointment: str) -> Step:
    async def step(worker: Worker) -> Any:
        link = await worker.store.link(KEY, appointment)
        pending = await worker.store.pending(KEY, appointment)
        worker.remember("link", appointment, link)
        return link, worker.remember("pending", appointment, pending)

    return step


def accept(appointment: str, event_id: str, version: int) -> Step:
    async def step(worker: Worker) -> Any:
        link = worker.recall("link", appointment) or examples.link(appointment, event_id)
        pending = worker.recall("pending", appointment) or examples.pending(appointment)
        operation = examples.operation(appointment, version)
        await worker.store.accept(KEY, replace(link, version=version), pending, [operation])
        return await worker.store.operation(KEY, appointment, version)

    return step


def acquire(holder: str, minutes: int) -> Step:
    async def step(worker: Worker) -> Any:
        now = NOW + timedelta(minutes=minutes)
        lease = await worker.store.acquire(KEY, holder, now, 60)
        return worker.remember("lease", holder, lease) if lease else None

    return step


def release(holder: str) -> Step:
    async def step(worker: Worker) -> Any:
        if lease := worker.recall("lease", holder):
            await worker.store.release(lease)

    return step


def renew(holder: str) -> Step:
    async def step(worker: Worker) -> Any:
        if lease := worker.recall("lease", holder):
            return worker.remember("lease", holder, await worker.store.renew(lease, NOW, 60))
        return None

    return step


def settle(
    holder: str, appointment: str, event_id: str, number: int, what: frozenset[str]
) -> Step:
    async def step(worker: Worker) -> Any:
        lease, link = worker.recall("lease", holder), worker.recall("link", appointment)
        pending = worker.recall("pending", appointment)
        if not lease:
            return None
        forgets = "forget" in what and link is not None
        settlement = Settlement(
            link=None
            if forgets
            else replace(link or examples.link(appointment), event_id=event_id),
            forget=link if forgets else None,
            event_was=link.event_id if link and link.event_id != event_id else "",
            done=pending if "done" in what else None,
            keep=pending if "keep" in what and "done" not in what else None,
            copy=examples.copy(f"copy{number % 3}") if "copy" in what else None,
            drop_copy=f"copy{(number + 1) % 3}" if "drop" in what else "",
            changes=(examples.change(f"ch{number}"),),
        )
        settled = await worker.store.settle(lease, [settlement], NOW, 60)
        return worker.remember("lease", holder, settled)

    return step


def mark(number: int) -> Step:
    async def step(worker: Worker) -> Any:
        edge = await worker.store.mark(KEY, NOW, [(f"ev{number}", "etag")] * (number % 2))
        return edge, worker.remember("mark", "", await worker.store.marked(KEY))

    return step


def unmark() -> Step:
    async def step(worker: Worker) -> Any:
        if old := worker.recall("mark", ""):
            return await worker.store.unmark(old)
        return None

    return step


def relay(limit: int, *, clears: bool) -> Step:
    async def step(worker: Worker) -> Any:
        outbox = await worker.store.outbox(KEY, limit)
        head = await worker.store.log("acme", outbox)
        if clears:
            await worker.store.clear_outbox(KEY, outbox)
        return outbox, head

    return step


def move_claim(appointment: str, *, here: bool) -> Step:
    async def step(worker: Worker) -> Any:
        old, new = (KEY, OTHER) if here else (OTHER, KEY)
        return await worker.store.move_claim("acme", appointment, old, new)

    return step


def claim(appointment: str, *, here: bool, gives_up: bool) -> Step:
    async def step(worker: Worker) -> Any:
        key = KEY if here else OTHER
        if gives_up:
            await worker.store.release_meeting("acme", appointment, key)
            return await worker.store.unclaim("acme", appointment)
        meeting = await worker.store.claim_meeting("acme", appointment, key, appointment)
        return meeting, await worker.store.claim("acme", appointment, key)

    return step


def remind(minutes: int, *, forgets: bool) -> Step:
    async def step(worker: Worker) -> Any:
        due = Due(DueKind.POLL, NOW + timedelta(minutes=minutes), f"n{minutes % 2}")
        await (worker.store.forget(due) if forgets else worker.store.remind(due))

    return step


def put_calendar(alias: str, *, here: bool, remembered: bool) -> Step:
    async def step(worker: Worker) -> Any:
        key = KEY if here else OTHER
        known = worker.recall("calendar", str(key))
        old = known or examples.calendar(key)
        calendar = replace(old, aliases=(f"{alias}@example.com",))
        stored = await worker.store.put_calendar(calendar, known if remembered else None)
        return worker.remember("calendar", str(key), stored)

    return step


def drop_calendar(*, here: bool) -> Step:
    async def step(worker: Worker) -> Any:
        await worker.store.drop_calendar(examples.calendar(KEY if here else OTHER))

    return step


async def everything(worker: Worker) -> Any:
    store = worker.store
    return (
        [await store.links(key) for key in (KEY, OTHER)],
        await store.links_of(KEY, EVENTS[1:]),
        await store.pendings(KEY),
        sorted(await store.all_copies(KEY), key=lambda copy: copy.event_id),
        await store.outbox(KEY),
        await store.changes("acme"),
        [await store.located("acme", name) for name in APPOINTMENTS],
        await store.due(DueKind.POLL, NOW + timedelta(minutes=2)),
        await store.calendars("acme"),
        [await store.calendar_at("acme", f"{name}@example.com") for name in ("x", "room-1")],
    )


holders = st.sampled_from(("w1", "w2"))
appointments = st.sampled_from(APPOINTMENTS)
numbers = st.integers(0, 5)
parts = st.frozensets(st.sampled_from(("forget", "done", "keep", "copy", "drop")))
STEPS = st.one_of(
    st.builds(look, appointments),
    st.builds(accept, appointments, st.sampled_from(EVENTS), st.integers(1, 3)),
    st.builds(acquire, holders, st.integers(0, 2)),
    st.builds(release, holders),
    st.builds(renew, holders),
    st.builds(settle, holders, appointments, st.sampled_from(EVENTS), numbers, parts),
    st.builds(settle, holders, appointments, st.sampled_from(EVENTS), numbers, parts),
    st.builds(mark, numbers),
    st.builds(unmark),
    st.builds(relay, st.integers(1, 3), clears=st.booleans()),
    st.builds(move_claim, appointments, here=st.booleans()),
    st.builds(claim, appointments, here=st.booleans(), gives_up=st.booleans()),
    st.builds(remind, st.integers(0, 3), forgets=st.booleans()),
    st.builds(put_calendar, st.sampled_from("xy"), here=st.booleans(), remembered=st.booleans()),
    st.builds(drop_calendar, here=st.booleans()),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=5, max_size=30))
def test_both_stores_answer_the_same(emulator: Azurite, steps: list[Step]):
    """Whatever is asked of them, in whatever order, with whatever they said before."""
    asyncio.run(compare(emulator.fresh(), steps))


async def compare(connection: str, steps: list[Step]) -> None:
    async with TableStore(connection) as tables:
        one, other = Worker(MemoryStore()), Worker(tables)
        for step in steps:
            assert await outcome(step, one) == await outcome(step, other)
        assert await outcome(everything, one) == await outcome(everything, other)


async def outcome(step: Step, worker: Worker) -> Any:
    """What the step came to, without the etags, which are each store's own."""
    try:
        return blind(await step(worker))
    except Contended:
        return Contended


def blind(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, Copy | type):
        content = {f.name: blind(getattr(value, f.name)) for f in fields(value)}
        return type(value), content | (
            {"etag": bool(content["etag"])} if "etag" in content else {}
        )
    if isinstance(value, list | tuple):
        return [blind(item) for item in value]
    if isinstance(value, dict):
        return {name: blind(item) for name, item in value.items()}
    return value
