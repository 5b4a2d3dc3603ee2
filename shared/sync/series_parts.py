"""A series as the parts that can be edited apart: its rule, and of each day whether it is
cancelled and what it has otherwise. Two sides that edited different parts do not collide.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from shared.calendar.digest import canonical_field
from shared.calendar.event import Event, Override, Series
from shared.calendar.expansion import days_between
from shared.calendar.series import normal, plain

CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Part:
    """`name` is a field's, or `CANCELLED`; the rule is the part without a day."""

    day: date | None = None
    name: str = "rule"

    def __str__(self) -> str:
        return f"series/{self.day or ''}/{self.name}"


RULE = Part()


@dataclass(frozen=True)
class Parts:
    """One event taken apart; a single event has no parts."""

    event: Event

    @cached_property
    def values(self) -> Mapping[Part, Any]:
        series = self.event.series
        if series is None:
            return {}
        found: dict[Part, Any] = {RULE: series.rule}
        found |= {Part(day, CANCELLED): True for day in series.cancelled}
        for one in series.overrides:
            found |= {Part(one.day, name): value for name, value in one.values}
        return found

    @cached_property
    def forms(self) -> Mapping[Part, Any]:
        """The canonical form of each part, in the order of `values`."""
        return {part: self._form(part, value) for part, value in self.values.items()}

    def days(self, among: Iterable[Part]) -> frozenset[date]:
        """Those of the parts' days that the rule has."""
        asked = {part.day for part in among if part.day is not None}
        if self.event.series is None or not asked:
            return frozenset()
        return frozenset(asked) & frozenset(days_between(self.event, min(asked), max(asked)))

    def effect(self, part: Part) -> Any:
        """What takes place: the part, or what the day has of its series without it. The part's
        day must be one of the rule.
        """
        if part.day is None or part.name == CANCELLED or part in self.forms:
            return self.forms.get(part)
        if Part(part.day, CANCELLED) in self.forms:
            return CANCELLED
        return canonical_field(part.name, plain(self.event, part.day))

    def _form(self, part: Part, value: Any) -> Any:
        if part.name == CANCELLED:
            return True
        if part.day is None:
            return canonical_field("series", replace(self.event, series=Series(value)))
        single = replace(self.event, series=None, **{part.name: value})
        return canonical_field(part.name, single)


def parts_of(event: Event) -> Parts:
    return Parts(normal(event) if event.series else event)


def assembled(event: Event, values: Mapping[Part, Any]) -> Event:
    """The event with the series that the parts make; days that its rule has not are left out."""
    if RULE not in values:
        return replace(event, series=None)
    cancelled = sorted(part.day for part in values if part.day and part.name == CANCELLED)
    overridden: dict[date, list[tuple[str, Any]]] = {}
    for part, value in values.items():
        if part.day is not None and part.name != CANCELLED and part.day not in cancelled:
            overridden.setdefault(part.day, []).append((part.name, value))
    overrides = tuple(Override(day, tuple(overridden[day])) for day in sorted(overridden))
    return normal(replace(event, series=Series(values[RULE], tuple(cancelled), overrides)))


def part_digests(event: Event, base: Event | None) -> frozenset[str]:
    """One for each part in which the event is not as `base`; the lack of one is one too."""
    new = parts_of(event).forms
    old: Mapping[Part, Any] = parts_of(base).forms if base else {}
    return frozenset(
        part_digest(part, new.get(part)) for part in {*new, *old} if new.get(part) != old.get(part)
    )


def part_digest(part: Part, form: Any) -> str:
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), default=str)
    return f"{part}={hashlib.sha256(text.encode()).hexdigest()[:16]}"


def agreed_series(base: Event, known: Event, shown: Event, written: frozenset[str]) -> Event:
    """`base`, but with what `shown` has in each part that no person changed there: it is as it
    was known, or one of the digests of what we may have written.
    """
    old, was, now = parts_of(base), parts_of(known), parts_of(shown)
    values = dict(old.values)
    for part in {*old.forms, *was.forms, *now.forms}:
        form = now.forms.get(part)
        if form != was.forms.get(part) and part_digest(part, form) not in written:
            continue
        if part in now.values:
            values[part] = now.values[part]
        else:
            values.pop(part, None)
    return assembled(base, values)
