"""Which events that were made in Outlook become appointments."""

from datetime import UTC, datetime, time

from shared.calendar.event import AllDay, Event, ShowAs
from shared.policy.policy import Backfill, Direction, ImportNew, Policy


def admits(event: Event, policy: Policy, connected: datetime | None) -> bool:
    """`connected` is when the calendar was, None where nobody knows."""
    if policy.import_new is ImportNew.NONE:
        return False
    if policy.direction in {Direction.TO_OUTLOOK, Direction.OFF}:
        return False
    if event.show_as is ShowAs.FREE and not policy.import_free:
        return False
    if policy.forward_only and connected is not None and is_over(event, connected):
        return False
    return not policy.import_categories or _is_marked(event, policy.import_categories)


def is_backfilled(event: Event, policy: Policy, now: datetime) -> bool:
    """Whether an event is imported that was there before the calendar was connected."""
    match policy.backfill:
        case Backfill.NONE:
            return False
        case Backfill.FUTURE:
            return not is_over(event, now)
        case Backfill.WINDOW:
            return True


def is_over(event: Event, at: datetime) -> bool:
    """A series counts as going on; the midnights of all-day events are taken as UTC's."""
    if event.series is not None:
        return False
    when = event.when
    if isinstance(when, AllDay):
        return datetime.combine(when.end, time(), UTC) <= at
    return when.end.instant <= at


def _is_marked(event: Event, categories: tuple[str, ...]) -> bool:
    wanted = {category.casefold().strip() for category in categories}
    return any(category.casefold().strip() in wanted for category in event.categories)
