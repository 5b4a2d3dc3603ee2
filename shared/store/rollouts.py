"""Rollouts, and how far each of their mailboxes is.

Table `rollouts`, a tenant's partition: rollout|id a rollout, member|id|stage|mailbox one of its
mailboxes. The stage is part of the key, so that who is in one is found without reading the others,
and a mailbox can leave a stage but once.
"""

from collections.abc import Sequence
from dataclasses import replace

from shared.store.account import Tables
from shared.store.counts import counted
from shared.store.keys import escape
from shared.store.people import People
from shared.store.records import Move, Rollout, RolloutMailbox, Stage
from shared.store.rows import record_of
from shared.store.table import Table, within
from shared.store.transaction import Write, delete, put


class Rollouts(People):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._rollouts = Table(tables, "rollouts")

    async def put_rollout(self, rollout: Rollout, moves: Sequence[Move] = ()) -> Rollout:
        rollout = replace(rollout, counts=counted(rollout.counts, moves))
        partition = escape(rollout.tenant)
        own = put(rollout, partition, _rollout(rollout.id))
        writes = [own, *(write for move in moves for write in _writes(partition, move))]
        etags = await self._rollouts.commit(writes)
        return replace(rollout, etag=etags[0])

    async def rollout(self, tenant: str, rollout: str) -> Rollout | None:
        return await self._rollouts.read(Rollout, escape(tenant), _rollout(rollout))

    async def rollouts(self, tenant: str, after: str = "", limit: int = 100) -> list[Rollout]:
        condition = within(escape(tenant), "rollout|", escape(after))
        return [record_of(Rollout, row) for row in await self._rollouts.query(condition, limit)]

    async def rollout_mailboxes(
        self, rollout: Rollout, stage: Stage, after: str = "", limit: int = 100
    ) -> list[RolloutMailbox]:
        prefix = f"{_members(rollout)}{stage}|"
        condition = within(escape(rollout.tenant), prefix, escape(after))
        rows = await self._rollouts.query(condition, limit)
        return [record_of(RolloutMailbox, row) for row in rows]

    async def rollout_stages(self, rollout: Rollout) -> dict[str, Stage]:
        condition = within(escape(rollout.tenant), _members(rollout))
        rows = await self._rollouts.query(condition, 0, ("id", "stage"))
        return {row.text("id"): Stage(row.text("stage")) for row in rows}


def _rollout(rollout: str) -> str:
    return f"rollout|{escape(rollout)}"


def _members(rollout: Rollout) -> str:
    return f"member|{escape(rollout.id)}|"


def _member(mailbox: RolloutMailbox) -> str:
    return f"member|{escape(mailbox.rollout)}|{mailbox.stage}|{escape(mailbox.id)}"


def _writes(partition: str, move: Move) -> list[Write]:
    """A row that stays where it is is replaced; else the old one goes and the new one comes."""
    old, new = move.old, move.new
    if old and new and _member(old) == _member(new):
        return [put(replace(new, etag=old.etag), partition, _member(new))]
    writes = [delete(partition, _member(old), old.etag)] if old else []
    return [*writes, put(replace(new, etag=""), partition, _member(new))] if new else writes
