"""One round: what Outlook changed since the delta link, settled link by link.

Order matters: the events' rows are settled first, the delta link is saved last, the dirty mark
goes at the very end. Whatever is cut off in between is simply done again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial

from shared.errors import Contended, Resync, TryAgain
from shared.graph.seen import Kind, Seen
from shared.policy.admission import admits
from shared.policy.policy import Backfill, ImportNew
from shared.store.records import (
    AppointmentStatus,
    Copy,
    Link,
    Mark,
    Origin,
    Pending,
    Ruling,
    Settlement,
)
from shared.sync.arrivals import waits_for_edit
from shared.sync.beginnings import Beginnings, beginnings
from shared.sync.brake import checked
from shared.sync.case import Case
from shared.sync.copies import explained
from shared.sync.derived import receive
from shared.sync.discard import discarded
from shared.sync.inbound import imported, let_go
from shared.sync.meetings import appointment_id, held_elsewhere, is_taken_over, take_over
from shared.sync.series_round import piece_of_linked, with_followed, with_series
from shared.sync.series_window import is_in, is_series, shown_ids
from shared.sync.shift import Shift
from shared.sync.standstill import is_known, standing
from shared.sync.veil import case_of
from shared.sync.wake import DELETED, ROUND
from shared.sync.zone import zone_of

# The window is laid anew when it has slid this far; only a new round can do it.
SLIDE = timedelta(days=7)
# Events settled in one go: bounds memory and what a crash makes us do again.
BATCH = 500
# A series is one event: it is its master, whose occurrences are no events of their own.
WHOLE = frozenset({Kind.SINGLE, Kind.MASTER})


@dataclass(frozen=True)
class Round:
    """What one round brought. `whole` is a round from scratch: it showed all there is."""

    items: dict[str, Seen]
    delta_link: str
    whole: bool
    window: tuple[datetime, datetime]

    @cached_property
    def shown(self) -> frozenset[str]:
        return shown_ids(self.items.values())


@dataclass(frozen=True, slots=True)
class Known:
    """Of all events of a calendar, by id, as they were when its round began."""

    links: dict[str, Link]
    copies: dict[str, Copy]


async def pull(shift: Shift, mark: Mark) -> int:
    """Reads and settles one round; returns how many events it settled."""
    found = await _read(shift)
    shift.losses = 0
    items = await _with_hinted(shift, found, mark)
    items = await with_series(shift, items, found.window)
    items = await checked(
        shift, items, partial(_should_show, found=found) if found.whole else None
    )
    known = await _known(shift)
    shift.began = beginnings(mark.since, shift.calendar.last_round, items)
    settled = await _take(shift, items, known)
    if found.whole:
        settled += await _missing(shift, found)
    zone = await zone_of(shift, items, known.links if known else None, whole=found.whole)
    await _save(shift, found, settled, zone)
    shift.began = Beginnings()
    return settled


async def _known(shift: Shift) -> Known | None:
    """What is known before a first round is next to nothing: read at once, instead of by event."""
    if shift.calendar.announced:
        return None
    links: dict[str, Link] = {}
    after = ""
    while page := await shift.store.links(shift.key, after):
        after = page[-1].appointment
        links |= {link.event_id: link for link in page if link.event_id}
    copies = {copy.event_id: copy for copy in await shift.store.all_copies(shift.key)}
    return Known(links, copies)


async def read_whole(shift: Shift) -> list[Seen]:
    """All that there is, with nothing said of what was read before."""
    found = await _pages(shift, "", _window(shift, shift.clock(), ""))
    return list(found.items.values())


async def _read(shift: Shift) -> Round:
    now = shift.clock()
    calendar = shift.calendar
    link = calendar.delta_link
    if calendar.window_end is None or _slid(shift, now) or shift.is_under_new_policy:
        link = ""
    for _ in range(2):
        try:
            return await _pages(shift, link, _window(shift, now, link))
        except Resync:
            link = ""
    raise TryAgain(after=300, reason="Graph refuses even a new round")


def _slid(shift: Shift, now: datetime) -> bool:
    start = shift.calendar.window_start
    back = timedelta(days=shift.policy.window_back_days)
    return start is None or now - back - start > SLIDE


def _window(shift: Shift, now: datetime, link: str) -> tuple[datetime, datetime]:
    calendar = shift.calendar
    if link and calendar.window_start and calendar.window_end:
        return calendar.window_start, calendar.window_end
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        midnight - timedelta(days=shift.policy.window_back_days),
        midnight + timedelta(days=shift.policy.window_ahead_days),
    )


async def _pages(shift: Shift, link: str, window: tuple[datetime, datetime]) -> Round:
    """An event may come twice in a round; the last word on it counts."""
    whole, items = not link, dict[str, Seen]()
    while True:
        await shift.breathe()
        page = await shift.mailbox.delta(link, window)
        items.update({item.event_id: item for item in page.items})
        if page.delta_link:
            return Round(items, page.delta_link, whole, window)
        if not page.next_link:
            raise Resync("a page that says neither that it is the last nor where the next is")
        link = page.next_link


async def _with_hinted(shift: Shift, found: Round, mark: Mark) -> list[Seen]:
    """Delta may lag behind the notifications: what they named is read by id.

    A stranger is left to a later round: notifications are of the whole mailbox, and only delta
    says that an event lies in this calendar and in its window.
    """
    items = list(found.items.values())
    hints = dict(hint for hint in mark.hints if hint != ROUND)
    unseen = {event_id: etag for event_id, etag in hints.items() if event_id not in found.items}
    named = await unknown(shift, unseen)
    links = await shift.store.links_of(shift.key, named)
    for event_id in named:
        link = links.get(event_id)
        seen = await shift.mailbox.event(
            event_id, series=link is not None and is_series(link.outlook)
        )
        if link or (seen is not None and seen.tag) or await piece_of_linked(shift, seen):
            items.append(seen or Seen(event_id, removed=True))
    return items


async def unknown(shift: Shift, hints: dict[str, str]) -> list[str]:
    """The hinted events that are not as we settled them."""
    if not hints:
        return []
    links = await shift.store.links_of(shift.key, list(hints))
    copies = await shift.store.copies(shift.key, list(hints))
    return [
        event_id
        for event_id, etag in hints.items()
        if not _is_settled(etag, links.get(event_id), copies.get(event_id))
    ]


def _is_settled(etag: str, link: Link | None, copy: Copy | None) -> bool:
    """A deletion of what is neither linked nor known of leaves nothing to do: it was ours."""
    if link is not None:
        return bool(etag) and link.outlook_etag == etag
    if copy is not None:
        return bool(copy.organizer) or copy.etag == etag
    return etag == DELETED


async def _take(shift: Shift, items: Sequence[Seen], known: Known | None = None) -> int:
    count = 0
    for start in range(0, len(items), BATCH):
        count += await _take_batch(shift, items[start : start + BATCH], known)
    return count


async def _take_batch(shift: Shift, items: Sequence[Seen], known: Known | None) -> int:
    """What was known serves the first try; after a collision it is read anew."""
    for _ in range(3):
        try:
            settlements = await _settlements(shift, items, known)
            if settlements:
                await shift.settle(*settlements)
        except Contended:
            known = None
            await shift.hold()
        else:
            return len(settlements)
    raise Contended(after=1, reason="the calendar's links are changed faster than they settle")


async def _settlements(
    shift: Shift, items: Sequence[Seen], known: Known | None
) -> list[Settlement]:
    links, copies = await _looked_up(shift, [item.event_id for item in items], known)
    pendings = {p.appointment: p for p in await shift.store.pendings(shift.key, limit=1000)}
    settlements: list[Settlement | None] = []
    for item in items:
        if link := links.get(item.event_id):
            settlements.append(await _linked(shift, link, pendings.get(link.appointment), item))
        else:
            settlements.append(
                await _unlinked(shift, item, copies.get(item.event_id), pendings.values())
            )
    return await with_followed(shift, [one for one in settlements if one], links.values())


async def _looked_up(
    shift: Shift, ids: list[str], known: Known | None
) -> tuple[dict[str, Link], dict[str, Copy]]:
    if known is None:
        links = await shift.store.links_of(shift.key, ids)
        return links, await shift.store.copies(shift.key, ids)
    return (
        {one: known.links[one] for one in ids if one in known.links},
        {one: known.copies[one] for one in ids if one in known.copies},
    )


async def _linked(
    shift: Shift, link: Link, pending: Pending | None, item: Seen
) -> Settlement | None:
    """A removal is believed only after a look: it may have left the window, not the calendar."""
    seen: Seen | None = item
    if item.removed:
        await shift.breathe()
        seen = await shift.mailbox.event(item.event_id, series=is_series(link.outlook))
    if seen is not None and seen.event is None:
        return None
    case = case_of(shift, link, pending, seen)
    if pending is None and seen is not None and await is_taken_over(shift, link):
        return let_go(case, seen)
    if pending is None and seen is not None and is_known(case, link):
        return standing(case, link)
    settlement = (discarded if _is_discarded(shift) else receive)(case)
    return settlement or (standing(case, link) if pending is None else None)


def _is_discarded(shift: Shift) -> bool:
    held = shift.calendar.held
    return held is not None and held.ruling is Ruling.DISCARD


async def _unlinked(
    shift: Shift, item: Seen, known: Copy | None, pendings: Iterable[Pending]
) -> Settlement | None:
    if item.removed:
        return Settlement(drop_copy=item.event_id) if known else None
    if item.kind not in WHOLE or item.is_cancelled:
        return None
    if known and known.etag == item.etag and (known.organizer or _leaves_alone(shift)):
        return None
    if item.event is None:
        return Settlement(copy=Copy(item.event_id, item.ical_uid, "", item.etag))
    ours = await _ours(shift, item, pendings)
    if ours is not None:
        return receive(ours)
    return await _news(shift, item, known)


async def _ours(shift: Shift, item: Seen, pendings: Iterable[Pending]) -> Case | None:
    """A create whose answer was lost shows up as a stranger; its tag tells."""
    attempted = {p.appointment: p for p in pendings if p.attempted}
    if not attempted:
        return None
    seen = await shift.mailbox.event(item.event_id, series=item.kind is Kind.MASTER)
    if seen is None or seen.tag not in attempted:
        return None
    link = await shift.store.link(shift.key, seen.tag)
    if link is None or link.event_id:
        return None
    return case_of(shift, link, attempted[seen.tag], seen)


def _leaves_alone(shift: Shift) -> bool:
    return shift.policy.backfill is Backfill.NONE


async def _news(shift: Shift, item: Seen, known: Copy | None) -> Settlement | None:
    """An event nobody has told us of."""
    copy = Copy(item.event_id, item.ical_uid, "", item.etag)
    if waits_for_edit(item, known, shift.calendar, shift.policy, shift.clock()):
        return None if known == copy else Settlement(copy=copy)
    if not item.is_organizer and (told := await explained(shift, item, known)):
        return told
    if item.event is None or not admits(item.event, shift.policy, shift.calendar.connected):
        return None
    if not item.is_organizer and (host := await held_elsewhere(shift, item)):
        held = known is not None and known.organizer == host
        return None if held else Settlement(copy=replace(copy, organizer=host))
    if item.is_organizer:
        await take_over(shift, item)
    settlement = await _import(shift, item)
    return replace(settlement, drop_copy=item.event_id) if known else settlement


async def _import(shift: Shift, item: Seen) -> Settlement:
    appointment = appointment_id(shift, item)
    await shift.store.claim(shift.key.tenant, appointment, shift.key)
    link = await shift.store.link(shift.key, appointment)
    tentative = shift.policy.import_new is ImportNew.TENTATIVE
    status = AppointmentStatus.TENTATIVE if tentative else AppointmentStatus.CONFIRMED
    blank = replace(link or Link(appointment, 0, None), origin=Origin.OUTLOOK, status=status)
    return imported(case_of(shift, blank, None, item))


async def _missing(shift: Shift, found: Round) -> int:
    """After a round from scratch: links whose event it did not show are looked up one by one."""
    count, after = 0, ""
    while links := await shift.store.links(shift.key, after):
        after = links[-1].appointment
        gone = [link for link in links if _should_show(link, found)]
        count += await _take(shift, [Seen(link.event_id, removed=True) for link in gone])
    return count


def _should_show(link: Link, found: Round) -> bool:
    if not link.event_id or link.outlook is None or link.event_id in found.shown:
        return False
    return is_in(link.outlook, found.window)


async def _save(shift: Shift, found: Round, settled: int, zone: str) -> None:
    now = shift.clock()
    for _ in range(5):
        try:
            await shift.save(
                replace(
                    shift.calendar,
                    delta_link=found.delta_link,
                    window_start=found.window[0],
                    window_end=found.window[1],
                    last_round=now,
                    last_change=now if settled else shift.calendar.last_change,
                    announced=True,
                    held=None,
                    policy_version=shift.document.version,
                    time_zone=shift.calendar.time_zone if shift.calendar.zone_given else zone,
                )
            )
        except Contended:
            await shift.look_again()
        else:
            return
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")
