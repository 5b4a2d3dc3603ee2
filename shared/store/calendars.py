"""The record of a calendar, its marks, and its place in the directory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.errors import Contended
from shared.store.account import Tables
from shared.store.directory import TRIES, Directory
from shared.store.keys import escape, hashed, mailbox_names, with_hints
from shared.store.parallel import gathered
from shared.store.records import Calendar, CalendarKey, Link, Mark
from shared.store.rows import record_of
from shared.store.table import Table, within
from shared.store.transaction import MOST_ROWS, delete
from shared.telemetry import with_traces

RECORD = "C"
DIRTY = "DIRTY"
LEASE = "LEASE"
QUOTE = "'"


class Calendars(Directory):
    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._calendars = Table(tables, "calendars")

    # The record comes after its directory rows, so that it is never there but not to be found;
    # it goes before them for the same reason.

    async def put_calendar(self, calendar: Calendar, was: Calendar | None = None) -> Calendar:
        old = await self._replaced(calendar, was) if calendar.etag else None
        before = mailbox_names(old) if old else frozenset[str]()
        now = mailbox_names(calendar)
        if old is None or (before, old.connection) != (now, calendar.connection):
            await self._point(calendar, now - before)
        etag = await self._calendars.put(calendar, partition_of(calendar.key), RECORD)
        await self._drop_mailboxes(calendar.key, before - now)
        return replace(calendar, etag=etag)

    async def _replaced(self, calendar: Calendar, was: Calendar | None) -> Calendar:
        """Raises Contended when the row is not the one with the calendar's etag."""
        known = was is not None and was.etag == calendar.etag
        old = was if known else await self.calendar(calendar.key)
        if old is None or old.etag != calendar.etag:
            raise Contended(reason="a row was changed meanwhile")
        return old

    async def _point(self, calendar: Calendar, names: frozenset[str]) -> None:
        tenant, key = escape(calendar.key.tenant), str(calendar.key)
        for name in (f"calendar|{escape(calendar.key.calendar)}", *map(_mailbox, sorted(names))):
            row = {"PartitionKey": tenant, "RowKey": name, "calendar": key}
            await self._tenants.upsert(row | {"connection": calendar.connection})

    async def _drop_mailboxes(self, key: CalendarKey, names: frozenset[str]) -> None:
        for name in sorted(names):
            await self._drop_pointer(key.tenant, _mailbox(name), key)

    async def calendar(self, key: CalendarKey) -> Calendar | None:
        return await self._calendars.read(Calendar, partition_of(key), RECORD)

    async def calendars(self, tenant: str, connection: str = "") -> list[Calendar]:
        rows = await self._tenants.query(within(escape(tenant), "calendar|"))
        keys = [CalendarKey.parse(row.text("calendar")) for row in rows]
        found = await gathered(self.calendar(key) for key in keys)
        return [c for c in found if c and connection in ("", c.connection)]

    async def calendar_keys(
        self, tenant: str, connection: str, after: str = "", limit: int = 0
    ) -> list[CalendarKey]:
        span = within(escape(tenant), "calendar|", escape(after))
        only = f"{span} and connection eq '{connection.replace(QUOTE, 2 * QUOTE)}'"
        rows = await self._tenants.query(only, limit, ("calendar",))
        return [CalendarKey.parse(row.text("calendar")) for row in rows]

    async def calendar_at(self, tenant: str, mailbox: str) -> CalendarKey | None:
        name = mailbox.lower()
        row = await self._tenants.get(escape(tenant), _mailbox(name))
        calendar = await self.calendar(CalendarKey.parse(row.text("calendar"))) if row else None
        return calendar.key if calendar and name in mailbox_names(calendar) else None

    # Dropping. The lease goes first: whoever still held it can settle nothing any more.

    async def drop_calendar(self, calendar: Calendar) -> None:
        key, partition = calendar.key, partition_of(calendar.key)
        await self._calendars.delete(partition, LEASE)
        links = await self._calendars.query(within(partition, "A|"))
        await gathered(self._let_go(key, record_of(Link, row)) for row in links)
        stored = await self.calendar(key) or calendar
        await self._empty(partition)
        await self._drop_mailboxes(key, mailbox_names(stored) | mailbox_names(calendar))
        await self._drop_pointer(key.tenant, f"calendar|{escape(key.calendar)}", key)

    async def _let_go(self, key: CalendarKey, link: Link) -> None:
        await self._drop_pointer(key.tenant, f"appointment|{escape(link.appointment)}", key)
        if link.ical_uid:
            await self.release_meeting(key.tenant, link.ical_uid, key)

    async def _empty(self, partition: str) -> None:
        condition = f"PartitionKey eq '{partition}'"
        while rows := await self._calendars.query(condition, MOST_ROWS, ("RowKey",)):
            await self._calendars.commit([delete(partition, r.name) for r in rows])

    # Marks.

    async def mark(
        self,
        key: CalendarKey,
        now: datetime,
        hints: Sequence[tuple[str, str]] = (),
        traceparent: str = "",
    ) -> bool:
        partition = partition_of(key)
        fresh = Mark(key, now, with_hints((), hints), with_traces((), (traceparent,)))
        for _ in range(TRIES):
            try:
                await self._calendars.put(fresh, partition, DIRTY)
            except Contended:
                if await self._add_hints(key, fresh):
                    return False
            else:
                return True
        raise Contended(reason="a calendar is marked and unmarked again and again")

    async def _add_hints(self, key: CalendarKey, fresh: Mark) -> bool:
        mark = await self.marked(key)
        if mark is None:
            return False
        more = replace(
            mark,
            hints=with_hints(mark.hints, fresh.hints),
            traces=with_traces(mark.traces, fresh.traces),
        )
        try:
            await self._calendars.put(more, partition_of(key), DIRTY)
        except Contended:
            return False
        return True

    async def marked(self, key: CalendarKey) -> Mark | None:
        return await self._calendars.read(Mark, partition_of(key), DIRTY)

    async def unmark(self, mark: Mark) -> bool:
        try:
            await self._calendars.commit([delete(partition_of(mark.key), DIRTY, mark.etag)])
        except Contended:
            return False
        return True


def partition_of(key: CalendarKey) -> str:
    return escape(str(key))


def _mailbox(name: str) -> str:
    """Hashed: row keys are part of URLs, URLs get logged, and addresses must not be."""
    return f"mailbox|{hashed(name)}"
