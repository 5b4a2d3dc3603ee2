"""Staff comes and goes: once a day the directory is read again, and who could not be connected
is looked at again.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.onboarding.rollouts.finding import LASTING
from shared.onboarding.rollouts.rows import moved, rows_in, to_look_at
from shared.onboarding.rollouts.telling import name_of
from shared.services import Services
from shared.store.records import CalendarKey, Due, DueKind, Rollout, RolloutSource, Stage
from shared.sync.wake import CONNECT, GRACE

FOLLOW = timedelta(days=1)
# A reminder is rounded up to a minute, never down.
EARLY = timedelta(minutes=1)
# A message that is later than this was lost, or the worker that took it.
LATE = timedelta(seconds=20)


async def new_day(services: Services, rollout: Rollout) -> Rollout:
    """With something to do, where a day has gone by."""
    now = services.clock()
    if not rollout.follow or rollout.done is None or rollout.listing:
        return rollout
    if rollout.listed is not None and now < rollout.listed + FOLLOW - EARLY:
        return rollout
    if rollout.source is not RolloutSource.LIST:
        return await services.store.put_rollout(replace(rollout, listing=True, moved=now))
    rows = [
        row
        async for row in rows_in(services.store, rollout, Stage.UNREACHABLE)
        if row.kind not in LASTING
    ]
    rollout = await moved(services.store, rollout, [to_look_at(row, now) for row in rows])
    return await services.store.put_rollout(replace(rollout, listed=now, moved=now))


async def remind_of_new_day(services: Services, rollout: Rollout) -> None:
    """The same row whenever it is asked for within one day."""
    if rollout.follow and rollout.listed is not None:
        due = Due(DueKind.ROLLOUT, rollout.listed + FOLLOW, name_of(rollout))
        await services.store.remind(due)


async def remind(services: Services) -> int:
    """The timer's part: wakes rollouts whose worker was lost, and those with a new day."""
    now = services.clock()
    reminders = await services.store.due(DueKind.ROLLOUT, now)
    for due in reminders:
        key = CalendarKey.parse(due.name)
        rollout = await services.store.rollout(key.tenant, key.calendar)
        if rollout is not None and _is_awaited(rollout, now):
            await services.store.remind(Due(DueKind.ROLLOUT, now + GRACE, due.name))
        elif rollout is not None:
            await services.queues.send(CONNECT, due.name)
        await services.store.forget(due)
    return len(reminders)


def _is_awaited(rollout: Rollout, now: datetime) -> bool:
    """A message is under way to it, or was a moment ago."""
    return rollout.next_pass is not None and now < rollout.next_pass + LATE
