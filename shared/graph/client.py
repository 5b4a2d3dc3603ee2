"""Microsoft Graph, for one process."""

from typing import Any

import httpx

from shared.errors import Reconnect, TryAgain
from shared.graph.directory import Directory
from shared.graph.mailbox import Mailbox
from shared.graph.mapping import calendar_from_graph, person_from_graph
from shared.graph.route import Route
from shared.graph.seen import CalendarInfo, Person
from shared.graph.wire import TokenSource, Wire
from shared.settings import Settings
from shared.store.records import Calendar, Connection, ConnectionKind


class Graph:
    """`transport` is the one seam: tests put a twin there, under Graph's real host name.

    Everything here raises TryAgain, Resync, Reconnect or, on writes, Rejected.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: TokenSource,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._wire = Wire(settings, tokens, transport)
        self.directory = Directory(settings, self._wire)

    def mailbox(self, calendar: Calendar, connection: Connection) -> Mailbox:
        route = Route(self._wire.adapter, calendar.user_id, calendar.graph_calendar)
        return Mailbox(self._wire, route, connection, calendar.key)

    async def has_mailbox(self, connection: Connection, user: str) -> bool:
        """Whether Exchange Online opens it. Where the grant does not reach it, there is one as
        far as anybody here can know.
        """
        try:
            found = await self._wire.ask(Route(self._wire.adapter, user).calendar(), connection)
        except Reconnect as reconnect:
            if reconnect.cause not in {"mailbox-missing", "access-denied"}:
                raise
            return reconnect.cause == "access-denied"
        return found is not None

    async def calendar_of(self, connection: Connection, user: str) -> CalendarInfo:
        """Somebody's default calendar, as the connection's grant sees it. Raises
        Reconnect(access-denied) or Reconnect(mailbox-missing) where it does not.
        """
        found = await self._wire.ask(Route(self._wire.adapter, user).calendar(), connection)
        if found is None:
            # Exchange hides what is not shared with a person.
            shy = connection.kind is not ConnectionKind.ORGANISATION
            raise Reconnect("access-denied" if shy else "mailbox-missing")
        return calendar_from_graph(found)

    async def profile(self, connection: Connection, user: str) -> Person:
        """`user` is an Entra object id or a user principal name. An account that acts for others
        sees no more of them than their names and main addresses.
        """
        basic = connection.kind is ConnectionKind.SERVICE_ACCOUNT
        request = Route(self._wire.adapter, user).profile(basic=basic)
        found = await self._wire.ask(request, connection)
        if found is None:
            raise Reconnect("mailbox-missing")
        return person_from_graph(found)

    async def account(self, connection: Connection, user: str) -> dict[str, Any]:
        """As Graph has it, with what tells one kind of mailbox from another. Of anybody but
        whoever signed in, a narrow grant sees most of it as null.
        """
        request = Route(self._wire.adapter, user).account()
        found = await self._wire.ask(request, connection)
        if found is None:
            raise Reconnect("mailbox-missing")
        return found

    async def person(self, connection: Connection, name: str) -> Person:
        """As `profile`, and by any address of theirs where the grant is an organisation's.
        Raises Reconnect(mailbox-missing) where it is nobody's, or more than one person's.
        """
        try:
            return await self.profile(connection, name)
        except Reconnect as error:
            whole = connection.kind is ConnectionKind.ORGANISATION
            if error.cause != "mailbox-missing" or "@" not in name or not whole:
                raise
        found = (await self.directory.named(connection, [name]))[name]
        if isinstance(found.error, TryAgain):
            raise found.error
        people = (found.body or {}).get("value", ())
        if len(people) != 1:
            raise Reconnect("mailbox-missing")
        return person_from_graph(people[0])

    async def purpose(self, connection: Connection, user: str) -> str:
        """Of the mailbox: user, linked, shared, room, equipment or others; "" where it is not
        told.
        """
        request = Route(self._wire.adapter, user).mailbox_settings()
        found = await self._wire.ask(request, connection)
        return str((found or {}).get("userPurpose") or "").lower()

    async def close(self) -> None:
        await self._wire.close()
