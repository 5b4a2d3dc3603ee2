"""The host app is told what becomes of a rollout."""

from dataclasses import replace

from shared.onboarding.rollouts.progress import progress_of
from shared.services import Services
from shared.store.records import Change, Rollout, RolloutState

ROLLOUT_STATE = "calbridge.rollout.state"


async def in_state(
    services: Services, rollout: Rollout, state: RolloutState, cause: str = ""
) -> Rollout:
    """Told before it is stored, and named by the state it ends, so that it is told once."""
    if (rollout.state, rollout.cause) == (state, cause):
        return rollout
    now = services.clock()
    told = replace(rollout, state=state, cause=cause, since=now)
    await services.store.log(rollout.tenant, [_change(told, rollout)])
    await services.engine.announce(rollout.tenant)
    return await services.store.put_rollout(told)


async def tell_new(services: Services, rollout: Rollout) -> None:
    await services.store.log(rollout.tenant, [_change(rollout, None)])
    await services.engine.announce(rollout.tenant)


def _change(rollout: Rollout, was: Rollout | None) -> Change:
    progress = progress_of(rollout, rollout.since)
    data = {
        "rollout": rollout.id,
        "ring": rollout.ring,
        "dry": rollout.dry,
        "state": rollout.state.value,
        "was": was.state.value if was else "",
        "cause": rollout.cause,
        "mailboxes": progress.total,
        "percent": progress.percent,
    }
    ends = f"{was.since.isoformat()}.{was.state}" if was else ""
    identity = f"rollout.{rollout.id}.{ends}.{rollout.state}"
    return Change(identity, ROLLOUT_STATE, rollout.id, rollout.since, data)


def name_of(rollout: Rollout) -> str:
    """As the queue's messages and reminders have it."""
    return f"{rollout.tenant}~{rollout.id}"
