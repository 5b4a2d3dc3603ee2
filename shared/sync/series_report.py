"""What a host app is told of single occurrences, so that it need not compare series."""

from datetime import date, datetime
from typing import Any

from shared.calendar.event import AllDay, Event
from shared.sync.series_parts import CANCELLED, Part, Parts, parts_of


def occurrence_changes(before: Event | None, after: Event) -> list[dict[str, Any]]:
    """One entry per day on which something else takes place than before: {"original_start",
    "change": "cancelled" | "restored" | "moved" | "edited", "fields": [...]}. `restored` is the
    plain occurrence again. Days that the rule gained or lost are the rule's change, not theirs.
    """
    if before is None or before.series is None or after.series is None:
        return []
    old, new = parts_of(before), parts_of(after)
    known = {*old.forms, *new.forms}
    days = old.days(known) & new.days(known)
    return [
        {"original_start": original_start(after, day), **change}
        for day in sorted(days)
        if (change := _change(old, new, [p for p in known if p.day == day], day))
    ]


def _change(old: Parts, new: Parts, parts: list[Part], day: date) -> dict[str, Any] | None:
    differing = {p for p in parts if old.forms.get(p) != new.forms.get(p)}
    if not differing:
        return None
    cancelled = Part(day, CANCELLED)
    if cancelled in new.forms:
        return {"change": "cancelled"}
    fields = sorted(p.name for p in parts if p.name != CANCELLED and p in new.forms)
    if not fields:
        return {"change": "restored"}
    moved = Part(day, "when") in differing
    return {"change": "moved" if moved else "edited", "fields": fields}


def original_start(event: Event, day: date) -> str:
    """The local time at which the rule has this day's occurrence; of all-day ones the day."""
    when = event.when
    if isinstance(when, AllDay):
        return day.isoformat()
    return datetime.combine(day, when.start.wall.time()).isoformat()
