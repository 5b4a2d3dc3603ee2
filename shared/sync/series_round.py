"""Series in a round: what comes bare and in pieces is read whole, once, where it may differ."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.graph.seen import Seen
from shared.policy.policy import Backfill
from shared.store.records import Change, Copy, Link, Settlement
from shared.sync.report import CREATED
from shared.sync.series_window import (
    PIECES,
    Touched,
    Window,
    apart,
    continues,
    is_known,
    is_series,
    resumes,
)
from shared.sync.shift import Shift

# Links asked for in one go.
BATCH = 100
# What a person does of one mind; Outlook makes two writes of it.
SOON = timedelta(minutes=10)


async def with_series(shift: Shift, items: Sequence[Seen], window: Window) -> list[Seen]:
    """The items, but of series only those that may not be as we know them, and these whole."""
    found, series = apart(items)
    for start in range(0, len(series), BATCH):
        batch = series[start : start + BATCH]
        ids = [one.event_id for one in batch]
        links = await shift.store.links_of(shift.key, ids)
        copies = await shift.store.copies(shift.key, ids)
        for one in batch:
            known = links.get(one.event_id), copies.get(one.event_id)
            if _is_judged_anew(shift, known[0]) or not is_known(one, *known, window):
                found.append(await _read(shift, one, *known))
    return found


def _is_judged_anew(shift: Shift, link: Link | None) -> bool:
    """Another policy may show more of it, or less, or import what was left alone."""
    if not shift.is_under_new_policy:
        return False
    return link is not None or shift.policy.backfill is not Backfill.NONE


async def _read(shift: Shift, one: Touched, link: Link | None, copy: Copy | None) -> Seen:
    """What the policy leaves alone needs no more than its master."""
    if one.master is not None and link is None and copy is None and _left_alone(shift):
        return one.master
    await shift.breathe()
    seen = await shift.mailbox.event(one.event_id, series=True)
    return seen or Seen(one.event_id, removed=True)


def _left_alone(shift: Shift) -> bool:
    return not shift.calendar.announced and shift.policy.backfill is Backfill.NONE


async def piece_of_linked(shift: Shift, seen: Seen | None) -> bool:
    """Notifications may name an occurrence, which leads to its series."""
    if seen is None or seen.kind not in PIECES or not seen.series_master:
        return False
    return bool(await shift.store.links_of(shift.key, [seen.series_master]))


async def with_followed(
    shift: Shift, settlements: Sequence[Settlement], links: Iterable[Link]
) -> list[Settlement]:
    """A person who changes this occurrence and all that follow ends one series and makes
    another: the new one's appointment says which it follows. An earlier round may have shown
    the end.
    """
    cut = [(old, one.link) for old in links for one in settlements if _cuts(old, one)]
    found = [_following(settlement, cut) for settlement in settlements]
    if not shift.calendar.announced or not any(map(_is_left, found)):
        return found
    now = shift.clock()
    ended = [
        link
        for link in await shift.store.links(shift.key)
        if link.changed is not None and now - link.changed < SOON and is_series(link.outlook)
    ]
    return [_after(settlement, ended) for settlement in found]


def _cuts(link: Link, settlement: Settlement) -> bool:
    after = settlement.link
    return (
        after is not None
        and after.appointment == link.appointment
        and is_series(link.outlook)
        and is_series(after.outlook)
    )


def _following(settlement: Settlement, cut: Sequence[tuple[Link, Link | None]]) -> Settlement:
    link = settlement.link
    if link is None or not _is_left(settlement):
        return settlement
    return _named(settlement, [old for old, new in cut if _follows(link, old, new)])


def _is_left(settlement: Settlement) -> bool:
    """A new series that follows none so far."""
    link = settlement.link
    if link is None or link.follows or not is_series(link.outlook):
        return False
    return any(change.type == CREATED for change in settlement.changes)


def _after(settlement: Settlement, ended: Sequence[Link]) -> Settlement:
    link = settlement.link
    if link is None or link.outlook is None or not _is_left(settlement):
        return settlement
    new = link.outlook
    return _named(
        settlement,
        [
            old
            for old in ended
            if old.outlook is not None and _is_alike(link, old) and resumes(new, old.outlook)
        ],
    )


def _named(settlement: Settlement, before: Sequence[Link]) -> Settlement:
    if settlement.link is None or not before:
        return settlement
    name = before[0].appointment
    changes = tuple(_naming(change, name) for change in settlement.changes)
    return replace(settlement, link=replace(settlement.link, follows=name), changes=changes)


def _is_alike(new: Link, old: Link) -> bool:
    if new.outlook is None or old.outlook is None or new.organizer != old.organizer:
        return False
    return old.outlook.subject == new.outlook.subject


def _naming(change: Change, follows: str) -> Change:
    appointment = {**change.data["appointment"], "follows": follows}
    return replace(change, data={**change.data, "appointment": appointment})


def _follows(new: Link, old: Link, cut: Link | None) -> bool:
    if cut is None or new.outlook is None or old.outlook is None or cut.outlook is None:
        return False
    return _is_alike(new, old) and continues(new.outlook, old.outlook, cut.outlook)
