"""The part of `memory.MemoryStore` that keeps rollouts."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from shared.errors import Contended
from shared.store.counts import counted
from shared.store.keys import escape
from shared.store.memory_directory import insert_or_match
from shared.store.memory_people import MemoryPeople
from shared.store.records import Move, Rollout, RolloutMailbox, Stage

Name = tuple[str, str, Stage, str]


class MemoryRollouts(MemoryPeople):
    def __init__(self) -> None:
        super().__init__()
        self._rollouts: dict[tuple[str, str], Rollout] = {}
        self._members: dict[Name, RolloutMailbox] = {}

    async def put_rollout(self, rollout: Rollout, moves: Sequence[Move] = ()) -> Rollout:
        draft = dict(self._members)
        for move in moves:
            self._move(draft, move)
        rollout = replace(rollout, counts=counted(rollout.counts, moves))
        key = rollout.tenant, rollout.id
        stored = insert_or_match(self._rollouts, key, deepcopy(rollout), self._etag())
        self._members = draft
        return deepcopy(stored)

    def _move(self, draft: dict[Name, RolloutMailbox], move: Move) -> None:
        old, new = move.old, move.new
        if old:
            held = draft.pop(_name(old), None)
            if held is None or held.etag != old.etag:
                raise Contended(reason="a row was changed meanwhile")
        if new and _name(new) in draft:
            raise Contended(reason="a row was changed meanwhile")
        if new:
            draft[_name(new)] = replace(new, etag=self._etag())

    async def rollout(self, tenant: str, rollout: str) -> Rollout | None:
        return deepcopy(self._rollouts.get((tenant, rollout)))

    async def rollouts(self, tenant: str, after: str = "", limit: int = 100) -> list[Rollout]:
        mine = [one for one in self._rollouts.values() if one.tenant == tenant]
        found = sorted(mine, key=lambda one: escape(one.id))
        return deepcopy([one for one in found if escape(one.id) > escape(after)][:limit])

    async def rollout_mailboxes(
        self, rollout: Rollout, stage: Stage, after: str = "", limit: int = 100
    ) -> list[RolloutMailbox]:
        mine = [one for one in self._of_rollout(rollout) if one.stage is stage]
        found = sorted(mine, key=lambda one: escape(one.id))
        return [one for one in found if escape(one.id) > escape(after)][:limit]

    async def rollout_stages(self, rollout: Rollout) -> dict[str, Stage]:
        return {one.id: one.stage for one in self._of_rollout(rollout)}

    def _drop_rollouts(self, tenant: str) -> None:
        self._rollouts = {k: v for k, v in self._rollouts.items() if k[0] != tenant}
        self._members = {k: v for k, v in self._members.items() if k[0] != tenant}

    def _of_rollout(self, rollout: Rollout) -> list[RolloutMailbox]:
        mine = rollout.tenant, rollout.id
        return [one for name, one in self._members.items() if name[:2] == mine]


def _name(mailbox: RolloutMailbox) -> Name:
    return mailbox.tenant, mailbox.rollout, mailbox.stage, mailbox.id
