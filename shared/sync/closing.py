"""Why Exchange Online opens no mailbox where one was, or should be."""

from collections.abc import Mapping
from typing import Any

from shared.errors import Reconnect
from shared.graph.classing import by_calendar
from shared.graph.client import Graph
from shared.graph.directory import Answer
from shared.store.records import Connection, MailboxClass

MISSING = "mailbox-missing"
# What a second look says of a mailbox that the first one found closed, and means nothing.
_UNSAID = frozenset({MailboxClass.REACHABLE, MailboxClass.TROUBLE, MailboxClass.DENIED})


async def why_closed(
    graph: Graph, connection: Connection, user: str, profile: Mapping[str, Any]
) -> str:
    """A code of the catalogue, of a mailbox that did not open."""
    answer = (await graph.directory.calendars(connection, [user]))[user]
    seen = by_calendar(profile, answer, None)
    return MISSING if seen.kind in _UNSAID else seen.problem


async def why_lost(
    graph: Graph, connection: Connection, user: str, profile: Mapping[str, Any]
) -> str:
    """As `why_closed`, of one that was synced: to be opened it needs nobody who may sign in, so
    an account that was blocked as well says nothing. A grant of free and busy times may not open
    calendars; what it was told of them was that there is none.
    """
    answer = (await graph.directory.calendars(connection, [user]))[user]
    if answer.body is not None:
        return MISSING
    if not isinstance(answer.error, Reconnect) or answer.error.cause != MISSING:
        answer = Answer(None, error=Reconnect(MISSING))
    return by_calendar({**profile, "accountEnabled": True}, answer, None).problem
