"""Outbox, log and due index: the same in either store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from shared.store.records import Change, Due, DueKind, Settlement
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW

SECONDS = 60.0


def changes(*names: str) -> list[Change]:
    return [examples.change(name) for name in names]


def numbered(log: list[Change]) -> list[tuple[int, str]]:
    return [(change.number, change.id) for change in log]


class TestOutbox:
    async def test_changes_wait_in_the_order_they_were_settled_in(self, store: Store):
        """Across calls and workers, whatever their clocks say."""
        for worker, names in enumerate((("c", "a"), ("b",), ("d",))):
            lease = await store.acquire(KEY, f"w{worker}", NOW, SECONDS)
            assert lease is not None
            past = NOW - timedelta(hours=worker)
            for name in names:
                lease = await store.settle(
                    lease, [Settlement(changes=tuple(changes(name, name * 2)))], past, SECONDS
                )
            await store.release(lease)

        assert [c.id for c in await store.outbox(KEY)] == [
            "c",
            "cc",
            "a",
            "aa",
            "b",
            "bb",
            "d",
            "dd",
        ]
        assert [c.id for c in await store.outbox(KEY, limit=2)] == ["c", "cc"]

    async def test_what_was_relayed_is_cleared(self, store: Store):
        """Twice does no harm; what came meanwhile stays."""
        lease = await store.acquire(KEY, "w1", NOW, SECONDS)
        assert lease is not None
        many = [
            Settlement(changes=(change,)) for change in changes(*(f"c{n}" for n in range(120)))
        ]
        lease = await store.settle(lease, many, NOW, SECONDS)
        first = await store.outbox(KEY, 110)

        await store.clear_outbox(KEY, first)
        await store.clear_outbox(KEY, first)
        await store.clear_outbox(KEY, [])

        assert [c.id for c in await store.outbox(KEY)] == [f"c{n}" for n in range(110, 120)]

    async def test_a_change_survives_the_outbox_whole(self, store: Store):
        large = replace(examples.change(), data={"text": "ü" * 200_000, "none": None})
        lease = await store.acquire(KEY, "w1", NOW, SECONDS)
        assert lease is not None

        await store.settle(lease, [Settlement(changes=(large,))], NOW, SECONDS)

        assert await store.outbox(KEY) == [large]


class TestLog:
    async def test_an_empty_log_has_no_head(self, store: Store):
        assert await store.head("acme") == 0
        assert await store.changes("acme") == []
        assert await store.log("acme", []) == 0

    async def test_changes_are_numbered_from_one_without_gaps(self, store: Store):
        assert await store.log("acme", changes("x", "y")) == 2
        assert await store.log("acme", changes("z")) == 3

        assert numbered(await store.changes("acme")) == [(1, "x"), (2, "y"), (3, "z")]
        assert await store.head("acme") == 3

    async def test_a_logged_change_comes_back_as_it_was(self, store: Store):
        await store.log("acme", [examples.change()])

        assert await store.changes("acme") == [replace(examples.change(), number=1)]

    async def test_the_log_is_read_from_a_number_on_and_by_page(self, store: Store):
        await store.log("acme", changes(*(f"c{n}" for n in range(1, 13))))

        assert [c.number for c in await store.changes("acme", after=9)] == [10, 11, 12]
        assert [c.number for c in await store.changes("acme", after=1, limit=2)] == [2, 3]
        assert await store.changes("acme", after=12) == []

    async def test_a_change_is_logged_once(self, store: Store):
        """Those already there are skipped, the others take their places without gaps."""
        await store.log("acme", changes("x", "y"))

        assert await store.log("acme", changes("y", "z", "x", "z", "w")) == 4
        assert numbered(await store.changes("acme")) == [(1, "x"), (2, "y"), (3, "z"), (4, "w")]

    async def test_a_change_logged_again_alone_is_skipped(self, store: Store):
        await store.log("acme", changes("x"))

        assert await store.log("acme", changes("x")) == 1

    async def test_the_log_knows_whether_it_has_a_change(self, store: Store):
        await store.log("acme", changes("x"))

        assert await store.is_logged("acme", "x")
        assert not await store.is_logged("acme", "y")
        assert not await store.is_logged("globex", "x")

    async def test_more_than_one_transaction_holds_is_logged(self, store: Store):
        names = [f"c{n:03}" for n in range(100)]

        assert await store.log("acme", changes(*names)) == 100
        assert [c.id for c in await store.changes("acme")] == names

    async def test_large_changes_are_logged(self, store: Store):
        large = [
            replace(examples.change(f"c{n}"), data={"text": examples.noise(f"{n}", 400_000)})
            for n in range(4)
        ]

        await store.log("acme", large)

        assert [replace(c, number=0) for c in await store.changes("acme")] == large

    async def test_many_calendars_log_at_once_without_gaps_or_doubles(self, store: Store):
        """Each calendar's changes stay in their order."""
        lots = [[f"{calendar}-{n}" for n in range(5)] for calendar in "abcd"]

        await asyncio.gather(*(store.log("acme", changes(*lot)) for lot in lots + lots))

        log = numbered(await store.changes("acme"))
        assert [number for number, _ in log] == list(range(1, 21))
        for lot in lots:
            assert [name for _, name in log if name in lot] == lot

    async def test_tenants_have_logs_of_their_own(self, store: Store):
        await store.log("acme", changes("x"))
        await store.log("other", changes("x"))

        assert numbered(await store.changes("other")) == [(1, "x")]


class TestDue:
    async def test_what_is_due_is_found_when_it_is_due(self, store: Store):
        """Rounded up to the minute, never early."""
        await store.remind(Due(DueKind.POLL, NOW, "acme~room-1"))

        full = NOW.replace(second=0, microsecond=0) + timedelta(minutes=1)
        assert await store.due(DueKind.POLL, full - timedelta(seconds=1)) == []
        assert await store.due(DueKind.POLL, full) == [Due(DueKind.POLL, full, "acme~room-1")]
        assert await store.due(DueKind.WORK, full) == []

    async def test_what_is_due_at_a_full_minute_is_due_then(self, store: Store):
        full = NOW.replace(second=0, microsecond=0)
        await store.remind(Due(DueKind.RENEW, full, "x"))

        assert await store.due(DueKind.RENEW, full) == [Due(DueKind.RENEW, full, "x")]

    async def test_the_oldest_comes_first(self, store: Store):
        for minutes, name in ((3, "c"), (1, "a"), (2, "b"), (1, "a2")):
            await store.remind(Due(DueKind.WORK, NOW - timedelta(minutes=minutes), name))

        assert [d.name for d in await store.due(DueKind.WORK, NOW)] == ["c", "b", "a", "a2"]
        assert [d.name for d in await store.due(DueKind.WORK, NOW, limit=2)] == ["c", "b"]

    async def test_reminding_twice_is_once(self, store: Store):
        later = NOW + timedelta(seconds=1)
        await store.remind(Due(DueKind.DELIVER, NOW, "acme~e/1"))
        await store.remind(Due(DueKind.DELIVER, later, "acme~e/1"))

        found = await store.due(DueKind.DELIVER, NOW + timedelta(minutes=1))
        assert [due.name for due in found] == ["acme~e/1"]

    async def test_what_is_forgotten_is_not_due(self, store: Store):
        due = Due(DueKind.WORK, NOW, "x")
        await store.remind(due)
        await store.forget(due)
        await store.forget(due)

        assert await store.due(DueKind.WORK, NOW + timedelta(hours=1)) == []
