"""How a calendar gets a worker: a key on a queue now, and a row in the due index in case that
message, or the worker that took it, is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.store.records import CalendarKey, Due, DueKind
from shared.store.store import Queues, Store
from shared.telemetry import span, traceparent

PULL = "sync-calendar"
PUSH = "write-appointment"
DELIVER = "deliver-changes"
CONNECT = "connect-mailboxes"
END = "end-tenant"
QUEUES = (PULL, PUSH, DELIVER, CONNECT, END)


def poison(queue: str) -> str:
    """Where the host puts a message that its worker has given up."""
    return f"{queue}-poison"


# The sweep looks again this long after the last sign of work.
GRACE = timedelta(minutes=1)

# The hint that names no event: whatever else is hinted, a round is wanted.
ROUND = ("*", "")
# In the place of an etag: the event was deleted.
DELETED = "deleted"


@dataclass(frozen=True)
class Wake:
    """One per process: it recalls which calendars it put into the due index this minute, so a
    burst of changes costs one row a minute.
    """

    store: Store
    queues: Queues
    _reminded: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def remember(self, key: CalendarKey, now: datetime) -> None:
        """To be called before work is stored, so that no stored work is ever unknown."""
        minute = now.replace(second=0, microsecond=0)
        if self._reminded.get(str(key)) == minute:
            return
        await self.store.remind(Due(DueKind.WORK, now + GRACE, str(key)))
        if len(self._reminded) > 10_000:  # noqa: PLR2004 - a bound on memory, not a rule
            self._reminded.clear()
        self._reminded[str(key)] = minute

    async def writer(self, key: CalendarKey) -> None:
        await self.queues.send(PUSH, str(key))

    async def reader(self, key: CalendarKey) -> None:
        await self.queues.send(PULL, str(key))

    async def dirty(
        self,
        key: CalendarKey,
        now: datetime,
        hints: Sequence[tuple[str, str]] = (),
        after: float = 0,
    ) -> None:
        """Marks a calendar; its key is queued on the edge from clean to dirty. Without hints a
        round is wanted, whatever other notifications name. `after` is in seconds, for many that
        are marked together.
        """
        with span("mark", tenant=key.tenant, calendar=key.calendar, count=len(hints)):
            await self.remember(key, now)
            if await self.store.mark(key, now, hints or (ROUND,), traceparent()):
                await self.queues.send(PULL, str(key), after)
