"""Rows of mailboxes: read by stage, changed in lots that fit into one transaction each."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from shared.store.records import MailboxClass, Move, Rollout, RolloutMailbox, Stage
from shared.store.store import Store

# A move takes two rows of a hundred, a new mailbox one.
MOST_MOVED = 45
MOST_NEW = 90
PAGE = 1000


async def rows_in(store: Store, rollout: Rollout, stage: Stage) -> AsyncIterator[RolloutMailbox]:
    after = ""
    while rows := await store.rollout_mailboxes(rollout, stage, after, PAGE):
        after = rows[-1].id
        for row in rows:
            yield row


async def moved(
    store: Store, rollout: Rollout, moves: Iterable[Move], most: int = MOST_MOVED
) -> Rollout:
    waiting = iter(moves)
    while lot := list(islice(waiting, most)):
        rollout = await store.put_rollout(rollout, lot)
    return rollout


def found(rollout: Rollout, name: str, now: datetime) -> RolloutMailbox:
    return RolloutMailbox(rollout.tenant, rollout.id, name, Stage.FOUND, now)


def to_stage(row: RolloutMailbox, stage: Stage, now: datetime, **more: Any) -> Move:
    since = row.since if row.stage is stage else now
    return Move(row, replace(row, stage=stage, since=since, **more))


def to_look_at(row: RolloutMailbox, now: datetime) -> Move:
    fresh = {"kind": MailboxClass.UNSEEN, "problem": "", "tries": 0, "look_at": None}
    return to_stage(row, Stage.FOUND, now, **fresh)
