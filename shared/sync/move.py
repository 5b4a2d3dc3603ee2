"""An appointment on its way to another calendar.

It stays at home until Outlook has it in the new calendar: there a link of it arrives, written by
that calendar's worker. Then the event at home goes, and with that the home moves in one
transaction. Everything after only follows: the new link learns that it is the appointment's, the
claim moves, the host app is told. Each step finds out for itself whether it was done before.
"""

from dataclasses import replace

from shared.errors import Problem, Rejected, TryAgain
from shared.store.records import CalendarKey, Link, OperationState, Settlement, Wish
from shared.sync.case import WITHDRAWN
from shared.sync.derived import receive, spread_wish
from shared.sync.home import has_news, left, settled_home, synced
from shared.sync.inbound import ended
from shared.sync.report import outcome
from shared.sync.series_window import is_series
from shared.sync.shift import Shift
from shared.sync.spread import Child, child_at, offer
from shared.sync.veil import case_of
from shared.sync.wanted import arriving, is_removed, with_places
from shared.sync.work import Work

# How often the new calendar's worker is looked after, should its word be lost.
PATIENCE = 30.0
NOT_CONNECTED = Problem(
    "mailbox-not-connected",
    "The mailbox it was to move to is not connected any more, so it stays where it was.",
    "/mailbox",
)


class Elsewhere(TryAgain):
    """Another calendar's worker has something to do first."""


async def move(shift: Shift, work: Work) -> None:
    """One step of it; what is left stays pending."""
    if work.link.home:
        return await _arrive(shift, work)
    to = CalendarKey.parse(work.pending.to)
    if await synced(shift.store, to) is None:
        raise Rejected(NOT_CONNECTED)
    place = to, work.link.appointment
    spread = with_places(work.link.spread, [place])
    if spread != work.link.spread:
        return await shift.settle(Settlement(link=replace(work.link, spread=spread)))
    await _send(shift, work, await child_at(shift, place))
    return await _leave(shift, work, to)


async def _send(shift: Shift, work: Work, child: Child) -> None:
    """Returns once the new calendar has it."""
    if child.link is not None and is_removed(child.link, child.pending):
        raise Rejected(
            Problem("deleted-in-outlook", "Somebody deleted it in the new mailbox meanwhile.")
        )
    link = arriving(work.link, shift.key, child.link, child.place[0])
    if link is not None:
        await offer(shift, child, link, Wish.WRITE)
        raise Elsewhere(PATIENCE, "the new calendar is to be written first")
    if child.pending is not None:
        await shift.wake.writer(child.place[0])
        raise Elsewhere(PATIENCE, "the new calendar is being written")
    if child.link is None or not await _has_arrived(shift, child, child.link):
        raise Rejected(await _why(shift, child))


async def _has_arrived(shift: Shift, child: Child, link: Link) -> bool:
    if link.event_id or not link.singly:
        return bool(link.event_id)
    operation = await shift.store.operation(*child.place, link.version)
    return operation is None or operation.state is not OperationState.REFUSED


async def _why(shift: Shift, child: Child) -> Problem:
    version = child.link.version if child.link else 0
    operation = await shift.store.operation(*child.place, version)
    told = (operation.problem if operation else None) or {}
    detail = str(told.get("detail", "Microsoft refused it in the new mailbox."))
    return Problem(str(told.get("code", "refused-by-microsoft")), detail)


async def _leave(shift: Shift, work: Work, to: CalendarKey) -> None:
    link, pending = work.link, work.pending
    seen = None
    if link.event_id:
        seen = await shift.mailbox.event(link.event_id, series=is_series(link.outlook))
    elif pending.attempted:
        found = await shift.mailbox.find_by_tag(link.appointment)
        seen = found[0] if found else None
    if seen is not None or link.event_id:
        case = case_of(shift, link, pending, seen)
        if settlement := receive(case):
            return await shift.settle(settlement)
        gone = pending.maybe_written | {WITHDRAWN}
        await shift.attempt(replace(pending, maybe_written=gone))
        await shift.mailbox.delete(link.event_id)
    return await shift.settle(Settlement(link=left(link, to), event_was=link.event_id))


async def _arrive(shift: Shift, work: Work) -> None:
    """The event at home is gone, and the link there says where to."""
    to, now = CalendarKey.parse(work.link.home), shift.clock()
    child = await child_at(shift, (to, work.link.appointment))
    if child.link is None:
        raise Rejected(NOT_CONNECTED)
    done = ended(work.pending, now)
    if await shift.store.operation(to, done.appointment, done.version) is None:
        await shift.wake.remember(to, now)
        link = settled_home(child.link) if child.link.home else child.link
        await shift.store.accept(to, link, child.pending or spread_wish(link, now), (done,))
    if child.link.home and has_news(child.link):
        await shift.wake.dirty(to, now)
    await shift.wake.writer(to)
    await shift.store.move_claim(to.tenant, done.appointment, shift.key, to)
    await shift.settle(
        Settlement(done=work.pending, operations=(done,), changes=(outcome(to, done, now),))
    )
