"""Looks at connections by themselves: hourly at one in trouble, which somebody may have mended in
Entra; monthly at every other, so that no refresh token grows old unused.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import Contended, Reconnect, TryAgain
from shared.observe import note
from shared.store.records import Calendar, Connection, Due, DueKind, State
from shared.sync.engine import Engine
from shared.sync.sharing import LOWERED
from shared.sync.standing import AT_WORK, ENDING, Standing, is_of_grant, moved, standing_of
from shared.sync.subscribing import spread
from shared.sync.transitions import (
    HOURLY,
    change_connection,
    check_again,
)

# Entra lets a refresh token go unused for 90 days.
IDLE = timedelta(days=90)
EXERCISE = timedelta(days=30)
WARNING = timedelta(days=14)
# Calendars of one connection that are woken together are spread over so many seconds.
TOGETHER = 60.0
FEW = 100
ROUNDING = timedelta(minutes=1)


async def check(engine: Engine, connection: Connection) -> Connection:
    """Asks for a fresh token and for one of the calendars; tells what has changed. Raises
    TryAgain when Microsoft does not answer.
    """
    calendars = await engine.store.calendars(connection.tenant, connection.id)
    working = [one for one in calendars if one.state in AT_WORK]
    found = await _found(engine, connection, working)
    now = engine.clock()
    told = replace(
        moved(connection, found.state, found.cause, now),
        exercised=connection.exercised if found.state is State.ACTION_REQUIRED else now,
    )
    well = found.state is not State.ACTION_REQUIRED
    told = await check_again(engine.store, told, now + (EXERCISE if well else HOURLY))
    kept = await change_connection(engine.store, connection, told)
    if well:
        was_ill = connection.state is State.ACTION_REQUIRED
        await wake_all(engine, working if was_ill else _failing(working), now)
    await engine.announce(connection.tenant)
    return kept


async def _found(engine: Engine, connection: Connection, working: list[Calendar]) -> Standing:
    try:
        if engine.exercise_grant is not None:
            await engine.exercise_grant(connection)
        if working and connection.state is not State.PAUSED:
            await engine.graph.mailbox(working[0], connection).default_calendar()
    except Reconnect as reconnect:
        note("check", tenant=connection.tenant, connection=connection.id, code=reconnect.cause)
        if is_of_grant(reconnect.cause):
            return Standing(State.ACTION_REQUIRED, reconnect.cause)
    return standing_of(connection) if connection.state is State.PAUSED else Standing(State.ACTIVE)


def _failing(calendars: list[Calendar]) -> list[Calendar]:
    """By themselves, which the grant says nothing of; what a person has to rule on stays held."""
    ill = [one for one in calendars if one.state is State.ACTION_REQUIRED or one.cause == LOWERED]
    return [one for one in ill if one.held is None]


async def wake_all(engine: Engine, calendars: list[Calendar], now: datetime) -> None:
    """After what kept them all from working has passed."""
    together = TOGETHER if len(calendars) > FEW else 0
    for one in calendars:
        await engine.wake.dirty(one.key, now, after=spread(one.key, together))


async def attend(engine: Engine, now: datetime) -> int:
    """The timer's pass: reminded again before it looks, in case that it is cut off."""
    count = 0
    for due in await engine.store.due(DueKind.CHECK, now, limit=FEW):
        tenant, _, name = due.name.partition("~")
        connection = await engine.store.connection(tenant, name)
        if connection is not None and _is_due(connection, due):
            await engine.store.remind(Due(DueKind.CHECK, now + HOURLY, due.name))
            await _attended(engine, connection, now)
            count += 1
        await engine.store.forget(due)
    return count


def _is_due(connection: Connection, due: Due) -> bool:
    later = connection.check_due is not None and connection.check_due > due.at + ROUNDING
    return connection.state not in ENDING and not later


async def _attended(engine: Engine, connection: Connection, now: datetime) -> None:
    try:
        await check(engine, connection)
    except TryAgain:
        with suppress(Contended):
            await _warned(engine, connection, now)


async def _warned(engine: Engine, connection: Connection, now: datetime) -> None:
    """Nobody could use the grant for so long that it is about to lapse."""
    last = connection.exercised or connection.since
    if connection.state is State.ACTIVE and now - last >= IDLE - WARNING:
        ill = moved(connection, State.DEGRADED, "grant-expires", now)
        await change_connection(engine.store, connection, ill)
        await engine.announce(connection.tenant)


async def expect(engine: Engine, connection: Connection) -> Connection:
    """A grant that was just given, to be exercised from now on. Not yet stored."""
    now = engine.clock()
    return replace(await check_again(engine.store, connection, now + EXERCISE), exercised=now)
