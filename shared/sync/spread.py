"""Links that derive from one another, made to agree: a calendar's worker at its own end of them.

Each calendar's rows are its own worker's. What is wanted in another calendar is put there as a
change accepted for its worker; what a person did there is noted there, and its home is woken to
come and take it over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.calendar.digest import address_key
from shared.calendar.event import Event
from shared.store.records import CalendarKey, Link, Pending, Settlement, Spread, Wish
from shared.sync.derived import spread_wish
from shared.sync.home import synced
from shared.sync.lead import remind
from shared.sync.occurrences import day_news, due, is_forgotten, is_past
from shared.sync.participants import Whose, alone, copies, copy, has_copies, news
from shared.sync.reaching import writable
from shared.sync.remembered import remembering
from shared.sync.shift import Shift
from shared.sync.wanted import (
    GONE,
    Place,
    day_of,
    derived_link,
    is_over,
    is_removed,
    is_singly,
    name_of,
    place_of,
    with_places,
    withdrawn,
)
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
    link = await agreeing(shift, work)
    if link is not None:
        is_new = link != work.link
        await shift.settle(Settlement(link=link if is_new else None, done=work.pending))


async def agreeing(shift: Shift, work: Work) -> Link | None:
    """The links derived from this one follow it; first it takes over what people did to them.
    The link from then on, or None where something was settled and the rest is to be done anew.
    """
    link = work.link
    wanted = await _wanted(shift, link)
    await remind(shift, link)
    places = with_places(link.spread, wanted)
    if places != link.spread:
        await shift.settle(Settlement(link=replace(link, spread=places)))
        return None
    children = [await child_at(shift, place_of(one)) for one in link.spread]
    for one, child in zip(link.spread, children, strict=True):
        if found := await _news(shift, work, one, child):
            await shift.settle(found)
            return None
    kept = [
        await _followed(shift, work, one, child, wanted)
        for one, child in zip(link.spread, children, strict=True)
    ]
    return replace(
        link,
        spread=tuple(one for one in kept if one),
        singly=link.singly and link.app is not None,
    )


async def _wanted(shift: Shift, link: Link) -> dict[Place, Event]:
    policy = shift.policy_for(link)
    mailboxes = await _mailboxes(shift, link)
    if not is_singly(link):
        return copies(link, policy, mailboxes)
    days = due(link, policy, shift.clock())
    return {
        (key, name_of(link.appointment, day)): event if key == shift.key else alone(event)
        for key in (shift.key, *dict.fromkeys(mailboxes.values()))
        for day, event in days.items()
    }


async def _mailboxes(shift: Shift, link: Link) -> dict[str, CalendarKey]:
    if not has_copies(link, shift.policy_for(link)) or link.app is None:
        return {}
    mailboxes: dict[str, CalendarKey] = {}
    for attendee in link.app.attendees:
        key = await shift.store.calendar_at(shift.key.tenant, attendee.address.strip())
        if key is not None and key != shift.key and await writable(shift.store, key):
            mailboxes[address_key(attendee.address)] = key
    return mailboxes


async def _news(shift: Shift, work: Work, one: Spread, child: Child) -> Settlement | None:
    """Of a mailbox whose appointment it is no more nobody asks."""
    if child.link is None or not child.link.parent:
        return None
    was_own_day = day_of(one.name) is not None and child.link.home == one.calendar
    if child.link.home != str(shift.key) and not was_own_day:
        return None
    calendar = await shift.store.calendar(child.place[0])
    whose = Whose(one, calendar.address if calendar else "", child.link, child.pending)
    policy = shift.policy_for(work.link)
    if found := day_news(shift.key, work.link, policy, whose, shift.clock()):
        return found
    if day_of(one.name) and not is_removed(child.link, child.pending):
        return None
    return news(shift.key, work.link, policy, work.pending, whose, shift.clock())


async def _followed(
    shift: Shift, work: Work, one: Spread, child: Child, wanted: Mapping[Place, Event]
) -> Spread | None:
    """None when nothing of it is left. What is in a calendar that is not synced stays, and what
    its owner deleted stays deleted until the host app takes them out and in again.
    """
    content = wanted.get(child.place)
    if work.link.home and one.calendar != str(shift.key):
        return one
    if content is None and day_of(one.name) and is_past(child.link, shift.clock()):
        return None if is_forgotten(child.link, shift.clock()) else one
    if content is None and is_over(child.link, child.pending):
        return None
    if one.taken == GONE:
        if content is not None and not _is_own_day(shift, one):
            return one
        one = one._replace(taken="")
    if await synced(shift.store, child.place[0]) is None:
        return one
    if content is not None:
        made = derived_link if _is_own_day(shift, one) else copy
        link = made(work.link, shift.key, one.name, child.link, content)
    else:
        link = withdrawn(child.link, child.pending)
    if link is not None:
        await offer(shift, child, link, Wish.WRITE if content else Wish.DELETE)
    return one


def _is_own_day(shift: Shift, one: Spread) -> bool:
    return one.calendar == str(shift.key) and day_of(one.name) is not None


async def report_home(shift: Shift, work: Work) -> None:
    """A person has edited or deleted the event of a derived link: its home is to look."""
    name = work.link.parent or work.link.appointment
    await wake_home(shift, CalendarKey.parse(work.link.home), name)
    await shift.settle(Settlement(done=work.pending))


async def wake_home(shift: Shift, key: CalendarKey, name: str) -> None:
    """Whatever else is pending there leaves word to spread. A word that is there already is put
    anew, for its worker may have looked before this.
    """
    home = await shift.store.link(key, name)
    if home is None or home.home or not await synced(shift.store, key):
        return
    pending = await shift.store.pending(key, name)
    if pending is not None and pending.wish is not Wish.SPREAD:
        return
    await shift.wake.remember(key, shift.clock())
    await shift.store.accept(key, home, pending or spread_wish(home, shift.clock()), ())
    await shift.wake.writer(key)


async def welcome(shift: Shift) -> None:
    """A calendar that comes to be synced gets its copies of what takes place without it."""
    if not shift.document.has_copies:
        return
    for calendar in await shift.store.calendars(shift.key.tenant):
        if calendar.key != shift.key:
            await _welcome_from(shift, calendar.key)


async def _welcome_from(shift: Shift, key: CalendarKey) -> None:
    after = ""
    while links := await shift.store.links(key, after):
        after = links[-1].appointment
        for link in links:
            if not link.home and has_copies(link, shift.policy_for(link)):
                await wake_home(shift, key, link.appointment)
