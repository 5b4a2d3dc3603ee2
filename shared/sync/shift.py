"""One worker's time with one calendar: the lease, and what is worked with under it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import Contended
from shared.graph.mailbox import Mailbox
from shared.graph.writes import Manner
from shared.policy.document import Document
from shared.policy.policy import Policy
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    Due,
    DueKind,
    Lease,
    Link,
    Pending,
    Settlement,
)
from shared.store.store import Store
from shared.sync.beginnings import Beginnings
from shared.sync.relay import relay
from shared.sync.rest import resting
from shared.sync.wake import Wake
from shared.telemetry import lasted, span, traceparent

Clock = Callable[[], datetime]


@dataclass
class Shift:
    """`lease` and `calendar` are replaced as they are renewed; all the rest stays.

    `losses` counts what pushes found gone from Outlook since the last round. `keeps`: what was
    taken away is known to the sweep. `rests`: it is paused. `shut`: it may only be
    read. `owes`: its outbox may hold what the log does not. `began` is of the round at hand.
    """

    store: Store
    wake: Wake
    clock: Clock
    seconds: float
    lease: Lease
    calendar: Calendar
    connection: Connection
    mailbox: Mailbox
    document: Document
    losses: int = 0
    keeps: bool = False
    rests: bool = False
    shut: bool = False
    owes: bool = True
    began: Beginnings = field(default_factory=Beginnings)

    @property
    def key(self) -> CalendarKey:
        return self.lease.key

    @property
    def policy(self) -> Policy:
        """The tenant's own: of the calendar, and of events that no appointment is linked to."""
        return self.document.policy_for()

    @property
    def is_under_new_policy(self) -> bool:
        """Of what was settled under the one before, all may have to be told otherwise."""
        return self.calendar.policy_version != self.document.version

    def policy_for(self, link: Link) -> Policy:
        return self.document.policy_for(link.project, link.type)

    def manner_for(self, link: Link) -> Manner:
        """How the event of a link is written."""
        section = self.policy_for(link).body_section
        return Manner(self.calendar.time_zone or "UTC", section)

    async def settle(self, *settlements: Settlement) -> None:
        """Raises Contended when a row was changed meanwhile, or the lease was lost."""
        self.owes = self.owes or any(settlement.changes for settlement in settlements)
        if any(settlement.kept for settlement in settlements):
            await self._remind_of_kept()
        with span("settle", calendar=self.key.calendar, count=len(settlements)):
            traced = [_traced(self.began.told(one)) for one in settlements]
            self.lease = await self.store.settle(self.lease, traced, self.clock(), self.seconds)
        self._measure(settlements)

    def _measure(self, settlements: Sequence[Settlement]) -> None:
        for done in (one.done for one in settlements):
            if done and not done.silent:
                lag = self.clock() - done.accepted
                lasted("lag.out", lag.total_seconds())

    async def relay(self) -> None:
        """Only who holds the lease puts anything into the outbox."""
        if self.owes:
            await relay(self.store, self.wake, self.key)
            self.owes = False

    async def _remind_of_kept(self) -> None:
        """Once a shift, and for all of a day the same row: when what is kept now is old."""
        if not self.keeps:
            over = self.clock() + timedelta(days=self.policy.undo_days + 1)
            day = over.replace(hour=0, minute=0, second=0, microsecond=0)
            await self.store.remind(Due(DueKind.KEPT, day, str(self.key)))
            self.keeps = True

    async def attempt(self, pending: Pending) -> Pending:
        self.lease, stored = await self.store.attempt(
            self.lease, pending, self.seconds, self.clock()
        )
        return stored

    async def breathe(self) -> None:
        """Keeps the lease while Graph takes its time. Raises Contended when it was lost."""
        now = self.clock()
        if self.lease.until - now < timedelta(seconds=self.seconds / 2):
            self.lease = await self.store.renew(self.lease, now, self.seconds)

    async def hold(self) -> None:
        """Raises Contended unless the lease is still ours."""
        self.lease = await self.store.renew(self.lease, self.clock(), self.seconds)

    async def look_again(self) -> None:
        """Reads the calendar's row. Raises Contended when its state is no longer what this shift
        began with: somebody disconnected or reconnected it, and the work begins anew.
        """
        calendar = await self.store.calendar(self.key)
        if calendar is None or calendar.state is not self.calendar.state:
            raise Contended(reason="the calendar was connected or disconnected meanwhile")
        self.calendar = calendar

    async def read_policy(self) -> None:
        """Never within a round: what it settles is settled under one policy."""
        if tenant := await self.store.tenant(self.key.tenant):
            found = Document.from_json(tenant.policy)
            self.document = found.muted() if self.document.is_muted else found
            self.rests = self.rests or bool(resting(tenant, None, None))

    async def save(self, calendar: Calendar) -> None:
        self.calendar = await self.store.put_calendar(calendar, self.calendar)

    async def keep(self, **changes: Any) -> None:
        """Saves these fields, whatever else of the row is changed meanwhile."""
        for _ in range(5):
            try:
                await self.save(replace(self.calendar, **changes))
            except Contended:
                await self.look_again()
            else:
                return
        raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")


def _traced(settlement: Settlement) -> Settlement:
    """What it has to tell is told in the trace that it was found in."""
    current = traceparent()
    if not (current and settlement.changes):
        return settlement
    changes = tuple(replace(change, traceparent=current) for change in settlement.changes)
    return replace(settlement, changes=changes)
