"""Whose mailbox it is that is to be connected, and whether Exchange opens it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shared.errors import Problem, Reconnect, Refused, TryAgain
from shared.graph.classing import NOT_PERSONAL, is_guest, looks_shared
from shared.graph.seen import Person
from shared.services import Services
from shared.store.records import Connection, ConsentLink
from shared.sync.closing import why_closed

PERHAPS_SHARED = "mailbox-perhaps-shared"


async def check_open(
    services: Services, connection: Connection, user: str, profile: Mapping[str, Any]
) -> None:
    """A directory entry does not prove a mailbox: Exchange has to open it. Raises Refused with
    why it does not.
    """
    if await services.graph.has_mailbox(connection, user):
        return
    if is_guest(profile):
        raise Refused(Problem("guest-account"))
    raise Refused(Problem(await why_closed(services.graph, connection, user, profile)))


async def check_named(services: Services, connection: Connection, person: Person) -> None:
    """As check_open, of somebody whom the host app names. What passes by itself is left to the
    calendar's worker, and so is a policy that keeps the app out: it may be about to change.
    """
    with suppress(TryAgain):
        if await services.graph.has_mailbox(connection, person.user_id):
            return
        profile = await services.graph.account(connection, person.user_id)
        code = "account-is-guest"
        if not is_guest(profile):
            code = await why_closed(services.graph, connection, person.user_id, profile)
        raise Refused(Problem(code, pointer="/mailbox"))


async def notice_of(
    services: Services, link: ConsentLink, connection: Connection, profile: Mapping[str, Any]
) -> str:
    """What somebody should know of a mailbox that opened. Raises Refused where Exchange says that
    it is nobody's own; whoever named it wants it.
    """
    if link.expected:
        return ""
    purpose = await _purpose(services, connection)
    if purpose in NOT_PERSONAL:
        raise Refused(Problem("shared-mailbox"))
    return PERHAPS_SHARED if not purpose and looks_shared(profile) else ""


async def _purpose(services: Services, connection: Connection) -> str:
    """No reach asks for what tells it; a grant may have it all the same. Else ""."""
    if "mailboxsettings.read" not in {name.lower() for name in connection.granted}:
        return ""
    try:
        return await services.graph.purpose(connection, connection.user_id)
    except Reconnect:
        return ""
