"""What is known of events that are not linked: the same in either store."""

from dataclasses import replace

import pytest

from shared.errors import Contended
from shared.store.records import Lease, Settlement
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW

SECONDS = 60.0


async def held(store: Store) -> Lease:
    lease = await store.acquire(KEY, "w1", NOW, SECONDS)
    assert lease is not None
    return lease


async def test_copies_come_and_go(store: Store):
    kept, gone = examples.copy("ev1"), examples.copy("ev2")
    lease = await store.settle(
        await held(store), [Settlement(copy=kept), Settlement(copy=gone)], NOW, SECONDS
    )

    await store.settle(lease, [Settlement(drop_copy="ev2")], NOW, SECONDS)

    assert await store.all_copies(KEY) == [kept]


async def test_of_many_copies_each_is_found(store: Store):
    """More than lie on one shelf, of which some are seen anew and some go."""
    copies = [examples.copy(f"ev{n}") for n in range(300)]
    lease = await store.settle(
        await held(store), [Settlement(copy=copy) for copy in copies], NOW, SECONDS
    )
    anew = [replace(copy, etag="newer") for copy in copies[:40]]
    what = [
        *(Settlement(copy=copy) for copy in anew),
        *(Settlement(drop_copy=copy.event_id) for copy in copies[250:]),
    ]

    await store.settle(lease, what, NOW, SECONDS)

    left = {copy.event_id: copy for copy in [*anew, *copies[40:250]]}
    assert {copy.event_id: copy for copy in await store.all_copies(KEY)} == left
    assert await store.copies(KEY, [copy.event_id for copy in copies]) == left


async def test_a_copy_and_the_link_it_becomes_change_together(store: Store):
    """In settlements of more rows than fit in a transaction."""
    copies = [examples.copy(f"ev{n}") for n in range(60)]
    lease = await store.settle(
        await held(store), [Settlement(copy=copy) for copy in copies], NOW, SECONDS
    )
    links = [
        Settlement(
            link=replace(examples.link(f"a{n}"), event_id=f"ev{n}", etag=""),
            drop_copy=f"ev{n}",
        )
        for n in range(60)
    ]

    with pytest.raises(Contended):
        await store.settle(lease, [*links, links[0]], NOW, SECONDS)

    linked = await store.links_of(KEY, [f"ev{n}" for n in range(60)])
    left = {copy.event_id for copy in await store.all_copies(KEY)}
    assert linked.keys() | left == {copy.event_id for copy in copies}
    assert not linked.keys() & left
