"""Rollouts and how far their mailboxes are: the same in either store."""

from dataclasses import replace

import pytest

from shared.errors import Contended
from shared.store.records import Move, Rollout, RolloutMailbox, Stage
from shared.store.store import Store

from . import examples


async def begun(store: Store, *names: str) -> tuple[Rollout, list[RolloutMailbox]]:
    """A rollout with these mailboxes, all of them found."""
    moves = [Move(None, examples.rollout_mailbox(name)) for name in names]
    rollout = await store.put_rollout(examples.rollout(), moves)
    return rollout, await store.rollout_mailboxes(rollout, Stage.FOUND)


async def test_a_rollout_and_its_mailboxes_come_back_as_they_were_put(store: Store):
    rollout, (mailbox,) = await begun(store, "m1")

    assert rollout == await store.rollout("acme", "r1")
    assert replace(rollout, etag="") == replace(
        examples.rollout(), counts={"found": 1, "found.trouble": 1}
    )
    assert replace(mailbox, etag="") == examples.rollout_mailbox("m1")


async def test_a_mailbox_gets_from_stage_to_stage_and_is_counted_there(store: Store):
    rollout, (one, two) = await begun(store, "m1", "m2")

    rollout = await store.put_rollout(
        rollout, [Move(one, replace(one, stage=Stage.LIVE)), Move(two, None)]
    )

    assert rollout.counts == {"live": 1, "live.trouble": 1}
    assert await store.rollout_stages(rollout) == {"m1": Stage.LIVE}
    assert await store.rollout_mailboxes(rollout, Stage.FOUND) == []
    (now,) = await store.rollout_mailboxes(rollout, Stage.LIVE)
    assert replace(now, etag="") == replace(one, stage=Stage.LIVE, etag="")


async def test_a_mailbox_may_stay_in_its_stage(store: Store):
    rollout, (one,) = await begun(store, "m1")

    rollout = await store.put_rollout(rollout, [Move(one, replace(one, tries=3))])

    (now,) = await store.rollout_mailboxes(rollout, Stage.FOUND)
    assert (now.tries, rollout.counts["found"]) == (3, 1)


async def test_who_is_late_changes_nothing(store: Store):
    """Neither by an old rollout, nor by a mailbox that has left its stage meanwhile."""
    old, (one,) = await begun(store, "m1")
    new = await store.put_rollout(old, [Move(one, replace(one, stage=Stage.WAITING))])

    with pytest.raises(Contended):
        await store.put_rollout(replace(old, cause="late"))
    with pytest.raises(Contended):
        await store.put_rollout(new, [Move(one, replace(one, stage=Stage.LIVE))])
    with pytest.raises(Contended):
        await store.put_rollout(new, [Move(None, replace(one, stage=Stage.WAITING))])

    assert await store.rollout("acme", "r1") == new
    assert await store.rollout_stages(new) == {"m1": Stage.WAITING}


async def test_mailboxes_are_listed_by_page(store: Store):
    rollout, _ = await begun(store, "m3", "m1", "m2")

    first = await store.rollout_mailboxes(rollout, Stage.FOUND, limit=2)
    rest = await store.rollout_mailboxes(rollout, Stage.FOUND, first[-1].id, limit=2)

    assert [one.id for one in (*first, *rest)] == ["m1", "m2", "m3"]


async def test_rollouts_are_listed_by_tenant_and_page(store: Store):
    for tenant, name in (("acme", "r1"), ("acme", "r2"), ("other", "r3")):
        await store.put_rollout(replace(examples.rollout(), tenant=tenant, id=name))

    assert [one.id for one in await store.rollouts("acme")] == ["r1", "r2"]
    assert [one.id for one in await store.rollouts("acme", after="r1")] == ["r2"]
