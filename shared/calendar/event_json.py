"""Events as JSON, for storage and for the API.

{"subject", "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"} or
{"date": "2026-11-23"}, "end": the same, "body": {"content", "kind": "text" | "html"},
"location", "attendees": [{"address", "name", "kind", "response", "proposed": {"start", "end"} |
null}], "show_as", "sensitivity", "reminder_minutes": 15 | null, "categories": [],
"other_locations": [], "conference": "none" | "teams", "hide_attendees": false, "recurrence":
as in `series_json` | null}. Only "subject", "start" and "end" are required.
A time that the end of summer time repeats means its first pass; "fold": 1 beside it, its second.
"""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from shared.calendar.event import (
    AllDay,
    Attendee,
    AttendeeKind,
    Body,
    BodyKind,
    Conference,
    Event,
    Response,
    Sensitivity,
    ShowAs,
    Timed,
    When,
    Zoned,
)
from shared.calendar.series_json import series_from_json, series_to_json
from shared.errors import Problem, Refused

_Word = TypeVar("_Word", bound=StrEnum)
_Json = dict[str, Any]


def event_to_json(event: Event) -> _Json:
    return {**_single_to_json(event), "recurrence": series_to_json(event, _single_to_json)}


def event_from_json(data: _Json) -> Event:
    """Raises Refused, whose pointer names the field. Keys it does not know are left alone."""
    event = _single(data)
    series = series_from_json(data.get("recurrence"), event, _single_to_json, _single)
    return replace(event, series=series) if series else event


def _single_to_json(event: Event) -> _Json:
    start, end = _when_to_json(event.when)
    return {
        "subject": event.subject,
        "start": start,
        "end": end,
        "body": {"content": event.body.content, "kind": event.body.kind.value},
        "location": event.location,
        "attendees": [_attendee_to_json(attendee) for attendee in event.attendees],
        "show_as": event.show_as.value,
        "sensitivity": event.sensitivity.value,
        "reminder_minutes": event.reminder,
        "categories": list(event.categories),
        "other_locations": list(event.other_locations),
        "conference": event.conference.value,
        "hide_attendees": event.hide_attendees,
    }


def _single(data: _Json) -> Event:
    return Event(
        subject=_text(data, "subject", required=True),
        when=_when(data),
        body=_body(data),
        location=_text(data, "location"),
        attendees=tuple(
            _attendee(item, f"/attendees/{n}")
            for n, item in enumerate(_list(data, "attendees", "objects"))
        ),
        show_as=_word(data, "show_as", ShowAs.BUSY),
        sensitivity=_word(data, "sensitivity", Sensitivity.NORMAL),
        reminder=_reminder(data),
        categories=_texts(data, "categories"),
        other_locations=_texts(data, "other_locations"),
        conference=_word(data, "conference", Conference.NONE),
        hide_attendees=_flag(data, "hide_attendees"),
    )


def _when_to_json(when: When) -> tuple[_Json, _Json]:
    if isinstance(when, AllDay):
        return {"date": when.start.isoformat()}, {"date": when.end.isoformat()}
    return _zoned_to_json(when.start), _zoned_to_json(when.end)


def _zoned_to_json(time: Zoned) -> _Json:
    data: _Json = {"date_time": time.wall.isoformat(), "time_zone": time.zone}
    return data | {"fold": 1} if time.wall.fold else data


def _attendee_to_json(attendee: Attendee) -> _Json:
    return {
        "address": attendee.address,
        "name": attendee.name,
        "kind": attendee.kind.value,
        "response": attendee.response.value,
        "proposed": _span_to_json(attendee.proposed) if attendee.proposed else None,
    }


def _span_to_json(when: When) -> _Json:
    start, end = _when_to_json(when)
    return {"start": start, "end": end}


