"""Two series of one: up to an occurrence, and from it on."""

from dataclasses import replace
from datetime import date

from shared.calendar.event import Event, Series
from shared.calendar.expansion import days_between, is_day, start_day
from shared.calendar.occurrence import plain
from shared.calendar.series import normal
from shared.calendar.series_json import original_start
from shared.errors import Problem, Refused

POINTER = "/original_start"


def split(event: Event, day: date) -> tuple[Event, Event]:
    """What ends before this day of the rule, and what begins on it; each day's cancellation or
    override goes with it. Raises Refused for a day that cannot begin a second series.
    """
    series = event.series
    if series is None:
        raise _refused("needs a series, and the appointment is a single event")
    start = start_day(event)
    if not is_day(event, day) or day == start:
        second = next(iter(days_between(event, start, date.max)[1:]), start)
        raise _refused(
            "must be an occurrence of recurrence.rrule behind the first, "
            f"such as {original_start(event, second)}"
        )
    before = [one for one in days_between(event, start, day) if one < day]
    count = series.rule.count
    head = replace(series.rule, count=None, until=before[-1])
    tail = replace(series.rule, count=count - len(before)) if count else series.rule
    return (
        normal(replace(event, series=replace(_until(series, day), rule=head))),
        normal(
            replace(
                event, when=plain(event, day).when, series=replace(_from(series, day), rule=tail)
            )
        ),
    )


def _until(series: Series, day: date) -> Series:
    return replace(
        series,
        cancelled=tuple(one for one in series.cancelled if one < day),
        overrides=tuple(one for one in series.overrides if one.day < day),
    )


def _from(series: Series, day: date) -> Series:
    return replace(
        series,
        cancelled=tuple(one for one in series.cancelled if one >= day),
        overrides=tuple(one for one in series.overrides if one.day >= day),
    )


def _refused(right: str) -> Refused:
    return Refused(Problem("invalid-appointment", f"original_start {right}.", POINTER))
