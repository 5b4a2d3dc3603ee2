"""A dry calendar: read and compared, and nothing of it settled, written or told.

What the host app wants waits; what Outlook shows is counted. It stores no link and no delta link,
so that going live is a first round like any other.
"""

from collections import Counter
from collections.abc import Iterable

from shared.graph.seen import Kind, Seen
from shared.policy.admission import admits
from shared.policy.policy import Backfill
from shared.store.records import Link, Pending, Wish
from shared.sync.arrivals import waits_for_edit
from shared.sync.guard import will_mail
from shared.sync.round import read_whole
from shared.sync.shift import Shift

MOST = 1000


async def rehearse(shift: Shift, *, read: bool) -> None:
    """Keeps the counts on the calendar; those of events are the last ones unless it is to
    `read`.
    """
    events = await _events(shift) if read else _kept_events(shift)
    counts = {**events, **await _writes(shift)}
    if counts != shift.calendar.rehearsed:
        await shift.keep(rehearsed=counts)


def _kept_events(shift: Shift) -> dict[str, int]:
    kept = shift.calendar.rehearsed
    return {name: count for name, count in kept.items() if name.startswith("events.")}


async def _events(shift: Shift) -> dict[str, int]:
    found = await read_whole(shift)
    shown = [item for item in found if not item.removed and not item.is_cancelled]
    return dict(Counter(f"events.{_fate(shift, item)}" for item in shown if _is_whole(item)))


def _is_whole(item: Seen) -> bool:
    return item.kind in {Kind.SINGLE, Kind.MASTER}


def _fate(shift: Shift, item: Seen) -> str:
    """A round shows no more of a series than that it is there."""
    if item.event is None:
        return "left_alone" if shift.policy.backfill is Backfill.NONE else "imported"
    if waits_for_edit(item, None, shift.calendar, shift.policy, shift.clock()):
        return "left_alone"
    if not admits(item.event, shift.policy, shift.calendar.connected):
        return "left_out"
    return "imported"


async def _writes(shift: Shift) -> dict[str, int]:
    pendings = await shift.store.pendings(shift.key, limit=MOST)
    waiting = [(one, await shift.store.link(shift.key, one.appointment)) for one in pendings]
    return writes(
        (pending, link, link is not None and will_mail(link, shift.policy_for(link)))
        for pending, link in waiting
    )


def writes(waiting: Iterable[tuple[Pending, Link | None, bool]]) -> dict[str, int]:
    """By kind; with how many of them mail, and how many people."""
    counts: Counter[str] = Counter()
    people: set[str] = set()
    for pending, link, mails in waiting:
        counts[f"writes.{_kind(pending, link)}"] += 1
        if mails and link is not None and link.app is not None:
            counts["mails"] += 1
            people |= {attendee.address.lower() for attendee in link.app.attendees}
    if people:
        counts["people"] = len(people)
    return dict(counts)


def _kind(pending: Pending, link: Link | None) -> str:
    if pending.wish is not Wish.WRITE:
        return pending.wish.value
    return "update" if link is not None and link.event_id else "create"
