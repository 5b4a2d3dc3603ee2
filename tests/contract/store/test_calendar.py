"""Marks, leases, links and settling: the same in either store."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Contended
from shared.store.records import (
    Lease,
    Link,
    OperationState,
    Settlement,
)
from shared.store.store import Store

from . import examples
from .examples import KEY, NOW, OTHER

SECONDS = 60.0
LATER = NOW + timedelta(seconds=SECONDS + 1)


async def held(store: Store, holder: str = "w1") -> Lease:
    lease = await store.acquire(KEY, holder, NOW, SECONDS)
    assert lease is not None
    return lease


async def linked(store: Store, *links: Link) -> list[Link]:
    """Settles new links and gives the lease back; they come back with their etags."""
    lease = await held(store, "setup")
    await store.release(
        await store.settle(lease, [Settlement(link=link) for link in links], NOW, SECONDS)
    )
    found = [await store.link(KEY, link.appointment) for link in links]
    return [link for link in found if link]


class TestMarks:
    async def test_the_first_mark_is_the_edge(self, store: Store):
        """Only the one that makes a clean calendar dirty is told so."""
        assert await store.mark(KEY, NOW)
        assert not await store.mark(KEY, LATER)
        assert await store.mark(OTHER, NOW)

    async def test_of_many_marks_at_once_one_is_the_edge(self, store: Store):
        """And none of their hints is lost."""
        edges = await asyncio.gather(*(store.mark(KEY, NOW, [(f"ev{n}", "e")]) for n in range(6)))

        mark = await store.marked(KEY)
        assert edges.count(True) == 1
        assert mark is not None
        assert {event_id for event_id, _ in mark.hints} == {f"ev{n}" for n in range(6)}

    async def test_a_mark_keeps_its_first_time_and_all_hints(self, store: Store):
        """Of two etags of one event nobody knows the newer: then it has none."""
        await store.mark(KEY, NOW, [("ev1", "a"), ("ev2", "b")])
        await store.mark(KEY, LATER, [("ev1", "c")])
        await store.mark(KEY, LATER, [("ev2", "b")])

        mark = await store.marked(KEY)

        assert mark is not None
        assert (mark.key, mark.since) == (KEY, NOW)
        assert mark.hints == (("ev1", ""), ("ev2", "b"))

    async def test_of_too_many_hints_the_newest_fifty_stay(self, store: Store):
        await store.mark(KEY, NOW, [(f"ev{n}", "x" * 200) for n in range(40)])
        await store.mark(KEY, NOW, [(f"ev{n}", "y" * 200) for n in range(40, 80)])

        mark = await store.marked(KEY)

        assert mark is not None
        assert [event_id for event_id, _ in mark.hints] == [f"ev{n}" for n in range(30, 80)]

    async def test_a_calendar_is_clean_once_unmarked(self, store: Store):
        await store.mark(KEY, NOW)
        mark = await store.marked(KEY)

        assert mark is not None
        assert await store.unmark(mark)
        assert await store.marked(KEY) is None
        assert not await store.unmark(mark)
        assert await store.mark(KEY, NOW)

    async def test_a_mark_that_came_meanwhile_is_not_taken_away(self, store: Store):
        """Even one without hints: the work it asks for has not been done."""
        await store.mark(KEY, NOW)
        mark = await store.marked(KEY)
        await store.mark(KEY, LATER)

        assert mark is not None
        assert not await store.unmark(mark)
        assert await store.marked(KEY) is not None


class TestLeases:
    async def test_one_worker_at_a_time_holds_a_calendar(self, store: Store):
        lease = await held(store, "w1")

        assert (lease.key, lease.holder) == (KEY, "w1")
        assert lease.until == NOW + timedelta(seconds=SECONDS)
        assert await store.acquire(KEY, "w2", NOW, SECONDS) is None
        assert await store.acquire(OTHER, "w2", NOW, SECONDS) is not None

    async def test_of_many_that_ask_at_once_one_gets_the_lease(self, store: Store):
        leases = await asyncio.gather(
            *(store.acquire(KEY, f"w{n}", NOW, SECONDS) for n in range(8))
        )

        assert len([lease for lease in leases if lease]) == 1

    async def test_of_many_that_ask_for_a_stale_lease_one_gets_it(self, store: Store):
        await held(store, "w0")

        leases = await asyncio.gather(
            *(store.acquire(KEY, f"w{n}", LATER, SECONDS) for n in range(1, 9))
        )

        assert len([lease for lease in leases if lease]) == 1

    async def test_a_released_calendar_is_free(self, store: Store):
        await store.release(await held(store, "w1"))

        assert await store.acquire(KEY, "w2", NOW, SECONDS) is not None

    async def test_a_lease_is_over_when_its_time_is(self, store: Store):
        """To the second: at `until` it is over."""
        lease = await held(store, "w1")

        assert await store.acquire(KEY, "w2", lease.until, SECONDS) is not None

    async def test_a_renewed_lease_lasts_longer(self, store: Store):
        lease = await held(store, "w1")
        renewed = await store.renew(lease, lease.until, SECONDS)

        assert renewed.until == lease.until + timedelta(seconds=SECONDS)
        assert await store.acquire(KEY, "w2", LATER, SECONDS) is None

    async def test_its_holder_may_ask_again(self, store: Store):
        """Which gives it a new fence: the old one is worth nothing."""
        lease = await held(store, "w1")
        again = await store.acquire(KEY, "w1", NOW, SECONDS)

        assert again is not None
        with pytest.raises(Contended):
            await store.renew(lease, NOW, SECONDS)
        await store.renew(again, NOW, SECONDS)

    async def test_a_lost_lease_cannot_be_renewed(self, store: Store):
        stale = await held(store, "w1")
        await store.acquire(KEY, "w2", LATER, SECONDS)

        with pytest.raises(Contended):
            await store.renew(stale, LATER, SECONDS)

    async def test_releasing_a_lost_lease_leaves_it_to_its_new_holder(self, store: Store):
        stale = await held(store, "w1")
        await store.acquire(KEY, "w2", LATER, SECONDS)
        await store.release(stale)

        assert await store.acquire(KEY, "w3", LATER, SECONDS) is None

    async def test_a_holder_that_lost_sight_of_the_fence_can_still_release(self, store: Store):
        """After a transaction that failed its lease may be outdated, though it is the holder."""
        lease = await held(store, "w1")
        await store.renew(lease, NOW, SECONDS)
        await store.release(lease)

        assert await store.acquire(KEY, "w2", NOW, SECONDS) is not None


class TestAccepting:
    async def test_what_is_accepted_is_all_there(self, store: Store):
        """Link, index row, pending change and operation, each as it was."""
        await store.accept(KEY, examples.link(), examples.pending(), [examples.operation()])

        link = await store.link(KEY, "a1")
        pending = await store.pending(KEY, "a1")
        assert link is not None
        assert pending is not None
        assert replace(link, etag="") == examples.link()
        assert replace(pending, etag="") == examples.pending()
        assert await store.operation(KEY, "a1", 3) == examples.operation()
        assert await store.links_of(KEY, ["ev1"]) == {"ev1": link}

    async def test_a_second_change_replaces_the_pending_one(self, store: Store):
        """And supersedes its operation, in one go."""
        await store.accept(KEY, examples.link(), examples.pending(), [examples.operation()])
        link, pending = await store.link(KEY, "a1"), await store.pending(KEY, "a1")
        assert link is not None
        assert pending is not None
        old = replace(examples.operation(), state=OperationState.SUPERSEDED)

        await store.accept(
            KEY,
            replace(link, version=4, app=None),
            replace(pending, version=4),
            [old, examples.operation(version=4)],
        )

        found, waiting = await store.link(KEY, "a1"), await store.pending(KEY, "a1")
        assert found is not None
        assert waiting is not None
        assert (found.version, found.app, waiting.version) == (4, None, 4)
        assert await store.operation(KEY, "a1", 3) == old

    async def test_what_is_accepted_together_is_all_there(self, store: Store):
        """Two links of one calendar, each with its pending change and its operation."""
        operations = [examples.operation(), examples.operation("a2")]
        also = [(examples.link("a2", "ev2"), examples.pending("a2"))]
        await store.accept(KEY, examples.link(), examples.pending(), operations, also)

        assert {link.appointment for link in await store.links(KEY)} == {"a1", "a2"}
        assert {pending.appointment for pending in await store.pendings(KEY)} == {"a1", "a2"}
        assert await store.operation(KEY, "a2", 3) == examples.operation("a2")

    async def test_what_is_accepted_together_is_there_whole_or_not_at_all(self, store: Store):
        await store.accept(KEY, examples.link("a2", "ev2"), examples.pending("a2"), [])
        outdated = [(examples.link("a2", "ev2"), examples.pending("a2"))]

        with pytest.raises(Contended):
            await store.accept(KEY, examples.link(), examples.pending(), [], outdated)

        assert await store.link(KEY, "a1") is None
        assert await store.pending(KEY, "a1") is None

    async def test_a_change_of_an_outdated_link_is_not_accepted(self, store: Store):
        """Nothing of it is stored."""
        [link] = await linked(store, examples.link())
        await store.accept(KEY, link, examples.pending(), [])

        with pytest.raises(Contended):
            await store.accept(KEY, link, examples.pending("a2"), [examples.operation("a2")])
        assert await store.pending(KEY, "a2") is None
        assert await store.operation(KEY, "a2", 3) is None

    async def test_of_two_that_change_one_appointment_one_is_accepted(self, store: Store):
        [link] = await linked(store, examples.link())

        outcomes = await asyncio.gather(
            *(
                store.accept(KEY, replace(link, version=4 + n), examples.pending(), [])
                for n in range(2)
            ),
            return_exceptions=True,
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Contended", "NoneType"]

    async def test_pending_changes_are_listed_oldest_first(self, store: Store):
        for age, name in enumerate(("a2", "a3", "a1")):
            pending = examples.pending(name, accepted=NOW - timedelta(minutes=age))
            await store.accept(KEY, examples.link(name, f"ev-{name}"), pending, [])

        assert [p.appointment for p in await store.pendings(KEY)] == ["a1", "a3", "a2"]
        assert [p.appointment for p in await store.pendings(KEY, limit=1)] == ["a1"]

    async def test_an_attempt_is_stored_under_the_fence(self, store: Store):
        """Lease and pending row come back with new etags, good for settling."""
        await store.accept(KEY, examples.link(), replace(examples.pending(), tries=0), [])
        pending = await store.pending(KEY, "a1")
        assert pending is not None
        lease = await held(store)

        renewed, tried = await store.attempt(lease, replace(pending, tries=1), SECONDS, LATER)

        assert tried == await store.pending(KEY, "a1")
        assert (tried.tries, renewed.until) == (1, LATER + timedelta(seconds=SECONDS))
        await store.settle(renewed, [Settlement(done=tried)], NOW, SECONDS)
        assert await store.pending(KEY, "a1") is None

    async def test_an_attempt_without_the_lease_is_not_stored(self, store: Store):
        await store.accept(KEY, examples.link(), examples.pending(), [])
        pending = await store.pending(KEY, "a1")
        assert pending is not None
        stale = await held(store, "w1")
        await store.acquire(KEY, "w2", LATER, SECONDS)

        with pytest.raises(Contended):
            await store.attempt(stale, replace(pending, tries=9), SECONDS, LATER)
        assert await store.pending(KEY, "a1") == pending

    async def test_an_attempt_at_a_replaced_change_is_not_stored(self, store: Store):
        """The fence stays as it was: the lease is still good."""
        await store.accept(KEY, examples.link(), examples.pending(), [])
        old, link = await store.pending(KEY, "a1"), await store.link(KEY, "a1")
        assert old is not None
        assert link is not None
        lease = await held(store)
        await store.accept(KEY, replace(link, version=4), replace(old, version=4), [])

        with pytest.raises(Contended):
            await store.attempt(lease, replace(old, tries=1), SECONDS, NOW)
        await store.renew(lease, NOW, SECONDS)


class TestSettling:
    async def test_everything_of_an_event_is_settled(self, store: Store):
        await store.accept(KEY, examples.link(event_id=""), examples.pending(), [])
        link, pending = await store.link(KEY, "a1"), await store.pending(KEY, "a1")
        assert link is not None
        assert pending is not None
        settlement = Settlement(
            link=replace(link, event_id="ev1"),
            done=pending,
            operations=(examples.operation(),),
            changes=(examples.change(),),
            copy=examples.copy(),
        )

        await store.settle(await held(store), [settlement], NOW, SECONDS)

        settled = await store.link(KEY, "a1")
        assert settled is not None
        assert await store.links_of(KEY, ["ev1", "ev2", "ev1"]) == {"ev1": settled}
        assert await store.pending(KEY, "a1") is None
        assert await store.operation(KEY, "a1", 3) == examples.operation()
        assert await store.outbox(KEY) == [examples.change()]
        assert await store.copies(KEY, ["ev9", "ev8"]) == {"ev9": examples.copy()}

    async def test_a_pending_change_can_be_kept(self, store: Store):
        """With what was learnt about it."""
        await store.accept(KEY, examples.link(), examples.pending(), [])
        pending = await store.pending(KEY, "a1")
        assert pending is not None

        await store.settle(
            await held(store), [Settlement(keep=replace(pending, tries=7))], NOW, SECONDS
        )

        kept = await store.pending(KEY, "a1")
        assert kept is not None
        assert (kept.tries, kept.etag != pending.etag) == (7, True)

    async def test_a_forgotten_link_goes_with_its_index_row(self, store: Store):
        [link] = await linked(store, examples.link())

        await store.settle(await held(store), [Settlement(forget=link)], NOW, SECONDS)

        assert await store.link(KEY, "a1") is None
        assert await store.links_of(KEY, ["ev1"]) == {}

    async def test_a_link_may_change_its_event(self, store: Store):
        [link] = await linked(store, examples.link())
        moved = Settlement(link=replace(link, event_id="ev2"), event_was="ev1")

        await store.settle(await held(store), [moved], NOW, SECONDS)

        assert await store.links_of(KEY, ["ev1", "ev2"]) == {"ev2": await store.link(KEY, "a1")}

    async def test_an_event_may_change_its_link(self, store: Store):
        """Forgotten here and linked there at once, it is found at its new link."""
        [link] = await linked(store, examples.link())
        moved = Settlement(forget=link, link=examples.link("a2"))

        await store.settle(await held(store), [moved], NOW, SECONDS)

        found = await store.links_of(KEY, ["ev1"])
        assert found["ev1"].appointment == "a2"
        assert await store.link(KEY, "a1") is None

    async def test_an_event_may_change_its_link_between_settlements(self, store: Store):
        """In one call, and without losing either."""
        [link] = await linked(store, examples.link())
        moved = [Settlement(forget=link), Settlement(link=examples.link("a2"))]

        await store.settle(await held(store), moved, NOW, SECONDS)

        found = await store.links_of(KEY, ["ev1"])
        assert found["ev1"].appointment == "a2"

    async def test_what_is_not_there_need_not_go(self, store: Store):
        """Dropping a copy or an index row that is not there does not stop a settlement."""
        gone = Settlement(
            link=examples.link(), drop_copy="ev7", event_was="ev8", changes=(examples.change(),)
        )

        lease = await store.settle(await held(store), [gone], NOW, SECONDS)

        assert await store.link(KEY, "a1") is not None
        assert await store.outbox(KEY) == [examples.change()]
        await store.renew(lease, NOW, SECONDS)

    async def test_nobody_settles_without_the_lease(self, store: Store):
        """What a worker does that lost its lease meanwhile leaves no trace."""
        stale = await held(store, "w1")
        await store.acquire(KEY, "w2", LATER, SECONDS)
        settlement = Settlement(link=examples.link(), changes=(examples.change(),))

        with pytest.raises(Contended):
            await store.settle(stale, [settlement], LATER, SECONDS)
        assert await store.link(KEY, "a1") is None
        assert await store.links_of(KEY, ["ev1"]) == {}
        assert await store.outbox(KEY) == []

    async def test_a_released_lease_settles_nothing(self, store: Store):
        lease = await held(store)
        await store.release(lease)

        with pytest.raises(Contended):
            await store.settle(lease, [Settlement(link=examples.link())], NOW, SECONDS)
        assert await store.link(KEY, "a1") is None

    async def test_of_two_workers_that_settle_at_once_one_does(self, store: Store):
        """They hold the same fence, as after a lease that ran out in the middle."""
        lease = await held(store)
        settlements = [
            Settlement(link=examples.link(f"a{n}", f"ev{n}"), changes=(examples.change(f"ch{n}"),))
            for n in range(2)
        ]

        outcomes = await asyncio.gather(
            *(store.settle(lease, [one], NOW, SECONDS) for one in settlements),
            return_exceptions=True,
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Contended", "Lease"]
        assert len(await store.links(KEY)) == len(await store.outbox(KEY)) == 1

    async def test_a_change_accepted_meanwhile_is_not_settled_over(self, store: Store):
        """The settlement leaves no trace, and the lease is still good."""
        await store.accept(KEY, examples.link(), examples.pending(), [])
        link, old = await store.link(KEY, "a1"), await store.pending(KEY, "a1")
        assert link is not None
        assert old is not None
        lease = await held(store)
        await store.accept(KEY, replace(link, version=4), replace(old, version=4), [])

        for settlement in (Settlement(link=link), Settlement(done=old), Settlement(forget=link)):
            with pytest.raises(Contended):
                await store.settle(
                    lease, [replace(settlement, changes=(examples.change(),))], NOW, SECONDS
                )
        found, waiting = await store.link(KEY, "a1"), await store.pending(KEY, "a1")
        assert found is not None
        assert waiting is not None
        assert (found.version, waiting.version) == (4, 4)
        assert await store.outbox(KEY) == []
        await store.renew(lease, NOW, SECONDS)

    async def test_a_pending_change_that_is_gone_is_not_settled(self, store: Store):
        await store.accept(KEY, examples.link(), examples.pending(), [])
        pending = await store.pending(KEY, "a1")
        assert pending is not None
        lease = await store.settle(await held(store), [Settlement(done=pending)], NOW, SECONDS)

        with pytest.raises(Contended):
            await store.settle(lease, [Settlement(done=pending)], NOW, SECONDS)

    async def test_nothing_to_settle_leaves_the_lease_alone(self, store: Store):
        lease = await held(store)

        assert await store.settle(lease, [], NOW, SECONDS) == lease
        await store.renew(lease, NOW, SECONDS)

    async def test_more_than_one_transaction_holds_is_settled(self, store: Store):
        """130 events of three rows each, in order; every transaction renews the lease."""
        lease = await held(store)
        settlements = [
            Settlement(
                link=examples.link(f"a{n:03}", f"ev{n:03}"),
                changes=(examples.change(f"ch{n:03}"),),
            )
            for n in range(130)
        ]

        lease = await store.settle(lease, settlements, LATER, SECONDS)

        assert lease.until == LATER + timedelta(seconds=SECONDS)
        assert len(await store.links(KEY)) == 130
        assert ids(await store.outbox(KEY, 1000)) == [f"ch{n:03}" for n in range(130)]
        await store.renew(lease, NOW, SECONDS)

    async def test_large_contents_are_settled(self, store: Store):
        """Bodies that do not compress, of 300 KB each and 3.6 MB in one call: more than one
        property, one row's share and one transaction may hold.
        """
        lease = await held(store)
        links = [
            replace(
                examples.link(f"a{n:02}", f"ev{n:02}"),
                app=examples.event("Large", examples.noise(f"app{n}", 100_000)),
                base=examples.event("Large", examples.noise(f"base{n}", 100_000)),
                outlook=examples.event("Large", examples.noise(f"outlook{n}", 100_000)),
            )
            for n in range(12)
        ]

        await store.settle(lease, [Settlement(link=link) for link in links], NOW, SECONDS)

        assert [replace(link, etag="") for link in await store.links(KEY)] == links

    async def test_links_are_listed_in_order_and_by_page(self, store: Store):
        names = ["a1", "A1", "b:2", "b.1", "c~1", "c@x"]
        await linked(store, *(examples.link(name, f"ev-{name}") for name in names))

        first = await store.links(KEY, limit=2)
        rest = await store.links(KEY, after=first[-1].appointment)

        assert [link.appointment for link in first + rest] == sorted(names)
        assert await store.links(OTHER) == []


class TestDropping:
    async def test_a_dropped_calendar_is_forgotten_whole(self, store: Store):
        """Record, rows, names, and the appointments and meetings it held."""
        calendar = await store.put_calendar(examples.calendar())
        link = examples.link()
        await store.accept(KEY, link, examples.pending(), [examples.operation()])
        await store.claim("acme", "a1", KEY)
        await store.claim_meeting("acme", link.ical_uid, KEY, "a1")
        await store.mark(KEY, NOW)
        lease = await held(store)
        settlement = Settlement(copy=examples.copy(), changes=(examples.change(),))
        lease = await store.settle(lease, [settlement], NOW, SECONDS)

        await store.drop_calendar(calendar)

        assert await store.calendar(KEY) is None
        assert await store.calendars("acme") == []
        assert await store.calendar_at("acme", "room-1@example.com") is None
        assert await store.links(KEY) == await store.pendings(KEY) == []
        assert await store.all_copies(KEY) == await store.outbox(KEY) == []
        assert await store.operation(KEY, "a1", 3) is None
        assert await store.marked(KEY) is None
        assert await store.located("acme", "a1") is None
        assert await store.claim_meeting("acme", link.ical_uid, OTHER, "x") == (OTHER, "x")
        with pytest.raises(Contended):
            await store.settle(lease, [Settlement(link=link)], NOW, SECONDS)

    async def test_dropping_leaves_the_others_alone(self, store: Store):
        """What another calendar holds meanwhile stays its own."""
        first = await store.put_calendar(replace(examples.calendar(), aliases=("x@example.com",)))
        second = await store.put_calendar(
            replace(examples.calendar(OTHER), aliases=("x@example.com",))
        )
        await store.claim("acme", "a1", OTHER)
        await store.accept(KEY, examples.link(), examples.pending(), [])
        await store.accept(OTHER, examples.link(), examples.pending(), [])

        await store.drop_calendar(first)

        assert await store.calendars("acme") == [second]
        assert await store.calendar_at("acme", "x@example.com") == OTHER
        assert await store.located("acme", "a1") == OTHER
        assert len(await store.links(OTHER)) == 1

    async def test_dropping_twice_is_quiet(self, store: Store):
        calendar = await store.put_calendar(examples.calendar())
        await store.drop_calendar(calendar)
        await store.drop_calendar(calendar)

        assert await store.calendar(KEY) is None

    async def test_a_calendar_of_more_rows_than_a_transaction_holds_is_dropped(self, store: Store):
        calendar = await store.put_calendar(examples.calendar())
        await linked(store, *(examples.link(f"a{n}", f"ev{n}") for n in range(120)))

        await store.drop_calendar(calendar)

        assert await store.links(KEY) == []


def ids(changes: Iterable[object]) -> list[str]:
    return [change.id for change in changes]
