"""Both sides changed a series: part by part, as `merge` does field by field."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from shared.calendar.digest import same_field
from shared.calendar.event import Event
from shared.calendar.series import normal
from shared.policy.policy import Owner, Policy, Winner
from shared.sync.series_parts import CANCELLED, Part, Parts, assembled, parts_of


@dataclass(frozen=True, slots=True)
class Lost:
    """What one side wrote and that did not stand: days, and whether the rule is among it."""

    winner: Winner
    days: tuple[date, ...]
    rule: bool


@dataclass(frozen=True)
class _Three:
    base: Parts
    outlook: Parts
    app: Parts
    policy: Policy

    @cached_property
    def parts(self) -> list[Part]:
        """The rule first, then by day."""
        known = {*self.base.forms, *self.outlook.forms, *self.app.forms}
        return sorted(known, key=lambda part: (part.day or date.min, part.name))

    @cached_property
    def in_outlook(self) -> frozenset[Part]:
        return self._changed(self.outlook)

    @cached_property
    def in_app(self) -> frozenset[Part]:
        return self._changed(self.app)

    def side(self, winner: Winner) -> Parts:
        return self.outlook if winner is Winner.OUTLOOK else self.app

    def _changed(self, side: Parts) -> frozenset[Part]:
        """A side says nothing of days that its rule has not. A day follows its series unless it
        has something otherwise, so a changed series is no change of its days.
        """
        days, known = side.days(self.parts), self.base.days(self.parts)
        return frozenset(
            part
            for part in self.parts
            if (part.day is None or part.day in days)
            and self.base.forms.get(part) != side.forms.get(part)
            and (part.day not in known or self.base.effect(part) != side.effect(part))
        )


def merge_series(
    base: Event, outlook: Event, app: Event, event: Event, policy: Policy
) -> tuple[Event, tuple[Lost, ...]]:
    """`event` is what the other fields were merged to; it comes back with the series, whose
    exact value is the host app's where that means the same.
    """
    if base.series is None and outlook.series is None and app.series is None:
        return event, ()
    three = _Three(parts_of(base), parts_of(outlook), parts_of(app), policy)
    result = assembled(event, _taken(three))
    kept = normal(replace(result, series=app.series))
    if kept.when == result.when and same_field("series", kept, result):
        result = kept
    return result, _lost(three, parts_of(result))


def _taken(three: _Three) -> dict[Part, Any]:
    taken: dict[Part, Any] = {}
    for part in three.parts:
        values = three.side(_winner(three, part)).values
        if part in values:
            taken[part] = values[part]
    return _settled_days(three, taken)


def _winner(three: _Three, part: Part) -> Winner:
    by_outlook, by_app = part in three.in_outlook, part in three.in_app
    if three.outlook.forms.get(part) == three.app.forms.get(part):
        return Winner.APP
    owner = _owner(three.policy, part)
    if owner is not Owner.EITHER and (by_outlook or by_app):
        return Winner(owner.value)
    if by_outlook and by_app:
        return _favoured(three.policy)
    if by_outlook or by_app:
        return Winner.OUTLOOK if by_outlook else Winner.APP
    # Nobody edited it, but where a side's series or rule changed it may no longer be told apart.
    as_was = three.app.forms.get(part) == three.base.forms.get(part)
    return Winner.APP if as_was else Winner.OUTLOOK


def _owner(policy: Policy, part: Part) -> Owner:
    """A field's owner owns it on every day, too."""
    owner = Owner.EITHER
    if part.day is not None and part.name != CANCELLED:
        owner = policy.owner(part.name)
    return policy.owner("series") if owner is Owner.EITHER else owner


def _favoured(policy: Policy) -> Winner:
    return Winner.OUTLOOK if policy.winner is Winner.OUTLOOK else Winner.APP


def _settled_days(three: _Three, taken: dict[Part, Any]) -> dict[Part, Any]:
    """A day that one side cancelled and the other edited is as one of them has it."""
    cancelled = {part.day for part in taken if part.name == CANCELLED}
    edited = {part.day for part in taken if part.day and part.name != CANCELLED}
    for day in cancelled & edited:
        values = three.side(_day_winner(three, day)).values
        taken = {part: value for part, value in taken.items() if part.day != day}
        taken |= {part: value for part, value in values.items() if part.day == day}
    return taken


def _day_winner(three: _Three, day: date | None) -> Winner:
    by_outlook = any(part.day == day for part in three.in_outlook)
    by_app = any(part.day == day for part in three.in_app)
    if by_outlook != by_app:
        return Winner.OUTLOOK if by_outlook else Winner.APP
    owner = three.policy.owner("series")
    return _favoured(three.policy) if owner is Owner.EITHER else Winner(owner.value)


def _lost(three: _Three, result: Parts) -> tuple[Lost, ...]:
    losses = (
        (Winner.OUTLOOK, three.app, three.in_app),
        (Winner.APP, three.outlook, three.in_outlook),
    )
    found: list[Lost] = []
    for winner, loser, parts in losses:
        days = result.days(parts)
        lost = [part for part in parts if not _stands(part, loser, result, days)]
        if lost:
            rule = any(part.day is None for part in lost)
            named = tuple(sorted({part.day for part in lost if part.day}))
            found.append(Lost(winner, named, rule))
    return tuple(found)


def _stands(part: Part, side: Parts, result: Parts, days: frozenset[date]) -> bool:
    """A day that is no more is as good as cancelled."""
    if part.day is not None and part.day not in days:
        return Part(part.day, CANCELLED) in side.forms
    return side.effect(part) == result.effect(part)


def unowned_parts(outlook: Event, app: Event, policy: Policy) -> bool:
    """Whether the app has otherwise on some day what Outlook owns."""
    old, new = parts_of(outlook).forms, parts_of(app).forms
    return any(
        old.get(part) != new.get(part) and _owner(policy, part) is Owner.OUTLOOK
        for part in {*old, *new}
        if part.day is not None
    )
