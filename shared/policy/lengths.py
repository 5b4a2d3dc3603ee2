"""How long an appointment is in Outlook that the host app says no length of."""

from dataclasses import replace
from datetime import timedelta

from shared.calendar.event import Event, Timed
from shared.calendar.zones import zoned
from shared.errors import Problem
from shared.policy.policy import Policy


def with_length(event: Event, policy: Policy) -> Event:
    """An event that ends as it starts gets the policy's length, in the zone of its end."""
    if not (policy.default_minutes and _is_sliver(event) and isinstance(event.when, Timed)):
        return event
    start, end = event.when.start, event.when.end
    later = zoned(start.instant + timedelta(minutes=policy.default_minutes), end.zone)
    return replace(event, when=Timed(start, later))


def length_warnings(event: Event) -> tuple[Problem, ...]:
    if not _is_sliver(event):
        return ()
    detail = "The appointment ends as it starts, so Outlook shows it as a thin line."
    return (Problem("zero-length", detail, "/end"),)


def _is_sliver(event: Event) -> bool:
    when = event.when
    return isinstance(when, Timed) and when.start.instant == when.end.instant
