"""A series as a value: its occurrences, and what becomes of it when one of them changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

from shared.calendar.digest import same_field
from shared.calendar.event import FIELDS, AllDay, Event, Override, Series, When
from shared.calendar.expansion import days, days_between, first_day, is_day, last_day, start_day
from shared.calendar.occurrence import occurrence, plain, when_on

__all__ = [
    "normal",
    "occurrence",
    "override",
    "plain",
    "restored",
    "span",
    "with_cancelled",
    "with_override",
]


def override(event: Event, day: date, shown: Event) -> Override | None:
    """What `shown`, the occurrence of this day, has otherwise than the series; None: nothing."""
    there = plain(event, day)
    names = [name for name in FIELDS if name != "series" and not same_field(name, there, shown)]
    values = tuple((name, getattr(shown, name)) for name in names)
    return Override(day, values) if values else None


def with_override(event: Event, given: Override) -> Event:
    """Takes the place of what the series held for that day, cancelled or not."""
    series = _series(restored(event, given.day))
    overrides = sorted((*series.overrides, given), key=lambda one: one.day)
    return replace(event, series=replace(series, overrides=tuple(overrides)))


def with_cancelled(event: Event, day: date) -> Event:
    series = _series(restored(event, day))
    return replace(
        event, series=replace(series, cancelled=tuple(sorted((*series.cancelled, day))))
    )


def restored(event: Event, day: date) -> Event:
    """With the plain occurrence on that day."""
    series = _series(event)
    return replace(
        event,
        series=replace(
            series,
            cancelled=tuple(one for one in series.cancelled if one != day),
            overrides=tuple(one for one in series.overrides if one.day != day),
        ),
    )


def normal(event: Event) -> Event:
    """The same series with nothing said twice or in vain: overrides that change nothing, days
    the rule does not have, and a start on no day of the rule are gone. A day that is both
    cancelled and overridden is cancelled.
    """
    if event.series is None:
        return event
    event = _on_first_day(event)
    series = _series(event)
    cancelled = sorted({day for day in series.cancelled if is_day(event, day)})
    overrides = {
        one.day: one
        for one in series.overrides
        if one.day not in cancelled and is_day(event, one.day)
    }
    found = (override(event, day, _laid_on(event, overrides[day])) for day in sorted(overrides))
    left = tuple(one for one in found if one)
    return replace(event, series=replace(series, cancelled=tuple(cancelled), overrides=left))


def span(event: Event) -> tuple[datetime, datetime | None]:
    """From the first instant to the last of all that takes place; None: without end.

    The days of all-day events are taken as UTC's. Where every day is cancelled, what the rule
    alone would span.
    """
    if event.series is None:
        return _instants(event.when)
    first, last = first_day(event) or start_day(event), last_day(event)
    ends = [when_on(event.when, first)] + ([when_on(event.when, last)] if last else [])
    whens = [*_lasting(event, last), *_moved(event)] or ends
    found = [_instants(when) for when in whens]
    endless = last is None and first_day(event) is not None
    return min(a for a, _ in found), None if endless else max(b for _, b in found)


def _lasting(event: Event, last: date | None) -> Iterator[When]:
    """The first and the last occurrence that are neither cancelled nor changed."""
    series, start = _series(event), start_day(event)
    taken = {*series.cancelled, *(one.day for one in series.overrides)}
    backwards = reversed(days_between(event, start, last)) if last else ()
    for found in (days(series.rule, start), backwards):
        left = next((day for day in found if day not in taken), None)
        if left is not None:
            yield when_on(event.when, left)


def _moved(event: Event) -> Iterator[When]:
    return (occurrence(event, one.day).when for one in _series(event).overrides)


def _instants(when: When) -> tuple[datetime, datetime]:
    if isinstance(when, AllDay):
        return _midnight(when.start), _midnight(when.end)
    return when.start.instant, when.end.instant


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _on_first_day(event: Event) -> Event:
    first = first_day(event)
    if first is None or first == start_day(event):
        return event
    return replace(event, when=when_on(event.when, first))


def _laid_on(event: Event, given: Override) -> Event:
    return replace(plain(event, given.day), **dict(given.values))


def _series(event: Event) -> Series:
    if event.series is None:
        raise ValueError("not a series")
    return event.series
