"""The canonical form of an event: what two people would call the same.

Blind to what Exchange rewrites: markup and spacing of bodies, names and responses of attendees,
order, and the name of the zone a time is told in.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date
from functools import lru_cache
from itertools import islice
from typing import Any

from shared.calendar.event import (
    FIELDS,
    AllDay,
    Attendee,
    Conference,
    Event,
    Response,
    Timed,
    When,
    Zoned,
)
from shared.calendar.expansion import days, is_day, last_day, start_day
from shared.calendar.occurrence import occurrence
from shared.calendar.occurrence import plain as plain_occurrence
from shared.calendar.recurrence import Rule
from shared.calendar.text import one_line, plain
from shared.calendar.zones import is_known, windows_name

YEARS, LEAST_DAYS, MOST_DAYS = 9, 24, 400
"""There may be eight years between two leap years."""

_BLANK: dict[str, Any] = {
    "other_locations": [],
    "conference": Conference.NONE,
    "hide_attendees": False,
    "series": None,
}


def canonical(event: Event) -> dict[str, Any]:
    """JSON, one entry per name in `FIELDS`, but for the blank ones of fields that came later:
    digests are stored, and must not change with them.
    """
    whole = {name: canonical_field(name, event) for name in FIELDS}
    return {name: value for name, value in whole.items() if value != _BLANK.get(name, ...)}


def canonical_field(name: str, event: Event) -> Any:
    match name:
        case "subject" | "location":
            return one_line(getattr(event, name))
        case "when":
            return _when(event.when)
        case "body":
            return plain(event.body)
        case "attendees":
            return sorted({(address_key(a.address), a.kind.value) for a in event.attendees})
        case _:
            return _plain_field(name, event)


def _plain_field(name: str, event: Event) -> Any:
    match name:
        case "categories":
            return sorted({one_line(category) for category in event.categories})
        case "other_locations":
            return [one_line(location) for location in event.other_locations]
        case "series":
            return _series(event)
        case _:
            return getattr(event, name)


def digest(event: Event) -> str:
    return _hash(canonical(event))


def field_digest(name: str, event: Event) -> str:
    """Names the field, so that it is never taken for another field's or a whole event's."""
    return f"{name}={_hash(canonical_field(name, event))[:16]}"


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differing(a: Event, b: Event) -> tuple[str, ...]:
    """The fields that differ, in the order of `FIELDS`."""
    return tuple(name for name in FIELDS if not same_field(name, a, b))


def same(a: Event, b: Event) -> bool:
    return not differing(a, b)


def same_field(name: str, a: Event, b: Event) -> bool:
    return canonical_field(name, a) == canonical_field(name, b)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attendee said: a response, and another time that would suit better."""

    response: Response = Response.NONE
    proposed: Timed | None = None


def responses(event: Event) -> dict[str, Answer]:
    """By lower-cased address. Not in the canonical form: an answer is no edit of the event."""
    return {address_key(a.address): Answer(a.response, a.proposed) for a in event.attendees}


def address_key(address: str) -> str:
    return address.strip().lower()


def with_responses(
    attendees: tuple[Attendee, ...], answers: dict[str, Answer]
) -> tuple[Attendee, ...]:
    """The attendees with the given answers; who is not among them has not answered."""
    said = ((a, answers.get(address_key(a.address), Answer())) for a in attendees)
    return tuple(replace(a, response=s.response, proposed=s.proposed) for a, s in said)


def _series(event: Event) -> dict[str, Any] | None:
    """Days, not a rule: many a rule says the same in other words."""
    if event.series is None:
        return None
    cancelled = {day for day in event.series.cancelled if is_day(event, day)}
    last = last_day(event)
    return {
        "days": _days_hash(event.series.rule, start_day(event)),
        "last": last.isoformat() if last else "",
        "zone": "" if isinstance(event.when, AllDay) else _zone(event.when.start.zone),
        "cancelled": sorted(day.isoformat() for day in cancelled),
        "overrides": dict(_overrides(event, cancelled)),
    }


def _overrides(event: Event, cancelled: set[date]) -> Iterator[tuple[str, dict[str, Any]]]:
    for override in event.series.overrides if event.series else ():
        if override.day in cancelled or not is_day(event, override.day):
            continue
        there, without = occurrence(event, override.day), plain_occurrence(event, override.day)
        names = [name for name, _ in override.values if not same_field(name, there, without)]
        if names:
            yield override.day.isoformat(), {name: canonical_field(name, there) for name in names}


@lru_cache(maxsize=1024)
def _days_hash(rule: Rule, first: date) -> str:
    return _hash([day.isoformat() for day in _telling(rule, first)])


def _telling(rule: Rule, first: date) -> Iterator[date]:
    """As many days as it takes to tell the rule from any other."""
    for n, day in enumerate(islice(days(rule, first), MOST_DAYS)):
        if n >= LEAST_DAYS and day.year > first.year + YEARS:
            return
        yield day


def _zone(name: str) -> str:
    """Outlook keeps the Windows name, which several of IANA's share."""
    return windows_name(name) if is_known(name) else name


def _when(when: When) -> dict[str, str]:
    if isinstance(when, AllDay):
        return {"first_day": when.start.isoformat(), "day_after": when.end.isoformat()}
    return {"start": _instant(when.start), "end": _instant(when.end)}


def _instant(time: Zoned) -> str:
    return time.instant.astimezone(UTC).replace(microsecond=0).isoformat()
