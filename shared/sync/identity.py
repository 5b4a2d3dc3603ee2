"""Whose mailbox a calendar is: its names are read again weekly, by the Entra object id, which
stays; and when it is found no more, what has become of its owner.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import Contended, Reconnect, TryAgain
from shared.graph.client import Graph
from shared.graph.seen import Person
from shared.store.keys import mailbox_names
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    Settlement,
    State,
)
from shared.store.store import Store
from shared.sync.closing import MISSING, why_lost
from shared.sync.home import REPLACED, synced
from shared.sync.report import renamed_change
from shared.sync.sharing import cause_of_closing
from shared.sync.shift import Shift
from shared.sync.standing import Standing
from shared.sync.transitions import move_calendar
from shared.sync.wake import ROUND

WEEK = timedelta(days=7)
NOBODY = "mailbox-identity-missing"


def is_due(calendar: Calendar, now: datetime) -> bool:
    return now - (calendar.profile_read or calendar.connected or calendar.since) >= WEEK


def renamed(calendar: Calendar, person: Person, held: Iterable[str], now: datetime) -> Calendar:
    """As the directory shows its owner now. `held` are the names that still lead here."""
    whole = person.aliases or calendar.aliases
    told = replace(
        calendar,
        address=person.address or calendar.address,
        aliases=whole,
        display_name=person.display_name or calendar.display_name,
        former=(),
        profile_read=now,
    )
    return replace(told, former=tuple(sorted(set(held) - mailbox_names(told))))


async def names_held(store: Store, calendar: Calendar) -> list[str]:
    """Those that nobody else has taken since."""
    names = sorted(mailbox_names(calendar))
    found = [(name, await store.calendar_at(calendar.key.tenant, name)) for name in names]
    return [name for name, key in found if key == calendar.key]


def is_told(calendar: Calendar, was: Calendar) -> bool:
    return (calendar.address, calendar.display_name) != (was.address, was.display_name)


async def keep_identity(shift: Shift, graph: Graph) -> None:
    """Raises Reconnect. Microsoft being busy keeps nothing else from being done."""
    if not is_due(shift.calendar, shift.clock()):
        return
    try:
        person = await graph.profile(shift.connection, shift.calendar.user_id)
    except TryAgain:
        return
    except Reconnect as reconnect:
        if reconnect.cause != "access-denied":
            raise
        await shift.keep(profile_read=shift.clock())
        return
    await _keep(shift, _whole(shift, person))


def _whole(shift: Shift, person: Person) -> Person:
    """An account that acts for others is not shown all of their addresses."""
    if shift.connection.kind is not ConnectionKind.SERVICE_ACCOUNT:
        return person
    return replace(person, aliases=tuple(sorted({*shift.calendar.aliases, *person.aliases})))


async def _keep(shift: Shift, person: Person) -> None:
    """Told before it is stored."""
    was, now = shift.calendar, shift.clock()
    told = renamed(was, person, await names_held(shift.store, was), now)
    if is_told(told, was):
        await shift.settle(Settlement(changes=(renamed_change(told, was, now),)))
        await _rename_connection(shift, told)
    await shift.keep(
        address=told.address,
        aliases=told.aliases,
        display_name=told.display_name,
        former=told.former,
        profile_read=now,
    )


async def _rename_connection(shift: Shift, calendar: Calendar) -> None:
    connection = await shift.store.connection(shift.key.tenant, shift.connection.id)
    if connection is None or connection.user_id != calendar.user_id:
        return
    named = replace(connection, address=calendar.address, display_name=calendar.display_name)
    with suppress(Contended):
        shift.connection = await shift.store.put_connection(named)


async def cause_of_loss(shift: Shift, graph: Graph, reconnect: Reconnect) -> Reconnect:
    """Sharper, where the directory can be asked: why the account has no mailbox any more, or that
    another has its address, or that there is nobody. Of what was shared with an account: whether
    it still is.
    """
    if shift.connection.kind is ConnectionKind.SERVICE_ACCOUNT:
        reconnect = await cause_of_closing(shift, graph, reconnect)
    if reconnect.cause == MISSING:
        with suppress(Reconnect, TryAgain):
            return Reconnect(await _why_missing(shift, graph), reconnect.trace)
    return reconnect


async def _why_missing(shift: Shift, graph: Graph) -> str:
    """By what Exchange says alone, where the account may not be read."""
    user = shift.calendar.user_id
    profile: dict[str, Any] = {"id": user}
    try:
        profile = await graph.account(shift.connection, user)
    except Reconnect as reconnect:
        whole = shift.connection.kind is ConnectionKind.ORGANISATION
        if reconnect.cause == MISSING and whole:
            found = await _now_at(shift.connection, graph, shift.calendar.address)
            return REPLACED if found else NOBODY
    return await why_lost(graph, shift.connection, user, profile)


async def _now_at(connection: Connection, graph: Graph, *names: str) -> str:
    """The object id of the first that is somebody's; "" of nobody."""
    for name in names:
        try:
            return (await graph.person(connection, name)).user_id
        except Reconnect as error:
            if error.cause != MISSING:
                raise
    return ""


async def give_way(shift: Shift, graph: Graph) -> bool:
    """Whether a calendar whose mailbox was replaced ends, as the new mailbox is connected. The
    mark comes first, for a crash between the two.
    """
    if not await _is_succeeded(shift, graph):
        return False
    now = shift.clock()
    await shift.wake.remember(shift.key, now)
    await shift.store.mark(shift.key, now, (ROUND,))
    await move_calendar(shift, Standing(State.DISCONNECTING, REPLACED))
    return True


async def _is_succeeded(shift: Shift, graph: Graph) -> bool:
    if shift.calendar.cause != REPLACED:
        return False
    try:
        user = await _now_at(
            shift.connection, graph, shift.calendar.user_id, shift.calendar.address
        )
    except (Reconnect, TryAgain):
        return False
    key = CalendarKey(shift.key.tenant, user)
    return bool(user) and key != shift.key and await synced(shift.store, key) is not None
