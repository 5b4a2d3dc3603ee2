"""Who is no longer to be connected: their calendar ends, unless another rollout wants it."""

from contextlib import suppress
from dataclasses import replace

from shared.errors import Contended
from shared.onboarding.connections import ATTEMPTS, alive
from shared.services import Services
from shared.store.records import (
    Calendar,
    CalendarKey,
    Rollout,
    RolloutMailbox,
    RolloutState,
    Stage,
    State,
)

WANTS = frozenset({Stage.LIVE, Stage.FAILED, Stage.CONNECTING, Stage.WAITING})


async def let_go(
    services: Services, rollout: Rollout, mailbox: RolloutMailbox, cause: str
) -> bool:
    """Begun here, ended by the calendar's worker; what is in Outlook stays. Whether there was
    anything to end. Twice does no harm.
    """
    key = CalendarKey(rollout.tenant, mailbox.id)
    for _ in range(ATTEMPTS):
        calendar = await services.store.calendar(key)
        if calendar is None or calendar.connection != rollout.connection:
            return False
        if calendar.state is not State.DISCONNECTING:
            if not alive(calendar.state) or await _wanted_elsewhere(services, rollout, mailbox):
                return False
            if not await _began(services, calendar, cause):
                continue
        await services.wake.dirty(key, services.clock())
        return True
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")


async def _began(services: Services, calendar: Calendar, cause: str) -> bool:
    await services.wake.remember(calendar.key, services.clock())
    with suppress(Contended):
        ending = replace(calendar, state=State.DISCONNECTING, cause=cause, since=services.clock())
        await services.store.put_calendar(ending)
        return True
    return False


async def _wanted_elsewhere(services: Services, rollout: Rollout, mailbox: RolloutMailbox) -> bool:
    for other in await services.store.rollouts(rollout.tenant, limit=1000):
        if other.id == rollout.id or other.state is RolloutState.CANCELLED:
            continue
        stages = await services.store.rollout_stages(other)
        if stages.get(mailbox.id) in WANTS:
            return True
    return False
