"""Series in a round: what comes bare and in pieces is read whole, once, where it may differ."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

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
)
from shared.sync.shift import Shift

# Links asked for in one go.
BATCH = 100


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


def with_followed(settlements: Sequence[Settlement], links: Iterable[Link]) -> list[Settlement]:
    """A person who changes this occurrence and all that follow ends one series and makes
    another: the new one's appointment says which it follows.
    """
    cut = [(old, one.link) for old in links for one in settlements if _cuts(old, one)]
    return [_following(settlement, cut) for settlement in settlements]


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
    if link is None or not any(change.type == CREATED for change in settlement.changes):
        return settlement
    before = next((old.appointment for old, new in cut if _follows(link, old, new)), "")
    if not before:
        return settlement
    changes = tuple(_naming(change, before) for change in settlement.changes)
    return replace(settlement, link=replace(link, follows=before), changes=changes)


def _naming(change: Change, follows: str) -> Change:
    appointment = {**change.data["appointment"], "follows": follows}
    return replace(change, data={**change.data, "appointment": appointment})


def _follows(new: Link, old: Link, cut: Link | None) -> bool:
    if cut is None or new.outlook is None or old.outlook is None or cut.outlook is None:
        return False
    return (
        is_series(new.outlook)
        and new.organizer == old.organizer
        and old.outlook.subject == new.outlook.subject
        and continues(new.outlook, old.outlook, cut.outlook)
    )
