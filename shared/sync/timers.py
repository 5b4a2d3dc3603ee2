"""The safety passes: each reads only what is due, and only wakes workers.

A reminder is put off before it is acted on and dropped after, so that one lost on the way comes
again.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from shared.errors import Contended, TryAgain
from shared.policy.document import Document
from shared.store.records import CalendarKey, Due, DueKind, State
from shared.store.store import Store
from shared.sync.checking import attend
from shared.sync.engine import Engine
from shared.sync.refilling import end_refill
from shared.sync.rest import resting
from shared.sync.sharing import LOWERED
from shared.sync.stalling import waiting_since
from shared.sync.standing import AT_WORK, is_blocked, is_stalled
from shared.sync.transitions import reconsider
from shared.sync.wake import DELIVER, END, GRACE

# A due row is at most this much older than the time it was written for.
ROUNDING = timedelta(minutes=1)
# Calendars whose old contents are dropped in one pass, and how many of each.
FEW = 10
MOST_DROPPED = 99
# An end that has begun is not to be forgotten either.
POLLED = AT_WORK | {State.DISCONNECTING}


async def catch_up(engine: Engine, now: datetime) -> int:
    """Marks the calendars that have been silent for their interval."""
    count = 0
    for due in await engine.store.due(DueKind.POLL, now):
        key = CalendarKey.parse(due.name)
        calendar = await engine.store.calendar(key)
        stale = calendar and calendar.poll_due and calendar.poll_due > due.at + ROUNDING
        if calendar is not None and calendar.state in POLLED and not stale:
            again = now + timedelta(seconds=max(calendar.interval, engine.poll_seconds))
            await engine.store.remind(Due(DueKind.POLL, again, due.name))
            await engine.wake.dirty(key, now)
            count += 1
        await engine.store.forget(due)
    await attend(engine, now)
    await _stand(engine, now)
    return count


async def _stand(engine: Engine, now: datetime) -> None:
    """Gives tenants the state that follows from what they have connected. Whoever changes one at
    the same time is left to it, and looked after in a minute.
    """
    for due in await engine.store.due(DueKind.STANDING, now):
        with suppress(Contended):
            if await reconsider(engine.store, due.name, now):
                await engine.announce(due.name)
            await engine.store.forget(due)


async def renew_subscriptions(engine: Engine, now: datetime) -> int:
    """A round renews what it finds at half life; so it is enough to have one."""
    reminders = await engine.store.due(DueKind.RENEW, now)
    for due in reminders:
        await engine.wake.dirty(CalendarKey.parse(due.name), now)
        await engine.store.forget(due)
    return len(reminders)


async def sweep(engine: Engine, now: datetime) -> int:
    """Finds work whose message or worker was lost, and deliveries whose next try has come."""
    count = 0
    for due in await engine.store.due(DueKind.WORK, now):
        key = CalendarKey.parse(due.name)
        if await engine.has_work(key) and not await _waits_for_person(engine, key):
            await engine.store.remind(Due(DueKind.WORK, now + GRACE, due.name))
            await _tell_if_behind(engine, key, due.at, now)
            await engine.wake.reader(key)
            count += 1
        await engine.store.forget(due)
    await _forget_kept(engine.store, now)
    count += await _refills(engine, now)
    count += await _ends(engine.store, engine, now)
    return count + await _deliveries(engine.store, engine, now)


async def _tell_if_behind(engine: Engine, key: CalendarKey, due: datetime, now: datetime) -> None:
    """Nobody's lease is asked for without need. Where no sweep came in time, the whole app stood
    still: first its workers have a minute to do what waited.
    """
    if now - due <= 5 * GRACE and is_stalled(await waiting_since(engine.store, key), now):
        with suppress(TryAgain):
            await engine.look_behind(key)


async def _forget_kept(store: Store, now: datetime) -> None:
    """A calendar with more of it than goes at once keeps its row, and goes on in a minute."""
    for due in await store.due(DueKind.KEPT, now, limit=FEW):
        key = CalendarKey.parse(due.name)
        tenant = await store.tenant(key.tenant)
        policy = Document.from_json(tenant.policy if tenant else {}).policy_for()
        dropped = await store.drop_kept(key, now - timedelta(days=policy.undo_days), MOST_DROPPED)
        if dropped < MOST_DROPPED:
            await store.forget(due)


async def _waits_for_person(engine: Engine, key: CalendarKey) -> bool:
    """What is pending then is tried again by the poll, once an hour, or when it is resumed; of
    a dry calendar not at all.
    """
    calendar = await engine.store.calendar(key)
    if calendar is None or await engine.store.outbox(key, limit=1):
        return False
    connection = await engine.store.connection(key.tenant, calendar.connection)
    if resting(await engine.store.tenant(key.tenant), connection, calendar):
        return True
    blocked = connection is not None and is_blocked(connection)
    shut = calendar.state is State.ACTION_REQUIRED or calendar.cause == LOWERED
    waits = blocked or calendar.dry or shut
    return waits and await engine.store.marked(key) is None


async def _refills(engine: Engine, now: datetime) -> int:
    reminders = await engine.store.due(DueKind.REFILL, now)
    for due in reminders:
        if await end_refill(engine.store, due.name, now):
            await engine.announce(CalendarKey.parse(due.name).tenant)
        else:
            await engine.store.remind(Due(DueKind.REFILL, now + GRACE, due.name))
        await engine.store.forget(due)
    return len(reminders)


async def _ends(store: Store, engine: Engine, now: datetime) -> int:
    """What was begun to end is looked after until whoever ends it drops the reminder."""
    reminders = await store.due(DueKind.END, now)
    for due in reminders:
        await store.remind(Due(DueKind.END, now + GRACE, due.name))
        await engine.wake.queues.send(END, due.name)
        await store.forget(due)
    return len(reminders)


async def _deliveries(store: Store, engine: Engine, now: datetime) -> int:
    reminders = await store.due(DueKind.DELIVER, now)
    for due in reminders:
        await engine.wake.queues.send(DELIVER, due.name)
        await store.forget(due)
    return len(reminders)
