"""Whether a person may write to somebody's calendar, as that calendar's own permissions say.

The acting user needs a mailbox, and a role that writes: their own, or that of all colleagues. Who
has the role by a group is not seen: Graph shows a group, not who is in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.catalogue import CLOSED
from shared.errors import Problem, Reconnect, Refused
from shared.graph.client import Graph
from shared.graph.seen import Permission
from shared.store.keys import mailbox_names
from shared.store.records import Calendar, CalendarKey, Connection, State
from shared.store.store import Store

POINTER = "/acting_user"
# How long a right that was there is taken to be there still; that one is missing is not kept.
TRUSTED = timedelta(seconds=60)
MOST_TRUSTED = 10_000
NO_MAILBOX = "mailbox-missing"
# Nothing is accepted for such a calendar, whoever acts.
ENDED = frozenset({State.DISCONNECTING, State.DISCONNECTED})


@dataclass(frozen=True, slots=True)
class Actor:
    """`names` are all their addresses, lower-cased; `colleague`: known to be of the tenant."""

    names: frozenset[str]
    colleague: bool


@dataclass(frozen=True)
class Rights:
    """One per process. All of it raises Refused, and TryAgain or Reconnect as Graph does."""

    store: Store
    graph: Graph
    clock: Callable[[], datetime]
    _trusted: dict[tuple[CalendarKey, str], datetime] = field(
        default_factory=dict[tuple[CalendarKey, str], datetime], repr=False
    )

    async def check(self, tenant: str, mailbox: str, actor: str) -> None:
        """Of a mailbox that is not connected nothing is said here: nothing is written to it."""
        key = await self.store.calendar_at(tenant, mailbox)
        if key is not None:
            await self.check_calendar(key, actor)

    async def check_calendar(self, key: CalendarKey, actor: str) -> None:
        """`actor` is an address or an Entra object id, "" where the request names nobody."""
        if not actor:
            detail = "acting_user is required: the policy asks for that person's right."
            raise Refused(Problem("acting-user-missing", detail, POINTER))
        if await self.store.calendar_at(key.tenant, actor) == key or self._is_trusted(key, actor):
            return
        calendar = await self.store.calendar(key)
        connection = calendar and await self.store.connection(key.tenant, calendar.connection)
        if calendar is None or connection is None or calendar.state in ENDED:
            return
        who = await self._actor(key.tenant, connection, actor)
        found = await self.graph.mailbox(calendar, connection).permissions()
        if not allows(found, who):
            raise Refused(_missing(actor, calendar))
        self._trust(key, actor)

    async def _actor(self, tenant: str, connection: Connection, actor: str) -> Actor:
        own = await self.store.calendar_at(tenant, actor)
        calendar = await self.store.calendar(own) if own else None
        if calendar is not None and calendar.cause not in CLOSED:
            return Actor(mailbox_names(calendar), colleague=True)
        return await self._unconnected(connection, actor)

    async def _unconnected(self, connection: Connection, actor: str) -> Actor:
        """A grant of one user's does not reach others: then the address must do."""
        try:
            person = await self.graph.person(connection, actor)
        except Reconnect as reconnect:
            if reconnect.cause == NO_MAILBOX:
                raise Refused(_without_mailbox(actor)) from reconnect
            if reconnect.cause != "access-denied":
                raise
            return Actor(frozenset({actor.lower()}), colleague=False)
        if not await self.graph.has_mailbox(connection, person.user_id):
            raise Refused(_without_mailbox(actor))
        return Actor(frozenset({person.address.lower(), *person.aliases}), colleague=True)

    def _is_trusted(self, key: CalendarKey, actor: str) -> bool:
        since = self._trusted.get((key, actor.lower()))
        return since is not None and self.clock() - since < TRUSTED

    def _trust(self, key: CalendarKey, actor: str) -> None:
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[key, actor.lower()] = self.clock()


def allows(permissions: Iterable[Permission], who: Actor) -> bool:
    return any(
        one.may_write and (one.address in who.names if one.address else who.colleague)
        for one in permissions
    )


def _missing(actor: str, calendar: Calendar) -> Problem:
    owner = calendar.address
    named, calendar_name = _quoted(actor), _quoted(f"{owner}:\\Calendar")
    detail = (
        f"{actor} has no permission to write to the calendar of {owner}. Its owner can share it "
        "in Outlook with edit permission; an administrator can give the permission in the admin "
        "centre, or in Exchange Online PowerShell with: Add-MailboxFolderPermission "
        f"-Identity {calendar_name} -User {named} -AccessRights Editor"
    )
    return Problem("calendar-right-missing", detail, POINTER)


def _quoted(text: str) -> str:
    """As PowerShell takes it, whatever apostrophes are in it."""
    return "'" + text.replace("'", "''") + "'"


def _without_mailbox(actor: str) -> Problem:
    detail = f"{actor} has no mailbox in Microsoft 365, and so may not assign to others."
    return Problem("acting-user-without-mailbox", detail, POINTER)
