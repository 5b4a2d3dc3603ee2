"""Stops a round that would empty or overwrite most of a calendar, before it settles anything.

The delta link stays where it was, so whoever resumes, discards or repairs has the whole round
before them again; and a glitch that heals by itself is passed over by the next look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from shared.errors import Contended, Reconnect
from shared.graph.seen import Seen
from shared.store.records import Held, Link
from shared.sync.case import Case, action
from shared.sync.decide import DeleteApp, Merge, WriteApp
from shared.sync.guard import Count, Limits, brake, is_meant, mails
from shared.sync.series_window import is_series
from shared.sync.shift import Shift
from shared.sync.veil import case_of

CAUSE = "mass-change"
# Named in what the host app is told, for somebody to look at.
FEW = 10


@dataclass
class _Suspects:
    """What the round would do to linked events, as far as can be said without asking Graph.

    `doubtful` are events the round calls gone, which may only have left the window, each with
    whether it is a series.
    """

    links: int = 0
    gone: int = 0
    changes: int = 0
    guests: int = 0
    mails: int = 0
    doubtful: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    appointments: list[str] = field(default_factory=list[str])

    @property
    def count(self) -> Count:
        return Count(self.links, self.gone + len(self.doubtful), self.changes)


async def checked(
    shift: Shift, items: Sequence[Seen], is_missing: Callable[[Link], bool] | None
) -> Sequence[Seen]:
    """The items to settle, those that were called gone but are there as they are. Raises
    Reconnect(mass-change) when the round is held. `is_missing` is for a round from scratch:
    whether it should have shown a link's event.
    """
    limits = Limits.of(shift.policy)
    if not shift.calendar.announced or (is_missing is None and _is_small(items, limits)):
        return items
    suspects = await _suspects(shift, items, is_missing)
    held = shift.calendar.held
    if not brake(suspects.count, limits) or (held and is_meant(suspects.count, held, limits)):
        return items
    there = await _looked_up(shift, suspects, limits)
    if there is None:
        await _hold(shift, suspects)
        raise Reconnect(CAUSE)
    return [there.get(item.event_id, item) for item in items]


def _is_small(items: Sequence[Seen], limits: Limits) -> bool:
    gone = sum(item.removed or item.is_cancelled for item in items)
    return gone <= limits.deletions and len(items) - gone <= limits.changes


async def _suspects(
    shift: Shift, items: Sequence[Seen], is_missing: Callable[[Link], bool] | None
) -> _Suspects:
    """One pass over the links, a page at a time."""
    shown = {item.event_id: item for item in items}
    waiting = await shift.store.pendings(shift.key, limit=1000)
    pendings = {pending.appointment: pending for pending in waiting}
    suspects, after = _Suspects(), ""
    while links := await shift.store.links(shift.key, after):
        after = links[-1].appointment
        for link in links:
            if not link.event_id:
                continue
            suspects.links += 1
            item = shown.get(link.event_id)
            if item is None and is_missing and is_missing(link):
                item = Seen(link.event_id, removed=True)
            if item is not None:
                _suspect(suspects, case_of(shift, link, pendings.get(link.appointment), item))
    return suspects


def _suspect(suspects: _Suspects, case: Case) -> None:
    """What our own pending write did, or will do, is nobody else's change; nor is it one that a
    policy shows or hides what was there.
    """
    seen, link = case.seen, case.link
    if seen is None or (seen.event is None and not seen.removed):
        return
    if not seen.removed and seen.etag == link.outlook_etag:
        return
    match action(replace(case, seen=None) if seen.removed else case):
        case DeleteApp() if seen.removed:
            suspects.doubtful.append((seen.event_id, is_series(link.outlook)))
        case DeleteApp():
            suspects.gone += 1
        case WriteApp() | Merge():
            suspects.changes += 1
            suspects.mails += _mails_to_discard(case)
        case _:
            return
    if seen.removed or seen.is_cancelled:
        suspects.guests += bool(link.app and link.app.attendees)
    suspects.appointments += [link.appointment][: FEW - len(suspects.appointments)]


def _mails_to_discard(case: Case) -> int:
    seen, link = case.seen, case.link
    if seen is None or seen.event is None or link.app is None or not seen.is_organizer:
        return 0
    return mails(seen.event, link.app)


async def _looked_up(shift: Shift, suspects: _Suspects, limits: Limits) -> dict[str, Seen] | None:
    """Events called gone that are there; None as soon as enough are known to be gone."""
    there: dict[str, Seen] = {}
    count = replace(suspects.count, deletions=suspects.gone)
    for event_id, series in suspects.doubtful:
        if brake(count, limits):
            return None
        await shift.breathe()
        seen = await shift.mailbox.event(event_id, series=series)
        if seen is None:
            count = replace(count, deletions=count.deletions + 1)
        else:
            there[event_id] = seen
    return None if brake(count, limits) else there


async def _hold(shift: Shift, suspects: _Suspects) -> None:
    """Raises Contended when somebody ruled on it meanwhile: then it is judged anew."""
    before = shift.calendar.held
    count = suspects.count
    held = Held(
        before.since if before else shift.clock(),
        count.links,
        count.deletions,
        count.changes,
        tuple(suspects.appointments),
        suspects.guests,
        suspects.mails,
    )
    for _ in range(5):
        try:
            await shift.save(replace(shift.calendar, held=held))
        except Contended:
            await shift.look_again()
            if shift.calendar.held != before:
                raise
        else:
            return
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")
