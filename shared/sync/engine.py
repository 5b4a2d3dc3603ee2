"""Agreement between one calendar and the host app, worked for until nothing is left to do.

A message is a key, never a payload: whatever woke the worker, it looks at what is pending and
at what is dirty, under the calendar's lease. Pending changes go first, so that a round reads
what they made of Outlook; the log is relayed last.
"""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from shared.errors import (
    Reconnect,
    Rejected,
    Throttled,
    TryAgain,
    Unavailable,
)
from shared.graph.client import Graph
from shared.observe import note
from shared.store.parallel import gathered
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    Due,
    DueKind,
    Lease,
    Mark,
    Reach,
    Settlement,
    State,
)
from shared.store.store import Store
from shared.sync.brake import CAUSE as MASS_CHANGE
from shared.sync.hints import LONGEST_SILENCE, is_echo, only_adds, silence_after
from shared.sync.identity import cause_of_loss, give_way, keep_identity
from shared.sync.leaving import Forget, close_connection, end_calendar, end_grant, ending
from shared.sync.lowering import follows, push_or_wait
from shared.sync.outbound import refuse_all
from shared.sync.reaching import (
    READ_ONLY,
    SHORT,
    WITH_EVENTS,
    document_for,
    keep_granted,
    look_at_times,
    with_reach,
)
from shared.sync.rehearsal import rehearse
from shared.sync.relay import announce
from shared.sync.remaining import is_last
from shared.sync.report import connection_change
from shared.sync.rest import resting
from shared.sync.round import pull
from shared.sync.rows import change_row
from shared.sync.shift import Clock, Shift
from shared.sync.singly import advance
from shared.sync.spread import welcome
from shared.sync.stalling import AT_EASE, fell_behind, stalled
from shared.sync.standing import (
    AT_WORK,
    ENDING,
    Standing,
    is_blocked,
    is_of_grant,
    moved,
)
from shared.sync.subscribing import (
    Hooks,
    end_subscription,
    hear,
    keep_subscribed,
)
from shared.sync.transitions import move_calendar, move_connection
from shared.sync.wake import END, ROUND, Wake
from shared.telemetry import span

# A held calendar is looked at again this often, in case that what emptied it heals.
HELD_SILENCE = 900


