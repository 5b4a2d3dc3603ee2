"""What a round shows of series, against what is known of them. Pure.

A round shows a series as its master without exceptions, and occurrences with no more than
their times. A deleted occurrence is not told of at all: it is missing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from shared.calendar.event import AllDay, Event, When
from shared.calendar.expansion import days_between
from shared.calendar.series import normal, occurrence
from shared.graph.seen import Kind, Seen
from shared.store.records import Copy, Link

PIECES = frozenset({Kind.OCCURRENCE, Kind.EXCEPTION})
_DAY = timedelta(days=1)
# Beyond it a series that still has days was not cut there.
_FAR = timedelta(days=3660)
Window = tuple[datetime, datetime]


def is_series(event: Event | None) -> bool:
    return event is not None and event.series is not None


@dataclass(frozen=True, slots=True)
class Touched:
    """What a round showed of one series. `master` is None where only occurrences came."""

    event_id: str
    master: Seen | None
    pieces: tuple[Seen, ...]


def apart(items: Iterable[Seen]) -> tuple[list[Seen], list[Touched]]:
    """All that is no piece of a series; and the series, those read whole already left out."""
    items = list(items)
    pieces: dict[str, list[Seen]] = {}
    for item in items:
        if item.kind in PIECES and item.series_master:
            pieces.setdefault(item.series_master, []).append(item)
    bare = {i.event_id: i for i in items if i.kind is Kind.MASTER and i.event is None}
    whole = {i.event_id for i in items if i.kind is Kind.MASTER and i.event is not None}
    ids = [one for one in dict.fromkeys([*bare, *pieces]) if one not in whole]
    rest = [
        item
        for item in items
        if item.kind not in PIECES and item.event_id not in bare and item.event_id not in ids
    ]
    return rest, [Touched(one, bare.get(one), tuple(pieces.get(one, ()))) for one in ids]


def is_known(one: Touched, link: Link | None, copy: Copy | None, window: Window) -> bool:
    """Nothing about the series is new: neither etag is, and no day is missing or too many. A
    cancelled occurrence may leave the etag of its master alone.
    """
    if one.master is None:
        return False
    if link is None:
        return copy is not None and copy.etag == one.master.etag
    if link.outlook is None or link.outlook.series is None:
        return False
    changed = {i.etag for i in one.pieces if i.kind is Kind.EXCEPTION}
    if one.master.etag != link.outlook_etag or not marks(changed) <= set(link.exceptions):
        return False
    return sorted(_shown_at(i, link.outlook) for i in one.pieces) == starts(link.outlook, window)


def marks(etags: Iterable[str]) -> set[str]:
    """Short, for a series may have hundreds of exceptions."""
    return {hashlib.sha256(etag.encode()).hexdigest()[:10] for etag in etags}


def marks_of(seen: Seen) -> tuple[str, ...]:
    return tuple(sorted(marks(etag for _, _, etag in seen.instances)))


def starts(event: Event, window: Window) -> list[datetime]:
    """When the occurrences begin that lie in the window, in order; of all-day ones UTC's
    midnights.
    """
    return sorted(start for start, end in _times(event, window) if _touches(start, end, window))


def is_in(event: Event, window: Window) -> bool:
    """Whether any of a series, or a single event, lies in the window."""
    if event.series is not None:
        return bool(starts(event, window))
    start, end = instants(event.when)
    return start < window[1] and end > window[0]


def instants(when: When) -> tuple[datetime, datetime]:
    """Start and end; an all-day event's midnights are taken as UTC's."""
    if isinstance(when, AllDay):
        return _midnight(when.start), _midnight(when.end)
    return when.start.instant, when.end.instant


def _times(event: Event, window: Window) -> Iterable[tuple[datetime, datetime]]:
    series = event.series
    if series is None:
        return
    start, end = instants(event.when)
    first = (window[0] - (end - start) - 2 * _DAY).date()
    changed = {one.day for one in series.overrides}
    for day in {*days_between(event, first, (window[1] + 2 * _DAY).date()), *changed}:
        if day not in series.cancelled:
            yield instants(occurrence(event, day).when)


def _touches(start: datetime, end: datetime, window: Window) -> bool:
    return start < window[1] and (end > window[0] or start == end >= window[0])


def _shown_at(item: Seen, known: Event) -> datetime:
    """An all-day occurrence may come as midnight of another zone; the nearest one is meant."""
    start = item.start or datetime.min.replace(tzinfo=UTC)
    if isinstance(known.when, AllDay) and item.start is not None:
        return _midnight((start + timedelta(hours=12)).date())
    return start


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def shown_ids(items: Iterable[Seen]) -> frozenset[str]:
    """Of the events of a round, and of the series whose occurrences it showed."""
    return frozenset(name for item in items for name in (item.event_id, item.series_master))


def continues(new: Event, old: Event, cut: Event) -> bool:
    """`new` begins on a day that `old` had, and that `cut`, what is left of it, ends before."""
    first = _start_day(normal(new))
    return bool(days_between(old, first, first)) and not days_between(cut, first, first + _FAR)


def resumes(new: Event, cut: Event) -> bool:
    """`new` begins on the day `cut` would have next if it did not end."""
    if cut.series is None or cut.series.rule.until is None:
        return False
    first, after = _start_day(normal(new)), cut.series.rule.until + _DAY
    rule = replace(cut.series.rule, until=None)
    endless = replace(cut, series=replace(cut.series, rule=rule))
    return days_between(endless, after, first) == [first]


def _start_day(event: Event) -> date:
    when = event.when
    return when.start if isinstance(when, AllDay) else when.start.wall.date()
