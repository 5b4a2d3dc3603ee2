"""A dry rollout goes live: its mailboxes are connected once more, in earnest."""

from dataclasses import replace

from shared.onboarding.rollouts.rows import moved, rows_in, to_stage
from shared.services import Services
from shared.store.records import Rollout, Stage

CONNECTED = (Stage.CONNECTING, Stage.LIVE, Stage.FAILED)


async def lift(services: Services, rollout: Rollout) -> Rollout:
    if not rollout.lifting:
        return rollout
    store, now = services.store, services.clock()
    for stage in CONNECTED:
        dry = [row async for row in rows_in(store, rollout, stage) if row.dry]
        moves = [to_stage(row, Stage.WAITING, now, dry=False) for row in dry]
        rollout = await moved(store, rollout, moves)
    return await store.put_rollout(replace(rollout, lifting=False))
