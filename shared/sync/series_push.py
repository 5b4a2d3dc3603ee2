"""A series is written in steps: its master, then the occurrences that differ.

What each step may leave in Outlook is remembered before it is sent; then the series is read
again, and what is left of the steps is found anew. So a worker may die anywhere, Exchange may
drop exceptions where the rule changes, and a person may edit in between.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date

from shared.calendar.digest import digest, same_field
from shared.calendar.event import Event, Series
from shared.errors import Contended, Problem, Rejected
from shared.graph.seen import Kind, Seen
from shared.graph.series_writes import Step, WriteMaster, outcomes, steps
from shared.graph.writes import Manner
from shared.policy.policy import Policy
from shared.policy.shape import hidden_fields, outward
from shared.store.records import Link, Settlement
from shared.sync.case import traces
from shared.sync.conference import TEAMS_OFF, unmet, without_conference
from shared.sync.derived import receive
from shared.sync.report import warning_json
from shared.sync.shift import Shift
from shared.sync.veil import case_of
from shared.sync.work import Work

NOT_TAKEN = Problem(
    "series-not-taken",
    "Outlook answered that it had changed the series, but goes on showing it as before.",
)
UNREADABLE = Problem(
    "series-not-readable",
    "Somebody gave the series a pattern in Outlook that Graph does not describe.",
)
# How often a step finds the series otherwise than it was just read.
MOST_MISSED = 3
LookAgain = Callable[[Shift, Work, Seen | None], Awaitable[None]]
"""Settles what Outlook shows otherwise than the link has it."""
# What of a master's PATCH may make Exchange give up exceptions.
_HARSH = frozenset({"recurrence", "start", "end", "isAllDay"})


@dataclass(frozen=True, slots=True)
class _Progress:
    """`begun` is the work as it is stored, `missed` how often something else came in between.
    `sent` is what was sent already and at what content, `tried` the cancelled days that this was
    to bring back.
    """

    begun: Work
    work: Work
    shown: Seen
    manner: Manner
    policy: Policy
    look_again: LookAgain
    missed: int = 0
    sent: frozenset[tuple[str, str]] = frozenset()
    tried: frozenset[date] = frozenset()

    @property
    def steps(self) -> tuple[Step, ...]:
        if self.shown.event is None or self.work.link.app is None:
            raise ValueError("a series is written from one content to another")
        wanted = outward(self.work.link.app, self.shown.event, self.policy)
        return steps(
            self.shown.event,
            wanted,
            self.shown.body_html,
            self.tried,
            self.manner,
            self.shown.instance_html,
        )


async def write_series(
    shift: Shift, work: Work, look_again: LookAgain, *, look: bool
) -> Work | None:
    """The work, with the link as Outlook shows it, once nothing more can be written of it. None:
    a look found what had to be settled first; what is left is still pending.
    """
    work = _warned(work)
    link = work.link
    shown = Seen(link.event_id, link.outlook_etag, kind=Kind.MASTER, event=link.outlook)
    shown = replace(shown, body_html=link.markup)
    policy, manner = shift.policy_for(link), shift.manner_for(link)
    now: _Progress | None = _Progress(work, work, shown, manner, policy, look_again)
    if look or not _is_gentle(now.steps) or _is_blind(link, policy):
        now = await _look(shift, now)
    while now is not None and now.steps:
        now = await _send(shift, now, now.steps[0])
    return now.work if now else None


def _is_blind(link: Link, policy: Policy) -> bool:
    """The body is hidden, so that what is to be kept of it must be read first."""
    if link.app is None or link.outlook is None or same_field("body", link.app, link.outlook):
        return False
    return "body" in hidden_fields(link.outlook.sensitivity, policy)


def _is_gentle(planned: tuple[Step, ...]) -> bool:
    """Only then is the etag enough to overwrite nobody: those of occurrences are unknown, and
    Exchange may drop them where time or rule change.
    """
    match planned:
        case ():
            return True
        case (WriteMaster(patch),):
            return not _HARSH & patch.keys()
        case _:
            return False


async def _send(shift: Shift, now: _Progress, step: Step) -> _Progress | None:
    shown = now.shown.event
    if shown is None:
        raise ValueError("a step is made from what is shown")
    here = (digest(shown), repr(step))
    if here in now.sent:
        return _without_teams(now, shown)
    await shift.breathe()
    pending = replace(
        now.work.pending,
        tries=now.work.pending.tries + 1,
        maybe_written=now.begun.pending.maybe_written | _left_by(now, shown, step),
    )
    now = replace(now, work=replace(now.work, pending=await shift.attempt(pending)))
    try:
        await shift.mailbox.write_step(now.shown.event_id, now.shown, step, now.shown.etag)
    except Contended:
        if now.missed == MOST_MISSED:
            raise
        return await _look(shift, replace(now, missed=now.missed + 1))
    restores = step.restores if isinstance(step, WriteMaster) else ()
    return await _look(
        shift, replace(now, sent=now.sent | {here}, tried=now.tried.union(restores))
    )


def _without_teams(now: _Progress, shown: Event) -> _Progress:
    """Teams may count as allowed, and Outlook make no such meeting all the same; nothing else is
    given up. Raises Rejected.
    """
    if not unmet(now.work.link, shown):
        raise Rejected(NOT_TAKEN)
    work = replace(now.work, link=without_conference(now.work.link), warnings=(TEAMS_OFF,))
    return replace(now, work=_warned(work))


def _warned(work: Work) -> Work:
    """With its warnings in the pending change, which a look may find applied and end."""
    known = work.pending.warnings
    new = [one for one in map(warning_json, work.warnings) if one not in known]
    return replace(work, pending=replace(work.pending, warnings=(*known, *new)), warnings=())


def _left_by(now: _Progress, shown: Event, step: Step) -> frozenset[str]:
    """What Outlook may show from now on, but for what is stored."""
    known = now.begun.link.outlook
    found = traces(shown, known)
    exceptions = tuple(day for day, _, _ in now.shown.instances)
    for event in outcomes(shown, step, exceptions):
        found |= traces(event, known)
    return found


async def _look(shift: Shift, now: _Progress) -> _Progress | None:
    """None when what Outlook shows had to be settled first."""
    link, pending = now.work.link, now.work.pending
    seen = await shift.mailbox.event(link.event_id, series=True)
    if seen is not None and seen.is_unreadable:
        raise Rejected(UNREADABLE)
    case = case_of(shift, link, pending, seen)
    settlement = receive(case)
    if settlement is not None and settlement != Settlement(link=settlement.link):
        return await now.look_again(shift, now.work, seen)
    if seen is None or case.seen is None or case.seen.event is None:
        return await now.look_again(shift, now.work, seen)
    known = settlement.link if settlement and settlement.link else link
    # The bodies that the host app's parts are written into.
    shown = replace(case.seen, body_html=seen.body_html, instance_html=seen.instance_html)
    return replace(now, work=replace(now.work, link=known), shown=shown)


def is_in_parts(event: Event) -> bool:
    """Whether it takes more than a create to write it."""
    return event.series is not None and bool(event.series.cancelled or event.series.overrides)


def bare_traces(event: Event) -> frozenset[str]:
    """Of what a create leaves in Outlook before its occurrences are written."""
    if event.series is None:
        return frozenset()
    return traces(replace(event, series=Series(event.series.rule)), None)