def _not_known(_connection: Connection) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Engine:
    """`lease_seconds` bounds how long a calendar rests after its worker died;
    `poll_seconds` is the shortest silence that makes a round due. `forget_grant` destroys the
    tokens of a connection that has ended, `exercise_grant` has a fresh one made. `granted` is
    what a connection's token in use is good for, empty where that is not known.
    """

    store: Store
    graph: Graph
    wake: Wake
    hooks: Hooks
    clock: Clock
    forget_grant: Forget
    lease_seconds: float = 60
    poll_seconds: int = 300
    granted: Callable[[Connection], tuple[str, ...]] = _not_known
    exercise_grant: Callable[[Connection], Awaitable[None]] | None = None

    async def work(self, key: CalendarKey) -> None:
        """What both queues' messages mean. Raises TryAgain when it should be called again."""
        busy = True
        while busy:
            lease = await self.store.acquire(
                key, uuid.uuid4().hex, self.clock(), self.lease_seconds
            )
            if lease is None:
                return
            busy = await self._under(lease)

    async def _under(self, lease: Lease) -> bool:
        """Whether there may be more to do: who found the lease taken ended, so the holder looks
        once more after letting it go.
        """
        shift = await self._shift(lease)
        try:
            able = shift is not None and await self._until_clean(shift)
        finally:
            await self.store.release(shift.lease if shift else lease)
        return shift is not None and able and await self._has_more(shift)

    async def look_behind(self, key: CalendarKey) -> None:
        """Tells of work that is there for too long, where no worker is at it."""
        lease = await self.store.acquire(key, uuid.uuid4().hex, self.clock(), self.lease_seconds)
        if lease is None:
            return
        shift = await self._shift(lease)
        try:
            if shift is not None:
                await fell_behind(shift)
                await shift.relay()
        finally:
            await self.store.release(shift.lease if shift else lease)

    async def has_work(self, key: CalendarKey) -> bool:
        return await self._is_awaited(key) or bool(await self.store.outbox(key, limit=1))

    async def _has_more(self, shift: Shift) -> bool:
        """Nobody else puts anything into the outbox."""
        return shift.owes or await self._is_awaited(shift.key)

    async def _is_awaited(self, key: CalendarKey) -> bool:
        return await self.store.marked(key) is not None or bool(
            await self.store.pendings(key, limit=1)
        )

    async def _until_clean(self, shift: Shift) -> bool:
        """False when the calendar cannot be worked on until somebody acts."""
        try:
            able = await self._work(shift)
        except Reconnect as reconnect:
            able = await self._needs_person(
                shift, await cause_of_loss(shift, self.graph, reconnect)
            )
        except (Throttled, Unavailable) as busy:
            if await stalled(shift, busy):
                await shift.relay()
            raise
        await keep_granted(shift, self.granted(shift.connection))
        await shift.relay()
        return able

    async def _shift(self, lease: Lease) -> Shift | None:
        calendar = await self.store.calendar(lease.key)
        connection = calendar and await self.store.connection(
            lease.key.tenant, calendar.connection
        )
        tenant = await self.store.tenant(lease.key.tenant)
        if calendar is None or connection is None or tenant is None:
            await self._unmark(lease.key)
            if calendar is None:
                await self.store.drop_lease(lease)
            return None
        calendar = await with_reach(self.store, calendar, connection)
        return Shift(
            self.store,
            self.wake,
            self.clock,
            self.lease_seconds,
            lease,
            calendar,
            connection,
            self.graph.mailbox(calendar, connection),
            document_for(tenant.policy, calendar),
            rests=bool(resting(tenant, connection, calendar)),
        )

    async def _work(self, shift: Shift) -> bool:
        if shift.calendar.state in ENDING:
            await self._disconnect(shift)
        elif shift.rests:
            await self._unmark(shift.key)
            await shift.relay()
            return False
        if shift.calendar.state not in AT_WORK:
            return await self._connected_again(shift.key)
        if is_blocked(shift.connection) and await self._waits_for_grant(shift):
            return False
        if shift.calendar.dry or shift.calendar.reach not in WITH_EVENTS:
            has_events = shift.calendar.reach in WITH_EVENTS
            return await (self._rehearse if has_events else self._without_events)(shift)
        later = await _push(shift)
        await shift.relay()
        while mark := await self.store.marked(shift.key):
            # Who marks the calendar may have changed its row or the policy before.
            await shift.look_again()
            await shift.read_policy()
            if shift.rests:
                return True
            await self._round(shift, mark)
            later = await _push(shift)
            await shift.relay()
        if later is not None:
            raise later
        return shift.calendar.held is None and not shift.shut

    async def _without_events(self, shift: Shift) -> bool:
        """Of such a calendar it can be asked when its owner is busy; no event is read or kept."""
        mark = await self.store.marked(shift.key)
        if shift.calendar.reach is Reach.ROOMS:
            raise Reconnect(SHORT)
        await keep_identity(shift, self.graph)
        await look_at_times(shift)
        await _push(shift)
        with suppress(Rejected):
            await end_subscription(shift)
        await move_calendar(shift, Standing(State.ACTIVE))
        await shift.relay()
        if mark is not None:
            await self.store.unmark(mark)
        return True

    async def _rehearse(self, shift: Shift) -> bool:
        """Nothing is left to do for a dry calendar, though changes wait; unless it was marked
        meanwhile.
        """
        while mark := await self.store.marked(shift.key):
            await shift.look_again()
            if not shift.calendar.dry:
                return True
            await shift.read_policy()
            await rehearse(shift, read=True)
            due = self.clock() + timedelta(seconds=LONGEST_SILENCE)
            await self.store.remind(Due(DueKind.POLL, due, str(shift.key)))
            await shift.keep(poll_due=due, interval=LONGEST_SILENCE, last_round=self.clock())
            await self._set_state(shift, State.ACTIVE)
            await self.store.unmark(mark)
        await rehearse(shift, read=False)
        await shift.relay()
        return False

    async def _connected_again(self, key: CalendarKey) -> bool:
        """Whether it was, since its row was read; then the mark is another worker's."""
        mark = await self.store.marked(key)
        calendar = await self.store.calendar(key)
        if calendar is not None and calendar.state in AT_WORK:
            return True
        if mark is not None:
            await self.store.unmark(mark)
        return False

    async def _round(self, shift: Shift, mark: Mark) -> None:
        if not only_adds(shift, mark) and not await is_echo(shift, mark):
            await keep_identity(shift, self.graph)
            with span("round", mark.traces, tenant=shift.key.tenant, calendar=shift.key.calendar):
                await keep_subscribed(shift, self.hooks)
                settled = await pull(shift, mark)
                await advance(shift)
            await self._next_poll(shift, mark, settled)
            if shift.calendar.state not in AT_EASE:
                await welcome(shift)
            await move_calendar(shift, follows(shift))
            if shift.connection.state is State.ACTION_REQUIRED:
                await move_connection(shift, Standing(State.ACTIVE))
            note("round", tenant=shift.key.tenant, calendar=shift.key.calendar, count=settled)
        await self.store.unmark(mark)

    async def _next_poll(self, shift: Shift, mark: Mark, settled: int) -> None:
        interval, wait = silence_after(shift, mark, settled, self.poll_seconds)
        due = self.clock() + timedelta(seconds=wait)
        await self.store.remind(Due(DueKind.POLL, due, str(shift.key)))
        await shift.keep(interval=interval, poll_due=due)

    async def _set_state(self, shift: Shift, state: State, cause: str = "") -> None:
        await move_calendar(shift, Standing(state, cause))

    async def _needs_person(self, shift: Shift, reconnect: Reconnect) -> bool:
        """What is pending stays so, until the connection is mended. Whether there is more to do
        all the same.
        """
        note(
            "reconnect", tenant=shift.key.tenant, calendar=shift.key.calendar, code=reconnect.cause
        )
        mark = await self.store.marked(shift.key)
        if not is_of_grant(reconnect.cause) or shift.connection.kind is ConnectionKind.USER:
            await self._set_state(shift, State.ACTION_REQUIRED, reconnect.cause)
        if is_of_grant(reconnect.cause):
            await move_connection(shift, Standing(State.ACTION_REQUIRED, reconnect.cause))
        await self._rest(
            shift, mark, HELD_SILENCE if reconnect.cause == MASS_CHANGE else LONGEST_SILENCE
        )
        return await give_way(shift, self.graph)

    async def _waits_for_grant(self, shift: Shift) -> bool:
        """False when the grant was mended meanwhile: then the mark may be of just that."""
        mark = await self.store.marked(shift.key)
        shift.connection = (
            await self.store.connection(shift.key.tenant, shift.connection.id) or shift.connection
        )
        if not is_blocked(shift.connection):
            return False
        await self._rest(shift, mark, LONGEST_SILENCE)
        return True

    async def _rest(self, shift: Shift, mark: Mark | None, silence: float) -> None:
        if mark is not None:
            await self.store.unmark(mark)
        retry = self.clock() + timedelta(seconds=silence)
        await self.store.remind(Due(DueKind.POLL, retry, str(shift.key)))
        await shift.keep(poll_due=retry)
        await shift.relay()

    async def _unmark(self, key: CalendarKey) -> None:
        if mark := await self.store.marked(key):
            await self.store.unmark(mark)

    async def _disconnect(self, shift: Shift) -> None:
        """The last calendar of a connection takes its tokens along."""
        if shift.calendar.state is not State.DISCONNECTED:
            await end_calendar(shift)
        await self._set_state(shift, State.DISCONNECTED, shift.calendar.cause)
        await shift.relay()
        connection = shift.connection
        if connection.state is State.DISCONNECTING and await is_last(
            self.store, shift.key, connection.id
        ):
            await self._end_connection(shift)

    async def _end_connection(self, shift: Shift) -> None:
        connection, now = shift.connection, self.clock()
        await end_grant(self.store, connection, self.forget_grant)
        ended = moved(connection, State.DISCONNECTED, "", now)
        await shift.settle(Settlement(changes=(connection_change(ended, connection, now),)))
        # Told first: once its last connection has ended, a tenant may be erased.
        await shift.relay()
        await self.store.put_connection(ended)
        await close_connection(self.store, ended, now)
        tenant = await self.store.tenant(connection.tenant)
        if tenant is not None and tenant.state in ENDING:
            await self.wake.queues.send(END, f"{tenant.id}~{tenant.receipt}")

    async def disconnect(self, connection: Connection, receipt: str = "") -> Connection:
        """Begins it; each calendar's worker ends it. Begun again it goes on."""
        now = self.clock()
        if connection.state is not State.DISCONNECTING:
            ending = moved(connection, State.DISCONNECTING, connection.cause, now)
            connection = await self.store.put_connection(replace(ending, receipt=receipt))
        found = await self.store.calendars(connection.tenant, connection.id)
        # Where all have ended, one is woken to end the connection.
        left = [one for one in found if one.state is not State.DISCONNECTED] or found[:1]
        await gathered(self.end(calendar, connection.receipt) for calendar in left)
        return connection

    async def end(self, calendar: Calendar, receipt: str = "") -> None:
        """The mark comes first, for a crash between the two."""
        now = self.clock()
        await self.wake.remember(calendar.key, now)
        await self.store.mark(calendar.key, now, (ROUND,))
        await change_row(self.store, calendar.key, partial(ending, receipt=receipt, now=now))
        await self.wake.reader(calendar.key)

    async def lifecycle(self, key: CalendarKey, event: str) -> None:
        await hear(self.store, self.wake, key, event, self.clock())

    async def announce(self, tenant: str) -> None:
        await announce(self.store, self.wake, tenant)


async def _push(shift: Shift) -> TryAgain | None:
    """Not while a round is held: a write would find its event gone, and settle on its own what
    waits for a person. What cannot be written is told to be so, and does not wait.
    """
    if shift.calendar.held:
        return None
    if shift.calendar.reach is not Reach.READ_WRITE:
        return await refuse_all(shift, READ_ONLY)
    return await push_or_wait(shift)
