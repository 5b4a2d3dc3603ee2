"""Recurring appointments as Calbridge tells them: a rule, days left out, days that differ.

{"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=6", "exdates": ["2026-12-07T10:00:00"], "overrides":
[{"original_start": "2026-12-14T10:00:00", ...what differs}]}. An original start is a wall time
in the series' own zone, a date where the series is all-day.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from local.demo.practices import working_week

Fields = dict[str, Any]

WEEKS_BACK, WEEKS_AHEAD = 4, 26
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def occurrences(fields: Fields) -> Iterator[tuple[str, Fields]]:
    """Original starts and what takes place, in the weeks that the page turns to."""
    recurrence = fields["recurrence"]
    start, length = _wall(fields["start"]), _wall(fields["end"]) - _wall(fields["start"])
    left_out = {day[:10] for day in recurrence.get("exdates") or ()}
    changed = {one["original_start"][:10]: one for one in recurrence.get("overrides") or ()}
    for wall in _walls(recurrence["rrule"], start, fields["start"]):
        if wall.date().isoformat() not in left_out:
            own = dict(changed.get(wall.date().isoformat(), {}))
            own.pop("original_start", None)
            plain = _between(fields["start"], wall, wall + length)
            yield _named(fields["start"], wall), {**fields, **plain, **own}


def _walls(rule: str, start: datetime, moment: Fields) -> list[datetime]:
    """Naive wall times of the series' zone, so that ten o'clock stays ten o'clock."""
    zone = ZoneInfo(moment["time_zone"]) if "time_zone" in moment else None
    monday = datetime.combine(working_week(datetime.now(zone).date()), time(), zone)
    known = rrulestr(rule, dtstart=start.replace(tzinfo=zone))
    first, last = monday - timedelta(weeks=WEEKS_BACK), monday + timedelta(weeks=WEEKS_AHEAD)
    return [found.replace(tzinfo=None) for found in known.between(first, last, inc=True)]


def with_occurrence(fields: Fields, original_start: str, changes: Fields) -> Fields:
    """The recurrence in which one occurrence has the changes too."""
    old = fields["recurrence"]
    others = [o for o in old.get("overrides") or () if o["original_start"] != original_start]
    mine = [o for o in old.get("overrides") or () if o["original_start"] == original_start]
    own = {**(mine[0] if mine else {"original_start": original_start}), **changes}
    return {**old, "overrides": sorted([*others, own], key=lambda o: o["original_start"])}


def without_occurrence(fields: Fields, original_start: str) -> Fields:
    old = fields["recurrence"]
    others = [o for o in old.get("overrides") or () if o["original_start"] != original_start]
    left_out = sorted({*(old.get("exdates") or ()), original_start})
    return {**old, "exdates": left_out, "overrides": others}


def rule(repeats: str, times: int, start: str) -> Fields:
    """`repeats` is "daily" or "weekly". Raises ValueError."""
    code = _CODES[date.fromisoformat(start[:10]).weekday()]
    known = {"daily": "FREQ=DAILY", "weekly": f"FREQ=WEEKLY;BYDAY={code}"}
    if repeats not in known:
        raise ValueError(f"nothing repeats {repeats!r}; daily and weekly are known")
    return {"rrule": f"{known[repeats]};COUNT={times}", "exdates": [], "overrides": []}


def pattern(repeats: str, times: int, start: str, zone: str) -> Fields:
    """The same as Graph has it."""
    rule(repeats, times, start)
    first = date.fromisoformat(start[:10])
    weekly = {"daysOfWeek": [_NAMES[first.weekday()]], "firstDayOfWeek": "monday"}
    return {
        "pattern": {"type": repeats, "interval": 1, **(weekly if repeats == "weekly" else {})},
        "range": {
            "type": "numbered",
            "startDate": first.isoformat(),
            "numberOfOccurrences": times,
            "recurrenceTimeZone": zone,
        },
    }


def _wall(moment: Fields) -> datetime:
    return datetime.fromisoformat(moment.get("date_time") or moment["date"])


def _between(moment: Fields, start: datetime, end: datetime) -> Fields:
    if "date" in moment:
        return {
            "start": {"date": start.date().isoformat()},
            "end": {"date": end.date().isoformat()},
        }
    zone = {"time_zone": moment["time_zone"]}
    return {
        "start": {"date_time": start.isoformat(), **zone},
        "end": {"date_time": end.isoformat(), **zone},
    }


def _named(moment: Fields, wall: datetime) -> str:
    return wall.date().isoformat() if "date" in moment else wall.isoformat()
