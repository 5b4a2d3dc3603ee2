"""The end of a calendar, and of a connection without any other: what is taken along, and what
the receipt says of it.

All of it can be done again, for a worker may have died in its midst. What is to be ended is
counted before it is, so that the second time counts the same.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.errors import Contended, Problem, Reconnect, Rejected
from shared.store.records import (
    Calendar,
    Connection,
    ConnectionKind,
    Copies,
    Ended,
    Link,
    Receipt,
    ReceiptPart,
    Settlement,
    State,
)
from shared.store.store import Store
from shared.sync.fates import Fate, as_marked, as_removed, fate, marked, still_removable
from shared.sync.outbound import refuse_all
from shared.sync.series_window import is_series
from shared.sync.shift import Shift
from shared.sync.standing import ENDING, moved
from shared.sync.subscribing import end_subscription

TOO_LATE = Problem(
    "mailbox-not-connected", "The mailbox was disconnected before this was written."
)
PAGE = 100
# Graph's limit of one mailbox; the lease keeps others away from it.
MOST_AT_ONCE = 4
ATTEMPTS = 3

Forget = Callable[[Connection], Awaitable[datetime | None]]


def part_name(receipt: str, what: Ended, tenant: str, name: str) -> str:
    return hashlib.sha256(f"{receipt}|{what}|{tenant}|{name}".encode()).hexdigest()[:40]


def ending(calendar: Calendar, receipt: str, now: datetime) -> Calendar:
    if calendar.state in ENDING:
        return calendar
    return replace(moved(calendar, State.DISCONNECTING, "", now), receipt=receipt)


async def end_calendar(shift: Shift) -> None:
    """Subscription, what waits to be written, and the copies. Events made in Outlook stay."""
    receipt = await _receipt(shift.store, shift.calendar.receipt)
    part = await _begun(shift, receipt)
    until = await _unsubscribed(shift)
    await refuse_all(shift, TOO_LATE)
    if receipt is None or part is None:
        return
    counted = await _Farewell(shift, receipt).all()
    await shift.store.put_part(_told(part, until, counted))
    if receipt.what is Ended.CALENDAR:
        await close(shift.store, receipt, shift.clock())


async def end_grant(store: Store, connection: Connection, forget: Forget) -> None:
    """An organisation's grant leaves no secret here."""
    purge_by = await forget(connection)
    if connection.receipt:
        name = part_name(connection.receipt, Ended.CONNECTION, connection.tenant, connection.id)
        secrets = int(connection.kind is not ConnectionKind.ORGANISATION)
        part = ReceiptPart(connection.receipt, name, Ended.CONNECTION, secrets=secrets)
        await store.put_part(replace(part, purge_by=purge_by if secrets else None))


async def close_connection(store: Store, connection: Connection, now: datetime) -> None:
    receipt = await _receipt(store, connection.receipt)
    if receipt is not None and receipt.what is Ended.CONNECTION:
        await close(store, receipt, now)


async def close(store: Store, receipt: Receipt, now: datetime) -> None:
    if receipt.ended is None:
        with suppress(Contended):
            await store.put_receipt(replace(receipt, ended=now))


async def _receipt(store: Store, name: str) -> Receipt | None:
    return await store.receipt(name) if name else None


async def _begun(shift: Shift, receipt: Receipt | None) -> ReceiptPart | None:
    if receipt is None:
        return None
    name = part_name(receipt.id, Ended.CALENDAR, shift.key.tenant, shift.key.calendar)
    if part := await shift.store.part(receipt.id, name):
        return part
    part = ReceiptPart(
        receipt.id,
        name,
        Ended.CALENDAR,
        subscriptions=int(bool(shift.calendar.subscription)),
        refused_writes=len(await shift.store.pendings(shift.key, limit=10_000)),
    )
    await shift.store.put_part(part)
    return part


async def _unsubscribed(shift: Shift) -> datetime | None:
    """When it ends by itself, where Microsoft no longer lets us end it."""
    until = shift.calendar.subscription_expires
    try:
        await end_subscription(shift)
    except (Reconnect, Rejected):
        return until
    return None


def _told(part: ReceiptPart, until: datetime | None, counted: Counter[str]) -> ReceiptPart:
    return replace(part, subscription_until=until, **counted)


@dataclass
class _Farewell:
    """`locked`: Microsoft no longer lets us in."""

    shift: Shift
    receipt: Receipt
    counted: Counter[str] = field(default_factory=Counter[str])
    locked: bool = False

    async def all(self) -> Counter[str]:
        after = ""
        while links := await self.shift.store.links(self.shift.key, after, PAGE):
            after = links[-1].appointment
            todo = [link for link in links if self._is_to_do(link)]
            for start in range(0, len(todo), MOST_AT_ONCE):
                await self._lot(todo[start : start + MOST_AT_ONCE])
        return self.counted

    def _is_to_do(self, link: Link) -> bool:
        match fate(link, self.receipt):
            case Fate.FOREIGN:
                return False
            case Fate.DONE:
                self.counted["marked" if link.event_id else "removed"] += 1
            case Fate.LEAVE:
                self.counted["left"] += 1
            case Fate.OF_OTHERS:
                self._left("of_others")
            case Fate.WITH_GUESTS:
                self._left("with_guests")
            case Fate.MARK | Fate.REMOVE:
                return True
        return False

    def _left(self, why: str) -> None:
        self.counted["left"] += 1
        self.counted[why] += 1

    async def _lot(self, links: Sequence[Link]) -> None:
        """What was done is settled before anything that failed is raised."""
        if self.locked:
            for _ in links:
                self._left("unreachable")
            return
        await self.shift.breathe()
        done = await asyncio.gather(*map(self._one, links), return_exceptions=True)
        await self.shift.settle(*(one for one in done if isinstance(one, Settlement)))
        for one in done:
            match one:
                case Settlement():
                    self.counted["marked" if one.event_was == "" else "removed"] += 1
                case str():
                    self._left(one)
                case Reconnect():
                    self.locked = True
                    self._left("unreachable")
                case _:
                    raise one

    async def _one(self, link: Link) -> Settlement | str:
        """Or why it is left."""
        try:
            if self.receipt.copies is Copies.MARK:
                return await self._mark(link)
            return await self._remove(link)
        except Rejected:
            return "refused"

    async def _mark(self, link: Link) -> Settlement | str:
        mailbox = self.shift.mailbox
        event, etag = link.outlook, link.outlook_etag
        for _ in range(ATTEMPTS):
            if event is None:
                seen = await mailbox.event(link.event_id)
                if seen is None:
                    return as_removed(link, self.receipt)
                if seen.event is None or not seen.is_organizer:
                    return "of_others"
                event, etag = seen.event, seen.etag
            wanted = marked(event)
            try:
                patch = {"categories": list(wanted.categories)}
                written = await mailbox.update(link.event_id, patch, etag)
            except Contended:
                event = None
                continue
            if written is None:
                return as_removed(link, self.receipt)
            return as_marked(link, wanted, written.etag, self.receipt)
        return "refused"

    async def _remove(self, link: Link) -> Settlement | str:
        mailbox = self.shift.mailbox
        seen = await mailbox.event(link.event_id, series=is_series(link.outlook))
        if seen is None:
            return as_removed(link, self.receipt)
        match still_removable(seen, self.receipt):
            case Fate.REMOVE if seen.event and seen.event.attendees:
                await mailbox.cancel(link.event_id)
            case Fate.REMOVE:
                await mailbox.delete(link.event_id)
            case Fate.WITH_GUESTS:
                return "with_guests"
            case _:
                return "of_others"
        return as_removed(link, self.receipt)
