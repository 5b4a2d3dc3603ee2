"""One pass over a rollout, whatever woke it: read who is to be connected, look at some of them,
connect some, see who arrived. Each part stores what it found before the next begins, so a pass
that was cut off is simply done again.
"""

import uuid
from dataclasses import replace
from datetime import timedelta

from shared.errors import Contended, Reconnect, TryAgain
from shared.observe import note
from shared.onboarding.connections import alive
from shared.onboarding.rollouts.connecting import (
    IN_FLIGHT,
    connect_waiting,
    count_arrived,
    look_at_found,
)
from shared.onboarding.rollouts.finding import find
from shared.onboarding.rollouts.following import new_day, remind_of_new_day
from shared.onboarding.rollouts.lifting import lift
from shared.onboarding.rollouts.progress import in_trouble, pause_before_next, progress_of
from shared.onboarding.rollouts.telling import in_state, name_of
from shared.services import Services
from shared.store.records import (
    CalendarKey,
    Connection,
    Due,
    DueKind,
    Rollout,
    RolloutState,
    Tenant,
)
from shared.sync.wake import GRACE

LEASE_SECONDS = 60.0
# A rollout that waits for an administrator looks so often whether they have acted.
UNABLE = timedelta(minutes=20)
AT_REST = frozenset({RolloutState.PAUSED, RolloutState.CANCELLED})


async def work(services: Services, name: str) -> None:
    """`name` is `tenant~rollout`. Raises TryAgain when it should be called again.

    Of several messages the one that comes when the next pass is due goes on, the others end; so
    there is one before long, however many were sent.
    """
    key = CalendarKey.parse(name)
    place = CalendarKey(key.tenant, f"rollout-{key.calendar}")
    lease = await services.store.acquire(place, uuid.uuid4().hex, services.clock(), LEASE_SECONDS)
    if lease is None:
        return
    try:
        again = await _worked(services, key)
    except Contended as contended:
        raise TryAgain(1, "the rollout was changed meanwhile") from contended
    finally:
        await services.store.release(lease)
    if again is not None:
        raise TryAgain(again, "a rollout goes on")


async def _worked(services: Services, key: CalendarKey) -> float | None:
    """In how many seconds the next pass is due, if one is."""
    rollout = await services.store.rollout(key.tenant, key.calendar)
    now = services.clock()
    if rollout is None or (rollout.next_pass and now < rollout.next_pass):
        return None
    rollout = await _pass(services, rollout)
    after = pause_before_next(rollout, services.clock()) if _goes_on(rollout) else None
    due = None if after is None else services.clock() + timedelta(seconds=after)
    if rollout.next_pass != due:
        await services.store.put_rollout(replace(rollout, next_pass=due))
    return after


def _is_half_listed(rollout: Rollout) -> bool:
    """Whoever was storing its list died of it, and who asked was told that it failed: half of a
    list is nobody's wish.
    """
    return rollout.listed is None and not rollout.listing


def _goes_on(rollout: Rollout) -> bool:
    if rollout.state in {*AT_REST, RolloutState.ACTION_REQUIRED}:
        return False
    return rollout.listing or rollout.lifting or bool(progress_of(rollout, rollout.since).open)


async def _pass(services: Services, rollout: Rollout) -> Rollout:
    if rollout.state in AT_REST:
        return rollout
    if _is_half_listed(rollout):
        return await in_state(services, rollout, RolloutState.CANCELLED)
    rollout = await new_day(services, rollout)
    if _goes_on(rollout):
        due = Due(DueKind.ROLLOUT, services.clock() + GRACE, name_of(rollout))
        await services.store.remind(due)
    tenant = await services.store.tenant(rollout.tenant)
    connection = await services.store.connection(rollout.tenant, rollout.connection)
    if tenant is None or connection is None or not alive(connection.state):
        return await _unable(services, rollout, "organisation-not-connected")
    try:
        rollout = await _advance(services, tenant, connection, rollout)
    except Reconnect as reconnect:
        return await _unable(services, rollout, reconnect.cause)
    return await _rest(services, rollout)


async def _advance(
    services: Services, tenant: Tenant, connection: Connection, rollout: Rollout
) -> Rollout:
    before = rollout.counts
    rollout = await lift(services, rollout)
    if rollout.listing:
        if rollout.state is RolloutState.CREATED:
            rollout = await in_state(services, rollout, RolloutState.DISCOVERING)
        rollout = await find(services, connection, rollout)
    rollout = await look_at_found(services, connection, rollout)
    rollout, on_their_way = await count_arrived(services, rollout)
    if progress_of(rollout, services.clock()).open and rollout.started is None:
        rollout = await services.store.put_rollout(replace(rollout, started=services.clock()))
    room = IN_FLIGHT - on_their_way
    rollout = await connect_waiting(services, tenant, connection, rollout, room)
    if rollout.counts != before:
        rollout = await services.store.put_rollout(replace(rollout, moved=services.clock()))
    return rollout


async def _rest(services: Services, rollout: Rollout) -> Rollout:
    """In the state that its mailboxes are in; once done it stays so while staff is followed."""
    now = services.clock()
    left = progress_of(rollout, now).open
    note("rollout", tenant=rollout.tenant, state=rollout.state.value, count=left)
    if rollout.done is None and left > in_trouble(rollout):
        return await in_state(services, rollout, RolloutState.CONNECTING)
    if rollout.done is None:
        rollout = await services.store.put_rollout(replace(rollout, done=now))
    await remind_of_new_day(services, rollout)
    return await in_state(services, rollout, RolloutState.DONE)


async def _unable(services: Services, rollout: Rollout, cause: str) -> Rollout:
    """Reminders of one time are one row, however many passes leave them."""
    again = services.clock() + UNABLE
    due = again.replace(minute=again.minute - again.minute % 10, second=0, microsecond=0)
    await services.store.remind(Due(DueKind.ROLLOUT, due, name_of(rollout)))
    return await in_state(services, rollout, RolloutState.ACTION_REQUIRED, cause)
