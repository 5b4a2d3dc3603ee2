"""Links that derive from one another, made to agree: a calendar's worker at its own end of them.

Each calendar's rows are its own worker's. What is wanted in another calendar is put there as a
change accepted for its worker; what a person did there is noted there, and its home is woken to
come and take it over.
"""

from dataclasses import dataclass, replace

from shared.store.records import CalendarKey, Link, Pending, Settlement, Spread, Wish
from shared.sync.derived import spread_wish
from shared.sync.home import synced
from shared.sync.remembered import remembering
from shared.sync.shift import Shift
from shared.sync.wanted import Place, is_over, place_of, withdrawn
from shared.sync.work import Work


@dataclass(frozen=True, slots=True)
class Child:
    """A derived link as it is stored."""

    place: Place
    link: Link | None
    pending: Pending | None


async def child_at(shift: Shift, place: Place) -> Child:
    return Child(place, await shift.store.link(*place), await shift.store.pending(*place))


async def offer(shift: Shift, child: Child, link: Link, wish: Wish) -> None:
    """Leaves a change for the worker of the calendar it is in. Raises Contended."""
    key, now = child.place[0], shift.clock()
    pending = Pending(link.appointment, link.version, wish, now, silent=True)
    await shift.wake.remember(key, now)
    await shift.store.accept(key, link, remembering(pending, child.pending, child.link), ())
    await shift.wake.writer(key)


async def spread(shift: Shift, work: Work) -> None:
    """The links derived from this one follow it."""
    spread = [await _followed(shift, one) for one in work.link.spread]
    link = replace(work.link, spread=tuple(one for one in spread if one))
    is_new = link.spread != work.link.spread
    await shift.settle(Settlement(link=link if is_new else None, done=work.pending))


async def _followed(shift: Shift, one: Spread) -> Spread | None:
    """None when nothing of it is left. What is in a calendar that is not synced stays."""
    child = await child_at(shift, place_of(one))
    if is_over(child.link, child.pending):
        return None
    link = withdrawn(child.link, child.pending)
    if link is not None and await synced(shift.store, child.place[0]):
        await offer(shift, child, link, Wish.DELETE)
    return one


async def report_home(shift: Shift, work: Work) -> None:
    """A person has edited or deleted the event of a derived link: its home is to look."""
    await _wake_home(shift, CalendarKey.parse(work.link.home), work.link)
    await shift.settle(Settlement(done=work.pending))


async def _wake_home(shift: Shift, key: CalendarKey, child: Link) -> None:
    """Whatever else is pending there leaves word to spread. A word that is there already is put
    anew, for its worker may have looked before this.
    """
    name = child.parent or child.appointment
    home = await shift.store.link(key, name)
    if home is None or home.home or not await synced(shift.store, key):
        return
    pending = await shift.store.pending(key, name)
    if pending is not None and pending.wish is not Wish.SPREAD:
        return
    await shift.wake.remember(key, shift.clock())
    await shift.store.accept(key, home, pending or spread_wish(home, shift.clock()), ())
    await shift.wake.writer(key)
