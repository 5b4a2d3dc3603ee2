"""What is wrong with how an event repeats."""

from collections.abc import Callable, Iterator

from shared.calendar.event import AllDay, Event, Series
from shared.calendar.expansion import (
    days_between,
    first_day,
    is_day,
    last_day,
    neighbours,
    start_day,
)
from shared.calendar.occurrence import occurrence, plain
from shared.calendar.series_json import moved_problem, original_start
from shared.errors import Problem

MOST = 999
"""Of INTERVAL and COUNT: what Exchange counts to."""
MOST_BYTES = 200_000
"""Of all overrides: an appointment is kept three times over in a row of at most 1 MiB."""
RULE = "/recurrence/rrule"


def check_series(event: Event, check: Callable[[Event], list[Problem]]) -> Iterator[Problem]:
    """`check` is that of a single event. A rule without days makes all else meaningless."""
    if event.series is None:
        return
    found = [*_rule(event, event.series)]
    yield from found
    if not found:
        yield from _start(event)
        yield from _cancelled(event, event.series)
        yield from _overrides(event, event.series, check)
        yield from _size(event.series)


def crossings(event: Event) -> Iterator[Problem]:
    """Occurrences on or past the day of the one before or after, which Exchange refuses as
    ErrorOccurrenceCrossingBoundary.
    """
    for n, override in enumerate(event.series.overrides if event.series else ()):
        here = start_day(occurrence(event, override.day))
        before, after = neighbours(event, override.day)
        for neighbour, sign in ((before, 1), (after, -1)):
            if neighbour is None:
                continue
            there = start_day(occurrence(event, neighbour))
            if (here - there).days * sign <= 0:
                yield _problem(
                    f"/recurrence/overrides/{n}/start",
                    f"must stay {'after' if sign > 0 else 'before'} {there}, the day of the "
                    f"{'previous' if sign > 0 else 'next'} occurrence",
                )


def _rule(event: Event, series: Series) -> Iterator[Problem]:
    rule = series.rule
    for part, value in (("INTERVAL", rule.interval), ("COUNT", rule.count or 1)):
        if not 1 <= value <= MOST:
            yield _problem(RULE, f"{part} must be from 1 to {MOST}")
    start = start_day(event)
    if rule.until is not None and rule.until < start:
        yield _problem(RULE, f"UNTIL must not be before start, which is on {start}")
    elif first_day(event) is None:
        yield _problem(RULE, "has no occurrence: no day fits all of its parts")


def _start(event: Event) -> Iterator[Problem]:
    first = first_day(event)
    if first is not None and first != start_day(event):
        at = "/start/date" if isinstance(event.when, AllDay) else "/start/date_time"
        yield _problem(
            at,
            "must be the first occurrence of recurrence.rrule: "
            f"{original_start(event, first)} is the next one",
        )


def _cancelled(event: Event, series: Series) -> Iterator[Problem]:
    for n, day in enumerate(series.cancelled):
        if not is_day(event, day):
            yield _no_day(event, f"/recurrence/exdates/{n}")
    last = last_day(event)
    if last and set(days_between(event, start_day(event), last)) <= set(series.cancelled):
        yield _problem("/recurrence/exdates", "must leave one occurrence at least")


def _overrides(
    event: Event, series: Series, check: Callable[[Event], list[Problem]]
) -> Iterator[Problem]:
    seen = set(series.cancelled)
    for n, override in enumerate(series.overrides):
        at = f"/recurrence/overrides/{n}"
        if not is_day(event, override.day):
            yield _no_day(event, f"{at}/original_start")
        if override.day in seen:
            yield _problem(
                f"{at}/original_start", "must not be among exdates or an earlier override's"
            )
        seen.add(override.day)
        known = check(plain(event, override.day))
        for problem in check(occurrence(event, override.day)):
            if problem not in known:
                yield moved_problem(problem, at)


def _size(series: Series) -> Iterator[Problem]:
    texts = "".join(repr(override.values) for override in series.overrides)
    if len(texts.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        yield _problem(
            "/recurrence/overrides", f"must not be longer than {MOST_BYTES} bytes in all"
        )


def _no_day(event: Event, at: str) -> Problem:
    first = original_start(event, first_day(event) or start_day(event))
    return _problem(at, f"must be an occurrence of recurrence.rrule, such as {first}")


def _problem(pointer: str, right: str) -> Problem:
    return Problem("invalid-appointment", f"{pointer[1:].replace('/', '.')} {right}.", pointer)
