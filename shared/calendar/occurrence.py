"""What takes place on one day of a series.

Times of day are those of the series' zone, at the end as at the start: a meeting from 1:30 to
3:30 is one from 1:30 to 3:30 also in the night that clocks are changed, as Exchange has it.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.calendar.event import AllDay, Event, Timed, When, Zoned
from shared.calendar.zones import zoned


def occurrence(event: Event, day: date) -> Event:
    """The single event that takes place for this day of the rule, on whatever day that is."""
    there = plain(event, day)
    for override in event.series.overrides if event.series else ():
        if override.day == day:
            return replace(there, **dict(override.values))
    return there


def plain(event: Event, day: date) -> Event:
    """The same without what the occurrence has otherwise than the series."""
    return replace(event, when=when_on(event.when, day), series=None)


def when_on(when: When, day: date) -> When:
    """A time that the start of summer time leaves out is read with the offset before it, one
    that its end repeats is its first pass (RFC 5545, section 3.3.5).
    """
    if isinstance(when, AllDay):
        return AllDay(day, day + (when.end - when.start))
    if when.start.wall.date() == day:
        return when
    start = Zoned(datetime.combine(day, when.start.wall.time().replace(fold=0)), when.start.zone)
    return Timed(start, _end(when, start))


def _end(when: Timed, start: Zoned) -> Zoned:
    """Where the change of clocks would put the end before the start, as long after it as ever."""
    length = _length(when)
    end = Zoned(start.wall + length, start.zone)
    if end.instant < start.instant:
        end = zoned(start.instant + length, start.zone)
    return end if when.end.zone == start.zone else zoned(end.instant, when.end.zone)


def _length(when: Timed) -> timedelta:
    """By the clocks of the start's zone."""
    if when.end.zone == when.start.zone:
        return when.end.wall - when.start.wall
    local = when.end.instant.astimezone(ZoneInfo(when.start.zone)).replace(tzinfo=None)
    return local - when.start.wall
