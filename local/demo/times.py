"""Times of both sides as the page shows them: wall times of the practice, without an offset.

Also tells when two items of different sides have the same content.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Shown = dict[str, Any]
Content = tuple[str, str, str, str]


def of_appointment(fields: dict[str, Any], zone: str) -> Shown:
    """From the API's `start` and `end`."""
    if "date" in fields["start"]:
        return _all_day(fields["start"]["date"], fields["end"]["date"])
    return _timed(_instant(fields["start"]), _instant(fields["end"]), zone)


def of_event(event: dict[str, Any], zone: str) -> Shown:
    """From Graph's, which the twin tells in UTC."""
    start, end = (event[side]["dateTime"][:19] for side in ("start", "end"))
    if event.get("isAllDay"):
        return _all_day(start[:10], end[:10])
    return _timed(_utc(start), _utc(end), zone)


def to_appointment(start: str, end: str, zone: str, *, all_day: bool) -> dict[str, Any]:
    """The page's times as the API takes them. Raises ValueError."""
    if all_day:
        first = date.fromisoformat(start[:10])
        last = date.fromisoformat(end[:10]) if end else first + timedelta(days=1)
        return {"start": {"date": first.isoformat()}, "end": {"date": last.isoformat()}}
    return {
        "start": {"date_time": _wall(start), "time_zone": zone},
        "end": {"date_time": _wall(end), "time_zone": zone},
    }


def to_event(start: str, end: str, zone: str, *, all_day: bool) -> dict[str, Any]:
    """The page's times as Graph takes them. Raises ValueError."""
    known = to_appointment(start, end, zone, all_day=all_day)
    if all_day:
        sides = {side: f"{known[side]['date']}T00:00:00" for side in ("start", "end")}
    else:
        sides = {side: known[side]["date_time"] for side in ("start", "end")}
    moments = {side: {"dateTime": time, "timeZone": zone} for side, time in sides.items()}
    return {**moments, "isAllDay": all_day}


def content(subject: str, shown: Shown, location: str) -> Content:
    return (subject, shown["start"], shown["end"], location)


def _all_day(start: str, end: str) -> Shown:
    return {"start": start, "end": end, "all_day": True}


def _timed(start: datetime, end: datetime, zone: str) -> Shown:
    there = ZoneInfo(zone)
    walls = (m.astimezone(there).replace(tzinfo=None, microsecond=0) for m in (start, end))
    first, last = (wall.isoformat() for wall in walls)
    return {"start": first, "end": last, "all_day": False}


def _instant(moment: dict[str, Any]) -> datetime:
    wall = datetime.fromisoformat(moment["date_time"])
    return wall.replace(tzinfo=ZoneInfo(moment["time_zone"]), fold=moment.get("fold", 0))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _wall(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0).isoformat()
