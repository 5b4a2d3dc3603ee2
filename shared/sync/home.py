"""Where an appointment lives, and what is left of its link where it lived before."""

from dataclasses import replace

from shared.calendar.digest import differing
from shared.store.records import Calendar, CalendarKey, Link, State
from shared.store.store import Store

REPLACED = "mailbox-replaced"


async def home_of(store: Store, tenant: str, appointment: str) -> CalendarKey | None:
    """The calendar that claims it; or, while it moves, the one that its link there names."""
    key = await store.located(tenant, appointment)
    link = await store.link(key, appointment) if key else None
    return CalendarKey.parse(link.home) if link and link.home else key


async def synced(store: Store, key: CalendarKey) -> Calendar | None:
    """The calendar, unless it is being disconnected or was."""
    calendar = await store.calendar(key)
    return calendar if is_usable(calendar) else None


def is_usable(calendar: Calendar | None) -> bool:
    return calendar is not None and calendar.state not in {
        State.DISCONNECTING,
        State.DISCONNECTED,
    }


async def is_replaced(store: Store, key: CalendarKey) -> bool:
    """Of a mailbox that is no more, and whose sync has ended, nothing is left to be deleted."""
    calendar = await store.calendar(key)
    return calendar is not None and (calendar.state, calendar.cause) == (
        State.DISCONNECTED,
        REPLACED,
    )


def is_moving_here(link: Link) -> bool:
    """Derived from an appointment whose home is elsewhere until Outlook has it here."""
    return bool(link.home) and not link.parent


def has_news(link: Link) -> bool:
    """A person edited the event of a derived link, which its home has not taken over yet."""
    if link.base is None or link.outlook is None or not link.event_id:
        return False
    return bool(differing(link.base, link.outlook))


def settled_home(link: Link) -> Link:
    """A derived link as that of the appointment itself. An edit that nobody has taken over yet
    is forgotten, so that the next round finds it.
    """
    if not has_news(link):
        return replace(link, home="", parent="")
    return replace(link, home="", parent="", outlook=link.base, outlook_etag="")


def left(link: Link, home: CalendarKey) -> Link:
    """What stays of the link where the appointment lived; another event is another life."""
    return replace(
        link,
        app=None,
        base=None,
        outlook=None,
        event_id="",
        outlook_etag="",
        life=link.life + 1,
        home=str(home),
        spread=(),
    )
