"""How far ahead the host app wants to see: what lies beyond is kept, and hidden until near."""

from datetime import UTC, datetime, time, timedelta

from shared.calendar.event import AllDay, Event
from shared.policy.policy import Policy


def is_hidden(event: Event, policy: Policy, now: datetime) -> bool:
    """By its start; a series by its first occurrence. No further than calendars are read, for
    nothing would tell when it comes near.
    """
    if not policy.hidden_after_days:
        return False
    days = min(policy.hidden_after_days, policy.window_ahead_days)
    return _start(event) > now + timedelta(days=days)


def _start(event: Event) -> datetime:
    when = event.when
    if isinstance(when, AllDay):
        return datetime.combine(when.start, time(), UTC)
    return when.start.instant
