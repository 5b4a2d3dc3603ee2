"""The host app's pending changes, written to Outlook: one at a time, each settled at once.

An unknown outcome is never repeated blindly: a create is found again by its tag, an update by
its etag and content, a deletion by looking.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from shared.calendar.digest import same, same_field
from shared.errors import Contended, Problem, Reconnect, Rejected, Throttled, TryAgain
from shared.graph.seen import Kind, Seen
from shared.graph.writes import plan
from shared.policy.shape import hidden_fields, outward, shape
from shared.store.records import ConnectionKind, Link, Origin, Pending, Settlement, Wish
from shared.sync.applied import settle_applied, settle_unchanged
from shared.sync.case import WITHDRAWN, Case, action, traces, unowned
from shared.sync.conference import (
    TEAMS_OFF,
    has_teams,
    join_url_of,
    lost_teams,
    unmet,
    without_conference,
)
from shared.sync.decide import DeleteApp
from shared.sync.derived import following, must_report, receive
from shared.sync.direction import mute
from shared.sync.guard import will_mail
from shared.sync.inbound import ended
from shared.sync.move import Elsewhere, move
from shared.sync.occurrences import goes_singly
from shared.sync.pause import NotYet, pause
from shared.sync.report import outcome
from shared.sync.series_push import bare_traces, is_in_parts, write_series
from shared.sync.series_window import is_series, marks_of
from shared.sync.sharing import LOWERED
from shared.sync.shift import Shift
from shared.sync.singly import OccurrencesFirst, write_singly
from shared.sync.spread import report_home, spread
from shared.sync.veil import case_of, veiled
from shared.sync.work import Work
from shared.telemetry import span

# How often one change is tried again at once when rows or events move under it.
ROUNDS = 5
# So many failures in a row are no event's fault.
MOST_LATE = 3
FEW = 20


class _RoundFirst(TryAgain):
    """So many events are gone that it is for a round to say whether that is meant."""


async def push_all(shift: Shift) -> TryAgain | None:
    """Everything pending; returns why something of it must be tried again later, if so.

    One event that Graph cannot write does not keep the others waiting; being throttled does,
    for it concerns the whole mailbox.
    """
    late: dict[str, TryAgain] = {}
    waits: dict[str, TryAgain] = {}
    for _ in range(ROUNDS):
        waits = {name: why for name, why in waits.items() if not _is_series(why)}
        if not await _push_waiting(shift, late, waits):
            return None
        if not any(_is_series(why) for why in waits.values()):
            break
    return min((late | waits).values(), key=lambda later: later.after, default=None)


def _is_series(why: TryAgain) -> bool:
    return isinstance(why, OccurrencesFirst)


async def _push_waiting(
    shift: Shift, late: dict[str, TryAgain], waits: dict[str, TryAgain]
) -> bool:
    """False where a round is to come first. What must wait is added to both."""
    while waiting := await _waiting(shift, late.keys() | waits.keys()):
        if len(waiting) > FEW:
            # It may take minutes, in which somebody may pause or disconnect the calendar.
            await shift.look_again()
        for pending in waiting:
            try:
                await push(shift, pending.appointment)
            except Throttled:
                raise
            except _RoundFirst:
                await shift.wake.dirty(shift.key, shift.clock())
                return False
            except NotYet as later:
                waits[pending.appointment] = later
            except TryAgain as later:
                await shift.hold()
                late[pending.appointment] = later
            if _failures(late) == MOST_LATE:
                raise late[pending.appointment]
    return True


def _failures(late: Mapping[str, TryAgain]) -> int:
    return sum(not isinstance(later, Elsewhere) for later in late.values())


async def _waiting(shift: Shift, late: Collection[str]) -> list[Pending]:
    pendings = await shift.store.pendings(shift.key, limit=100 + len(late))
    return [pending for pending in pendings if pending.appointment not in late]


async def push(shift: Shift, appointment: str) -> None:
    """Settles the pending change of one appointment, whatever it has become meanwhile."""
    denied = False
    for _ in range(ROUNDS):
        link = await shift.store.link(shift.key, appointment)
        pending = await shift.store.pending(shift.key, appointment)
        if link is None or pending is None:
            return
        try:
            await _push(shift, Work(link, pending))
        except Contended:
            await shift.hold()
        except Rejected as rejected:
            if unmet(link, link.outlook) and await lost_teams(shift):
                continue
            await _refuse(shift, await _as_stored(shift, pending), rejected.problem)
        except Reconnect as reconnect:
            problem = await _denied_alone(shift, reconnect)
            if denied:
                await _refuse(shift, await _as_stored(shift, pending), problem)
            denied = True
    if await shift.store.pending(shift.key, appointment) is not None:
        raise Contended(after=2, reason="an appointment is changed faster than it can be written")


async def _denied_alone(shift: Shift, reconnect: Reconnect) -> Problem:
    """What to say of a write that is denied while its calendar can be read; the first time it is
    tried again, for the token may have been older than the permission. Raises Reconnect.
    """
    if reconnect.cause != "access-denied":
        raise reconnect
    found = await shift.mailbox.default_calendar()
    if shift.connection.kind is ConnectionKind.SERVICE_ACCOUNT and not found.can_edit:
        raise Reconnect(LOWERED, reconnect.trace)
    detail = "Microsoft 365 denies writing this event, though its calendar can be read."
    return Problem("refused-by-microsoft", detail)


async def _as_stored(shift: Shift, pending: Pending) -> Pending:
    """An attempt has written the row since it was read."""
    stored = await shift.store.pending(shift.key, pending.appointment)
    return stored if stored and stored.version == pending.version else pending


async def _push(shift: Shift, work: Work) -> None:
    follows = (work.pending.traceparent,)
    with span("push", follows, tenant=shift.key.tenant, appointment=work.pending.appointment):
        await _push_one(shift, work)


async def _push_one(shift: Shift, work: Work) -> None:
    await shift.breathe()
    if work.pending.wish is not Wish.SPREAD:
        await _must_be_heard(shift, work.link)
    work = await _possible(shift, work)
    match work.pending.wish:
        case Wish.MOVE:
            await move(shift, work)
        case _ if must_report(work.link, work.pending):
            await report_home(shift, work)
        case Wish.SPREAD:
            await spread(shift, work)
        case Wish.WRITE if goes_singly(work.link, shift.policy_for(work.link)):
            await write_singly(shift, work)
        case Wish.WRITE if work.link.event_id:
            await _update(shift, work)
        case Wish.WRITE:
            await _create(shift, work)
        case Wish.DELETE | Wish.CANCEL if not work.link.event_id:
            await _withdraw_unseen(shift, work)
        case Wish.DELETE | Wish.CANCEL:
            await _withdraw(shift, work)


async def _must_be_heard(shift: Shift, link: Link) -> None:
    """By the policy as it is, which may be a newer one than this shift began with."""
    if mute(shift.document, link):
        await shift.read_policy()
    if problem := mute(shift.document, link):
        raise Rejected(problem)


async def _possible(shift: Shift, work: Work) -> Work:
    """The wish without a conference that the mailbox cannot have."""
    if work.pending.wish is not Wish.WRITE or not unmet(work.link, work.link.outlook):
        return work
    if await has_teams(shift):
        return work
    return Work(without_conference(work.link), work.pending, (TEAMS_OFF,))


async def _create(shift: Shift, work: Work) -> None:
    event = work.link.app
    if event is None:
        raise ValueError("a deleted appointment cannot be written")
    if work.pending.attempted:
        found = await _found_by_tag(shift, work.link)
        if found is not None:
            return await _look_again(shift, work, found)
    pending = replace(
        work.pending,
        attempted=True,
        tries=work.pending.tries + 1,
        maybe_written=work.pending.maybe_written | traces(event, None) | bare_traces(event),
    )
    pending = await shift.attempt(pending)
    manner = shift.manner_for(work.link)
    wanted = outward(event, None, shift.policy_for(work.link))
    seen = await shift.mailbox.create(wanted, work.link.appointment, work.link.life, manner)
    if is_in_parts(event):
        return await _look_again(shift, replace(work, pending=pending), seen)
    await _written(shift, replace(work, pending=pending), seen)
    return None


async def _found_by_tag(shift: Shift, link: Link) -> Seen | None:
    found = await shift.mailbox.find_by_tag(link.appointment)
    return found[0] if found else None


async def _update(shift: Shift, work: Work) -> None:
    link = work.link
    if link.app is None or link.outlook is None:
        raise ValueError("an update needs the content of both sides")
    if is_series(link.outlook) or is_series(link.app):
        await pause(shift, link, work.pending)
        look = _must_look(shift, work, {}) or _must_look(shift, work, {"recurrence": None})
        done = await write_series(shift, work, _look_again, look=look)
        return await settle_unchanged(shift, done) if done else None
    wanted = outward(link.app, link.outlook, shift.policy_for(link))
    patch = plan(link.outlook, wanted, await _markup(shift, link), shift.manner_for(link))
    if _must_look(shift, work, patch):
        return await _look_again(shift, work, await shift.mailbox.event(link.event_id))
    if not patch:
        return await settle_unchanged(shift, work)
    await pause(shift, replace(link, app=wanted), work.pending)
    try:
        seen = await shift.mailbox.update(link.event_id, patch, link.outlook_etag)
    except Contended:
        seen = await shift.mailbox.event(link.event_id)
        return await _look_again(shift, work, seen)
    await _written(shift, work, await _whole(shift, seen))
    return None


async def _whole(shift: Shift, seen: Seen | None) -> Seen | None:
    """Of a series, of which the host app has the first occurrence, the answer shows no more."""
    if seen is None or seen.kind is not Kind.MASTER:
        return seen
    return await shift.mailbox.event(seen.event_id, series=True)


async def _markup(shift: Shift, link: Link) -> str:
    """The whole body as it stands in Outlook, for the host app's part of it to be written into;
    where it is hidden it is not kept, but read when it is needed.
    """
    if link.app is None or link.outlook is None or same_field("body", link.outlook, link.app):
        return link.markup
    if "body" not in hidden_fields(link.outlook.sensitivity, shift.policy_for(link)):
        return link.markup
    seen = await shift.mailbox.event(link.event_id)
    return seen.body_html if seen else ""


def _must_look(shift: Shift, work: Work, patch: dict[str, Any]) -> bool:
    """Nothing to write says nothing of an event that may be gone; and what Outlook owns is not
    written, but reported.
    """
    link = work.link
    if link.app is None or link.outlook is None:
        return True
    if not patch:
        return WITHDRAWN in work.pending.maybe_written
    return link.base is not None and bool(unowned(link.outlook, link.app, shift.policy_for(link)))


async def _written(shift: Shift, work: Work, shown: Seen | None) -> None:
    policy = shift.policy_for(work.link)
    seen = veiled(shown, work.link, policy)
    if shown is None or seen is None or _is_told_otherwise(shift, work.link, seen):
        return await _look_again(shift, work, shown)
    if unmet(work.link, shown.event):
        work = Work(without_conference(work.link), work.pending, (TEAMS_OFF,))
    link = replace(
        work.link,
        base=seen.event if work.link.home else work.link.app,
        outlook=seen.event,
        event_id=seen.event_id,
        outlook_etag=seen.etag,
        exceptions=marks_of(seen),
        ical_uid=seen.ical_uid,
        organizer=seen.organizer,
        is_organizer=seen.is_organizer,
        join_url=join_url_of(seen),
        markup=seen.around,
        mailed=shift.clock() if will_mail(work.link, policy) else work.link.mailed,
    )
    return await settle_applied(shift, work, link)


def _is_told_otherwise(shift: Shift, link: Link, seen: Seen) -> bool:
    """Of an event made in Outlook the policy by now hides what the host app still has, or shows
    the series of which it has the first occurrence.
    """
    if link.origin is Origin.APP or link.app is None:
        return False
    if link.first_only and is_series(seen.event):
        return True
    return not same(link.app, shape(link.app, shift.policy_for(link)))


async def _withdraw_unseen(shift: Shift, work: Work) -> None:
    """Deleted before it was ever settled in Outlook; it may be there all the same."""
    if work.pending.attempted:
        found = await _found_by_tag(shift, work.link)
        if found is not None:
            return await _look_again(shift, work, found)
    return await _look_again(shift, work, None)


async def _withdraw(shift: Shift, work: Work) -> None:
    seen = await shift.mailbox.event(work.link.event_id, series=is_series(work.link.outlook))
    case = _case(shift, work, seen)
    settlement = receive(case)
    if seen is None or (settlement is not None and (settlement.done or settlement.keep)):
        return await _settled(shift, settlement)
    if work.pending.wish is Wish.CANCEL and seen.is_organizer and _has_guests(seen):
        await shift.mailbox.cancel(work.link.event_id, work.pending.comment)
    else:
        await shift.mailbox.delete(work.link.event_id)
    await _settled(shift, receive(replace(case, seen=None)))
    return None


def _has_guests(seen: Seen) -> bool:
    return seen.event is not None and bool(seen.event.attendees)


async def _look_again(shift: Shift, work: Work, seen: Seen | None) -> None:
    """Outlook is not as the link has it: decide on what it is, then try what is left."""
    case = _case(shift, work, seen)
    if isinstance(action(case), DeleteApp):
        _count_loss(shift)
    await _settled(shift, receive(case))


def _count_loss(shift: Shift) -> None:
    """One write after the other must not get around the brake."""
    if shift.losses >= max(1, shift.policy.brake_deletions):
        raise _RoundFirst
    shift.losses += 1


async def _settled(shift: Shift, settlement: Settlement | None) -> None:
    if settlement is not None:
        await shift.settle(settlement)


def _case(shift: Shift, work: Work, seen: Seen | None) -> Case:
    return case_of(shift, work.link, work.pending, seen)


async def refuse_all(shift: Shift, problem: Problem) -> None:
    """For a calendar that is worked on no more: nothing waits for what will never come."""
    while waiting := await shift.store.pendings(shift.key, limit=100):
        for pending in waiting:
            await _refuse(shift, pending, problem)


async def _refuse(shift: Shift, pending: Pending, problem: Problem) -> None:
    """Told once, and not tried again; the next change of the appointment is."""
    now = shift.clock()
    done = ended(pending, now, problem)
    told = () if pending.silent else (outcome(shift.key, done, now),)
    settlement = Settlement(done=pending, operations=(done,), changes=told)
    link = await shift.store.link(shift.key, pending.appointment)
    if link is not None and link.spread and pending.wish is not Wish.SPREAD:
        settlement = following(
            shift.policy_for(link), pending, replace(settlement, link=link), now
        )
    await shift.settle(settlement)
