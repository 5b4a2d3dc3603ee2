"""A series of the host app that is written as single events: its operation, and its lead time."""

from dataclasses import replace
from datetime import datetime

from shared.errors import Problem, Rejected
from shared.store.records import Link, Pending, Settlement, Wish
from shared.sync.applied import settle_applied
from shared.sync.case import WITHDRAWN
from shared.sync.derived import receive
from shared.sync.lead import look_at
from shared.sync.occurrences import due, is_missing, next_due
from shared.sync.pause import NotYet
from shared.sync.series_window import is_series
from shared.sync.shift import Shift
from shared.sync.spread import Child, agreeing, child_at, offer, wake_home
from shared.sync.veil import case_of
from shared.sync.wanted import name_of
from shared.sync.work import Work

# How often its single events are looked after.
PATIENCE = 15.0


class OccurrencesFirst(NotYet):
    """No failure: a series that waits for its own single events to be written."""


async def write_singly(shift: Shift, work: Work) -> None:
    """One step of it; what is left stays pending."""
    link = work.link
    if link.event_id:
        return await _clear(shift, work)
    if not link.singly:
        if work.pending.attempted and await _recover(shift, work):
            return None
        return await shift.settle(Settlement(link=replace(link, singly=True)))
    link = await agreeing(shift, work)
    if link is None:
        return None
    if link != work.link:
        return await shift.settle(Settlement(link=link))
    await _await_all(shift, work)
    return await settle_applied(shift, work, link)


async def _await_all(shift: Shift, work: Work) -> None:
    """Returns once Outlook has all that is due. Raises OccurrencesFirst, Rejected."""
    link = work.link
    for day in due(link, shift.policy_for(link), shift.clock()):
        child = await child_at(shift, (shift.key, name_of(link.appointment, day)))
        if child.pending is not None:
            raise OccurrencesFirst(PATIENCE, "its single events are to be written first")
        if child.link is not None and not child.link.event_id:
            await _again(shift, work, child, child.link)


async def _again(shift: Shift, work: Work, child: Child, link: Link) -> None:
    """One that is not there though nothing of it waits: refused since the write was accepted, or
    it is to be written once more.
    """
    found = await shift.store.operation(shift.key, link.appointment, link.version)
    told = (found.problem if found else None) or {}
    if found is not None and told and found.accepted >= work.pending.accepted:
        raise Rejected(Problem(str(told["code"]), str(told.get("detail", ""))))
    await offer(shift, child, replace(link, version=link.version + 1), Wish.WRITE)
    raise OccurrencesFirst(PATIENCE, "a single event is to be written again")


async def _recover(shift: Shift, work: Work) -> bool:
    """Whether an event turned up that was written of it as a whole."""
    found = await shift.mailbox.find_by_tag(work.link.appointment)
    if not found:
        return False
    case = case_of(shift, work.link, work.pending, found[0])
    if settlement := receive(case):
        await shift.settle(settlement)
    return True


async def _clear(shift: Shift, work: Work) -> None:
    """Its one event goes before the single ones come; what a person edited in it is taken over
    first.
    """
    link = work.link
    seen = await shift.mailbox.event(link.event_id, series=is_series(link.outlook))
    case = case_of(shift, link, work.pending, seen)
    if settlement := receive(case):
        return await shift.settle(settlement)
    pending = await shift.attempt(_withdrawing(work.pending))
    await shift.mailbox.delete(link.event_id)
    gone = replace(case, pending=pending, seen=None)
    if settlement := receive(gone):
        await shift.settle(settlement)
    return None


def _withdrawing(pending: Pending) -> Pending:
    return replace(pending, maybe_written=pending.maybe_written | {WITHDRAWN})


async def advance(shift: Shift) -> None:
    """Leaves word at every series that has an occurrence due by now. Raises Contended."""
    at, now = shift.calendar.occurrences_due, shift.clock()
    if at is None or at > now:
        return
    following: datetime | None = None
    after = ""
    while links := await shift.store.links(shift.key, after):
        after = links[-1].appointment
        for link in links:
            policy = shift.policy_for(link)
            if not link.home and is_missing(link, policy, now):
                await wake_home(shift, shift.key, link.appointment)
            then = None if link.home else next_due(link, policy, now)
            following = min((at for at in (then, following) if at), default=None)
    await look_at(shift, following)
