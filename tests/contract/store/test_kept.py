"""What sync took away, and how long it stays: the same in either store."""

from dataclasses import replace
from datetime import timedelta

from shared.store.records import Kept, Origin, Settlement
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW, OTHER

DAY = timedelta(days=1)


async def settled(store: Store, *kept: Kept) -> None:
    lease = await store.acquire(KEY, "w1", NOW, 60)
    assert lease is not None
    await store.release(await store.settle(lease, [Settlement(kept=kept)], NOW, 60))


async def test_what_was_kept_is_listed_newest_first(store: Store):
    """By version as a number, and only of the appointment asked for."""
    await settled(
        store,
        *(examples.kept(version=version) for version in (9, 10, 2)),
        examples.kept("a1-b"),
        examples.kept("a"),
    )

    assert await store.kept(KEY, "a1") == [examples.kept(version=n) for n in (10, 9, 2)]
    assert await store.kept(OTHER, "a1") == []


async def test_both_sides_of_one_version_are_kept(store: Store):
    """A conflict may take a field from either."""
    await settled(store, examples.kept(), examples.kept(side=Origin.OUTLOOK))

    kept = await store.kept(KEY, "a1")
    assert {one.side for one in kept} == {Origin.APP, Origin.OUTLOOK}


async def test_keeping_again_keeps_once(store: Store):
    """Of one version and side the last word stands."""
    later = replace(examples.kept(), at=NOW + DAY)
    await settled(store, examples.kept())
    await settled(store, later)

    assert await store.kept(KEY, "a1") == [later]


async def test_the_old_is_dropped_a_limited_number_at_a_time(store: Store):
    """What is as old as the limit of time itself stays."""
    await settled(
        store,
        *(examples.kept("a1", n, at=NOW - DAY) for n in (1, 2, 3)),
        examples.kept("a1", 4, at=NOW),
    )

    assert await store.drop_kept(KEY, NOW, limit=2) == 2
    assert await store.drop_kept(KEY, NOW, limit=2) == 1
    assert await store.drop_kept(KEY, NOW) == 0
    assert await store.kept(KEY, "a1") == [examples.kept("a1", 4)]


async def test_what_was_kept_goes_with_its_calendar(store: Store):
    calendar = await store.put_calendar(examples.calendar())
    await settled(store, examples.kept())

    await store.drop_calendar(calendar)

    assert await store.kept(KEY, "a1") == []
