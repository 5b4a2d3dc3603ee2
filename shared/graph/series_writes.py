"""The calls that turn the series Outlook shows into the wanted one. Pure.

Facts behind it (Graph: api/event-update, and what practitioners report): a PATCH of the master
mails once and once more for each exception; one of its time or pattern makes its occurrences
anew, which may drop exceptions and bring cancelled days back, or not; nothing else brings a
cancelled day back. So the master comes first, its occurrences after it, and after each step the
series is read and the rest planned again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Event, Override, Series
from shared.calendar.expansion import days, is_day, start_day
from shared.calendar.occurrence import occurrence, when_on
from shared.calendar.recurrence import Rule
from shared.calendar.series import normal, override, restored, with_cancelled, with_override
from shared.errors import Problem, Rejected
from shared.graph.writes import PLAIN, Manner, html_of, patch_of

MOST_MASTERS = 4
"""Writes of the master in one plan: what changed, a detour for cancelled days, and back."""


@dataclass(frozen=True, slots=True)
class WriteMaster:
    """`event` is the master as it then is, without exceptions and cancelled days; a single
    event where the series ends. `restores` are cancelled days this write is there to bring back.
    """

    patch: dict[str, Any]
    event: Event
    restores: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteOccurrence:
    """`event` is the occurrence of that day of the rule as it then is."""

    day: date
    patch: dict[str, Any]
    event: Event


@dataclass(frozen=True, slots=True)
class CancelOccurrence:
    day: date


Step = WriteMaster | WriteOccurrence | CancelOccurrence


@dataclass(frozen=True, slots=True)
class _Bodies:
    """What Outlook has, of the master and of its exceptions, and how to write others."""

    master: str
    exceptions: Mapping[date, str]
    manner: Manner


def steps(
    old: Event,
    new: Event,
    current_html: str = "",
    tried: frozenset[date] = frozenset(),
    manner: Manner = PLAIN,
    instance_html: tuple[tuple[date, str], ...] = (),
) -> tuple[Step, ...]:
    """In the order to send them, supposing that occurrences made anew lose what they had.

    `tried` are the `restores` of steps sent before: raises Rejected(occurrence-not-restorable)
    when one of these days still is cancelled. `instance_html` is that of `Seen`.
    """
    old, new, html = normal(old), normal(new), current_html or html_of(old)
    bodies = _Bodies(html, dict(instance_html), manner)
    found: list[Step] = []
    for _ in range(MOST_MASTERS):
        step = _master_step(old, new, bodies, tried)
        if step is None:
            break
        found.append(step)
        old, tried = _expected(old, step), frozenset()
    return (*found, *_cancellations(old, new), *_changes(old, new, bodies))


def outcomes(old: Event, step: Step, exceptions: tuple[date, ...] = ()) -> tuple[Event, ...]:
    """What Outlook may show after the step, each in its normal form.

    `exceptions` are the days of which Outlook keeps an exception (`Seen.instances`): one put back
    to the plain occurrence is still one, and need not follow its series.
    """
    match step:
        case WriteMaster():
            return tuple(dict.fromkeys(_after_master(old, step, exceptions)))
        case WriteOccurrence(day, _, event):
            given = override(old, day, event)
            return (normal(with_override(old, given) if given else restored(old, day)),)
        case CancelOccurrence(day):
            return (normal(with_cancelled(old, day)),)


def reissues(old: Event, step: WriteMaster) -> bool:
    """Whether the occurrences are made anew."""
    return bool(step.patch.keys() & {"recurrence", "start", "end", "isAllDay"}) and (
        old.series is not None
    )


def _after_master(old: Event, step: WriteMaster, exceptions: tuple[date, ...]) -> Iterator[Event]:
    event = step.event
    if old.series is None:
        yield event
        return
    if event.series is None:
        yield event
        # Graph may take the other fields and leave the recurrence.
        event = replace(event, series=Series(old.series.rule))
    anew = reissues(old, step)
    for overrides in _left(old, event, exceptions, anew=anew):
        for cancelled in (old.series.cancelled, ()) if anew else (old.series.cancelled,):
            series = Series(event.series.rule, cancelled, overrides) if event.series else None
            yield normal(replace(event, series=series))


def _left(
    old: Event, event: Event, exceptions: tuple[date, ...], *, anew: bool
) -> Iterator[tuple[Override, ...]]:
    """Exceptions follow their master, or stay as they were, or are lost."""
    if old.series is None:
        return
    yield old.series.overrides
    kept = sorted({*exceptions, *(one.day for one in old.series.overrides)})
    frozen = (override(event, day, occurrence(old, day)) for day in kept if is_day(old, day))
    yield tuple(one for one in frozen if one)
    if anew:
        yield ()


def _expected(old: Event, step: WriteMaster) -> Event:
    if old.series is None or step.event.series is None or reissues(old, step):
        return step.event
    return normal(replace(step.event, series=replace(old.series, rule=step.event.series.rule)))


def _master_step(
    old: Event, new: Event, bodies: _Bodies, tried: frozenset[date]
) -> WriteMaster | None:
    wanted = _bare(new)
    fields = differing(_bare(old), wanted)
    patch = patch_of(old, wanted, _with_zone(old, wanted, fields), bodies.master, bodies.manner)
    if "series" in fields and wanted.series is None:
        patch["recurrence"] = None
    if patch:
        return WriteMaster(patch, wanted)
    lost = _restores(old, new)
    if tried.intersection(lost):
        raise Rejected(not_restorable(sorted(tried.intersection(lost))))
    return _detour(old, lost, bodies.manner) if lost else None


def _with_zone(old: Event, wanted: Event, fields: tuple[str, ...]) -> tuple[str, ...]:
    """The zone of a series is part of how it repeats, and on the wire part of its start. Days
    may have been written in a zone that is refused where they repeat.
    """
    if "series" not in fields or "when" in fields or wanted.series is None:
        return fields
    if isinstance(wanted.when, AllDay) and old.series is None:
        return ("when", *fields)
    return fields if _zone(old) == _zone(wanted) else ("when", *fields)


def _zone(event: Event) -> str:
    return "" if isinstance(event.when, AllDay) else event.when.start.zone


def _bare(event: Event) -> Event:
    return replace(event, series=Series(event.series.rule)) if event.series else event


def _restores(old: Event, new: Event) -> tuple[date, ...]:
    if old.series is None or new.series is None:
        return ()
    return tuple(day for day in old.series.cancelled if day not in new.series.cancelled)


def _detour(old: Event, lost: tuple[date, ...], manner: Manner) -> WriteMaster:
    """A series that does not have the cancelled days at all; the way back is a change of its
    pattern, so that Outlook makes them anew, whether or not it remembers cancelled days.
    """
    event = _without(_bare(old), lost[0])
    patch = patch_of(old, event, differing(_bare(old), event), "", manner)
    return WriteMaster(patch, event, tuple(day for day in lost if not is_day(event, day)))


def _without(event: Event, day: date) -> Event:
    if event.series is None:
        raise ValueError("not a series")
    rule, first = event.series.rule, start_day(event)
    if day != first:
        return replace(event, series=Series(_until(rule, day - timedelta(days=1))))
    endless = days(replace(rule, count=None, until=None), first)
    after = next((later for later in endless if later > first), first + timedelta(days=1))
    return replace(event, when=when_on(event.when, after), series=Series(_one_less(rule, after)))


def _one_less(rule: Rule, first: date) -> Rule:
    """Without its first day; `first` is the next."""
    if rule.until is not None:
        return _until(rule, max(first, rule.until))
    return replace(rule, count=max(1, rule.count - 1)) if rule.count else rule


def _until(rule: Rule, day: date) -> Rule:
    return replace(rule, count=None, until=day)


def _cancellations(old: Event, new: Event) -> Iterator[Step]:
    if old.series is None or new.series is None:
        return
    for day in new.series.cancelled:
        if day not in old.series.cancelled:
            yield CancelOccurrence(day)


def _changes(old: Event, new: Event, bodies: _Bodies) -> list[WriteOccurrence]:
    found = [step for day in _days_apart(old, new) if (step := _change(old, new, day, bodies))]
    return sorted(found, key=lambda step: _turn(old, step))


def _days_apart(old: Event, new: Event) -> list[date]:
    if old.series is None or new.series is None:
        return []
    named = {one.day for one in (*old.series.overrides, *new.series.overrides)}
    return sorted(day for day in named if day not in new.series.cancelled)


def _change(old: Event, new: Event, day: date, bodies: _Bodies) -> WriteOccurrence | None:
    shown, wanted = occurrence(old, day), occurrence(new, day)
    patch = patch_of(
        shown,
        wanted,
        differing(shown, wanted),
        bodies.exceptions.get(day) or bodies.master,
        bodies.manner,
    )
    return WriteOccurrence(day, patch, wanted) if patch else None


def _turn(old: Event, step: WriteOccurrence) -> tuple[int, int]:
    """No occurrence may pass another: of those that move to later days the last goes first."""
    shown = start_day(occurrence(old, step.day))
    later = start_day(step.event) > shown
    return (1, -step.day.toordinal()) if later else (0, step.day.toordinal())


def not_restorable(lost: list[date]) -> Problem:
    named = ", ".join(day.isoformat() for day in lost)
    return Problem(
        "occurrence-not-restorable",
        f"Outlook keeps the occurrence of {named} cancelled.",
        "/recurrence/exdates",
    )


def crossing(day: date, code: str) -> Problem:
    return Problem(
        "occurrence-crosses-neighbour",
        f"The occurrence of {day.isoformat()} cannot be moved to or past the day of the one "
        "before or after it.",
        "/recurrence/overrides",
        {"microsoft_code": code},
    )


def not_ended(code: str = "") -> Problem:
    extra: dict[str, str | int | float] = {"microsoft_code": code} if code else {}
    return Problem(
        "series-not-ended",
        "Outlook does not make this series a single event; cancel it and create the event anew.",
        "/recurrence",
        extra,
    )
