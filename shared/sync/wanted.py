"""Which links an appointment wants derived from it, and with what content. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from shared.calendar.digest import same
from shared.calendar.event import Event
from shared.store.records import (
    AppointmentStatus,
    CalendarKey,
    Link,
    Pending,
    Spread,
    Wish,
)
from shared.sync.home import has_news

Place = tuple[CalendarKey, str]
"""A calendar, and the name of a link in it."""

# Its event was deleted by a person.
GONE = "gone"


def name_of(appointment: str, day: date) -> str:
    """No appointment of the host app has a slash in its id."""
    return f"{appointment}/{day.isoformat()}"


def day_of(name: str) -> date | None:
    """None for a link that is not one of an occurrence."""
    _, slash, day = name.rpartition("/")
    return date.fromisoformat(day) if slash else None


def is_singly(link: Link) -> bool:
    return link.singly and link.app is not None and link.app.series is not None


def written(link: Link) -> int:
    """How many single events it has by now, of those that are not long past."""
    return len({one.name for one in link.spread if day_of(one.name) and one.taken != GONE})


def place_of(spread: Spread) -> Place:
    return CalendarKey.parse(spread.calendar), spread.name


def with_places(spread: tuple[Spread, ...], places: Iterable[Place]) -> tuple[Spread, ...]:
    known = {place_of(one) for one in spread}
    return spread + tuple(Spread(str(k), name) for k, name in places if (k, name) not in known)


def arriving(link: Link, home: CalendarKey, child: Link | None, to: CalendarKey) -> Link | None:
    """The link of a moving appointment in its new calendar; None where it is right already."""
    blank = child or Link(link.appointment, 0, None)
    others = tuple(s for s in link.spread if s.calendar != str(to))
    own = tuple(s for s in blank.spread if s.calendar == str(to))
    new = replace(
        link,
        version=link.version if link.version > blank.version else blank.version + 1,
        home=str(home),
        parent="",
        spread=others + own,
        singly=link.singly or blank.singly,
        life=blank.life,
        base=blank.outlook,
        outlook=blank.outlook,
        event_id=blank.event_id,
        outlook_etag=blank.outlook_etag,
        exceptions=blank.exceptions,
        join_url=blank.join_url,
        markup=blank.markup,
        ical_uid=blank.ical_uid,
        organizer=blank.organizer,
        is_organizer=blank.is_organizer if blank.event_id else True,
        mailed=None,
        etag=blank.etag,
    )
    return None if child is not None and _is_alike(child, new) else new


def _is_alike(child: Link, new: Link) -> bool:
    """Versions and stamps apart."""
    if child.app is None or new.app is None or has_news(child):
        return False
    stamped = replace(
        new, version=child.version, app=child.app, base=child.base, changed=child.changed
    )
    return same(child.app, new.app) and stamped == child


def derived_link(
    link: Link, home: CalendarKey, name: str, child: Link | None, content: Event
) -> Link | None:
    """The link of what an appointment wants to have elsewhere, or in pieces; None where it is
    right already.
    """
    blank = child or Link(name, 0, None)
    new = replace(
        blank,
        version=max(link.version, blank.version + 1),
        app=content,
        base=blank.outlook,
        status=AppointmentStatus.CONFIRMED,
        parent=link.appointment,
        home=str(home),
        project=link.project,
        type=link.type,
        spread=(),
    )
    return None if child is not None and _is_as_given(child, new) else new


def _is_as_given(child: Link, new: Link) -> bool:
    if child.app is None or new.app is None or has_news(child):
        return False
    given = replace(new, version=child.version, app=child.app, base=child.base)
    return same(child.app, new.app) and given == child


def withdrawn(child: Link | None, pending: Pending | None) -> Link | None:
    """The link as it is to be when nothing of it is wanted; None where that is so already, or
    is wanted already.
    """
    if child is None or (child.app is None and (pending or not child.event_id)):
        return None
    return replace(child, version=child.version + 1, app=None, status=AppointmentStatus.CONFIRMED)


def is_over(child: Link | None, pending: Pending | None) -> bool:
    return pending is None and (child is None or (child.app is None and not child.event_id))


def is_removed(child: Link | None, pending: Pending | None) -> bool:
    """A person deleted the event of a derived link."""
    return (
        child is not None
        and child.app is not None
        and not child.event_id
        and child.status is AppointmentStatus.CANCELLED
        and (pending is None or pending.wish is Wish.SPREAD)
    )
