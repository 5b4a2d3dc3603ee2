"""The zone a mailbox lives in: whole days written in another show as two in Outlook."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from shared.graph.seen import Seen
from shared.store.records import Link, Origin
from shared.sync.shift import Shift

_SAYS_NOTHING = {"", "UTC"}


def learned(items: Iterable[Seen], ours: Collection[str]) -> str:
    """The IANA zone that most of the owner's events were made in; "" where they show none.
    `ours` are ids of events that the host app made, in zones of its own.
    """
    zones = Counter(
        one.zone
        for one in items
        if one.zone not in _SAYS_NOTHING and one.is_organizer and one.event_id not in ours
    )
    return max(zones, key=lambda zone: (zones[zone], zone), default="")


async def zone_of(
    shift: Shift, items: Collection[Seen], links: Mapping[str, Link] | None, *, whole: bool
) -> str:
    """What is known of it after these items. A round from scratch sees enough to know better, as
    when the owner has moved; what the host app gave stands. `links` are those of the items, where
    they were read already.
    """
    calendar = shift.calendar
    if calendar.zone_given or (calendar.time_zone and not whole):
        return calendar.time_zone
    if links is None:
        links = await shift.store.links_of(shift.key, [item.event_id for item in items])
    ours = {event_id for event_id, link in links.items() if link.origin is Origin.APP}
    return learned(items, ours) or calendar.time_zone