def _when(data: _Json) -> When:
    start, end = _moment(data, "start"), _moment(data, "end")
    if isinstance(start, Zoned) and isinstance(end, Zoned):
        return Timed(start, end)
    if isinstance(start, Zoned) or isinstance(end, Zoned):
        raise _refused("/end", 'needs the form of start: both "date", or both "date_time"')
    return AllDay(start, end)


def _moment(data: _Json, name: str, within: str = "") -> Zoned | date:
    at = f"{within}/{name}"
    value = _object(data.get(name), at)
    if ("date" in value) == ("date_time" in value):
        raise _refused(at, 'needs either "date" (all-day) or "date_time" with "time_zone"')
    if "date" in value:
        return _date(_text(value, "date", at), f"{at}/date")
    zone = _text(value, "time_zone", at, required=True)
    wall = _wall(_text(value, "date_time", at), f"{at}/date_time")
    return Zoned(wall.replace(fold=1 if value.get("fold") == 1 else 0), zone)


def _date(text: str, at: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refused(at, "must be a date such as 2026-11-23") from None


def _wall(text: str, at: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(at, "must be a time such as 2026-11-23T10:00:00") from None
    if wall.tzinfo or "T" not in text:
        raise _refused(at, "must be a wall time such as 2026-11-23T10:00:00, without an offset")
    return wall


def _body(data: _Json) -> Body:
    if data.get("body") is None:
        return Body()
    body = _object(data["body"], "/body")
    return Body(_text(body, "content", "/body"), _word(body, "kind", BodyKind.TEXT, "/body"))


def _attendee(item: Any, at: str) -> Attendee:
    data = _object(item, at)
    return Attendee(
        address=_text(data, "address", at, required=True),
        name=_text(data, "name", at),
        kind=_word(data, "kind", AttendeeKind.REQUIRED, at),
        response=_word(data, "response", Response.NONE, at),
        proposed=_proposed(data, f"{at}/proposed"),
    )


def _proposed(data: _Json, at: str) -> Timed | None:
    if data.get("proposed") is None:
        return None
    span = _object(data["proposed"], at)
    start, end = _moment(span, "start", at), _moment(span, "end", at)
    if isinstance(start, Zoned) and isinstance(end, Zoned):
        return Timed(start, end)
    raise _refused(at, 'must have "date_time" and "time_zone" in its start and end')


def _texts(data: _Json, name: str) -> tuple[str, ...]:
    items = _list(data, name, "texts")
    for n, item in enumerate(items):
        if not isinstance(item, str):
            raise _refused(f"/{name}/{n}", "must be a text")
    return tuple(items)


def _flag(data: _Json, name: str) -> bool:
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _refused(f"/{name}", "must be true or false")


def _reminder(data: _Json) -> int | None:
    value = data.get("reminder_minutes")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _refused("/reminder_minutes", "must be a whole number of minutes, or null for none")


def _text(data: _Json, name: str, at: str = "", *, required: bool = False) -> str:
    value = data.get(name)
    if value is None and not required:
        return ""
    if isinstance(value, str):
        return value
    raise _refused(
        f"{at}/{name}", "is required and must be a text" if required else "must be a text"
    )


def _word(data: _Json, name: str, default: _Word, at: str = "") -> _Word:
    value = data.get(name)
    if value is None:
        return default
    words = {str(word): word for word in type(default)}
    if isinstance(value, str) and value in words:
        return words[value]
    raise _refused(f"{at}/{name}", f"must be one of {', '.join(words)}")


def _object(value: Any, at: str) -> _Json:
    if isinstance(value, dict):
        return cast("_Json", value)
    raise _refused(
        at, "is required and must be an object" if value is None else "must be an object"
    )


def _list(data: _Json, name: str, of: str) -> list[Any]:
    value = data.get(name)
    if value is None:
        return []
    if isinstance(value, list):
        return cast("list[Any]", value)
    raise _refused(f"/{name}", f"must be a list of {of}")


def _refused(pointer: str, right: str) -> Refused:
    return Refused(
        Problem("invalid-appointment", f"{pointer[1:].replace('/', '.')} {right}.", pointer)
    )
