"""Calendars that an account reaches because their owners, or an administrator, shared them."""

from dataclasses import dataclass

from shared.custody.reach import least, reach_of
from shared.errors import Problem, Reconnect, Refused
from shared.graph.seen import CalendarInfo
from shared.onboarding.calendars import connect_calendar
from shared.onboarding.connections import alive
from shared.onboarding.opening import opened
from shared.services import Services
from shared.store.records import Calendar, Connection, Reach, Tenant
from shared.sync.closing import why_closed

NOT_SHARED = (
    "The calendar is not shared with the account. Its owner can share it in Outlook; an "
    "administrator can with Add-MailboxFolderPermission."
)
ONLY_READ = (
    "The calendar is shared with the account for reading. To have appointments written, its owner "
    "has to share it with edit permission."
)
NO_MAILBOX = "There is no such mailbox in Exchange Online."
NARROW = "The connection was asked for less than writing."


@dataclass(frozen=True, slots=True)
class MailboxRights:
    """`owner` is the address Graph names, `name` one that it knows the mailbox by; `why_not` says
    what keeps the rest from being done.
    """

    owner: str
    can_read: bool = False
    can_write: bool = False
    sees_private: bool = False
    why_not: str = ""
    name: str = ""


async def rights_on(services: Services, connection: Connection, mailbox: str) -> MailboxRights:
    """Asked of Graph now. Raises TryAgain, and Reconnect for what is wrong with the grant."""
    try:
        found = await opened(services, connection, mailbox)
    except Reconnect as reconnect:
        if reconnect.cause not in {"access-denied", "mailbox-missing"}:
            raise
        why = NO_MAILBOX if reconnect.cause == "mailbox-missing" else NOT_SHARED
        return MailboxRights("", why_not=why, name=mailbox)
    return _rights(connection, found.name, found.calendar)


def _rights(connection: Connection, name: str, found: CalendarInfo) -> MailboxRights:
    reach = reach_of(connection)
    wide = reach is Reach.READ_WRITE
    return MailboxRights(
        found.owner,
        can_read=reach in {Reach.READ, Reach.READ_WRITE},
        can_write=found.can_edit and wide,
        sees_private=found.sees_private,
        why_not="" if found.can_edit and wide else ONLY_READ if wide else NARROW,
        name=name,
    )


async def connect_shared(
    services: Services, tenant: Tenant, connection: Connection, mailbox: str, time_zone: str = ""
) -> Calendar:
    """Raises Refused where the account may not read the calendar."""
    if not alive(connection.state):
        raise Refused(Problem("connection-unknown", "It was disconnected.", "/connection"))
    rights = await rights_on(services, connection, mailbox)
    if rights.why_not == NO_MAILBOX:
        code = await why_closed(services.graph, connection, mailbox, {"id": mailbox})
        raise Refused(Problem(code, pointer="/mailbox"))
    if rights.why_not == NOT_SHARED:
        raise Refused(Problem("calendar-not-shared", pointer="/mailbox"))
    try:
        person = await services.graph.profile(connection, rights.name)
    except Reconnect as reconnect:
        raise Refused(Problem(reconnect.cause, pointer="/mailbox")) from reconnect
    shared = Reach.READ_WRITE if rights.can_write else Reach.READ
    limit = least(shared, reach_of(connection))
    return await connect_calendar(services, tenant, connection, person, time_zone, limit)
