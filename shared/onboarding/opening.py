"""A calendar opened by any name of its mailbox. Graph knows an object id and today's user
principal name; an alias, or an address from before, is known to the directory or to us.

The name as it was given comes first: an address that has another owner since is the new owner's.
"""

from dataclasses import dataclass

from shared.errors import Reconnect, TryAgain
from shared.graph.seen import CalendarInfo
from shared.services import Services
from shared.store.records import Connection, ConnectionKind


@dataclass(frozen=True, slots=True)
class Opened:
    """`name` is one that Graph knows the mailbox by."""

    name: str
    calendar: CalendarInfo


async def opened(services: Services, connection: Connection, mailbox: str) -> Opened:
    """Raises as `Graph.calendar_of` does."""
    try:
        return Opened(mailbox, await services.graph.calendar_of(connection, mailbox))
    except Reconnect as reconnect:
        name = await _other_name(services, connection, mailbox, reconnect.cause)
        if not name:
            raise
    return Opened(name, await services.graph.calendar_of(connection, name))


async def _other_name(services: Services, connection: Connection, mailbox: str, cause: str) -> str:
    """The owner's object id; "" where nobody knows another name, or none would help."""
    whole = connection.kind is ConnectionKind.ORGANISATION
    # To others than an organisation Exchange does not say that there is none of that name.
    if cause != "mailbox-missing" and (whole or cause != "access-denied"):
        return ""
    key = await services.store.calendar_at(connection.tenant, mailbox)
    calendar = await services.store.calendar(key) if key else None
    if calendar is not None:
        return calendar.user_id if calendar.user_id.lower() != mailbox.lower() else ""
    if not whole or "@" not in mailbox:
        return ""
    try:
        return (await services.graph.person(connection, mailbox)).user_id
    except (Reconnect, TryAgain):
        return ""
