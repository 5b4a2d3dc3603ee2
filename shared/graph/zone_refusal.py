"""What to write instead where Graph takes no event in a zone that it should know."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from shared.calendar.zones import iana_name
from shared.errors import Rejected

_CODE = "timezonenotsupportedexception"
# A zone without summer time whose clocks show UTC, for where UTC itself is refused.
_LIKE_UTC = "Greenwich Standard Time"
_Json = dict[str, Any]


async def in_some_zone(
    send: Callable[[_Json], Awaitable[_Json | None]], body: _Json
) -> _Json | None:
    """What `send` answers. A zone that is refused is told otherwise, once."""
    try:
        return await send(body)
    except Rejected as rejected:
        other = in_another_zone(body)
        if not is_zone_refused(rejected) or other == body:
            raise
    return await send(other)


def is_zone_refused(rejected: Rejected) -> bool:
    return str(rejected.problem.extra.get("microsoft_code", "")).lower() == _CODE


def in_another_zone(body: _Json) -> _Json:
    """The same event told otherwise; `body` itself where it has no times.

    A single event is told in UTC, a day by the same dates. A series goes by its own zone's clock,
    so that only the name is changed, to IANA's.
    """
    if "start" not in body and "recurrence" not in body:
        return body
    is_bound = bool(body.get("recurrence")) or bool(body.get("isAllDay"))
    times = {
        name: _bound(body[name], series=bool(body.get("recurrence")))
        if is_bound
        else _instant(body[name])
        for name in ("start", "end")
        if name in body
    }
    return body | times | _recurrence(body)


def _bound(time: _Json, *, series: bool) -> _Json:
    return time | {"timeZone": _other_name(time["timeZone"], series=series)}


def _other_name(zone: str, *, series: bool) -> str:
    if zone == "UTC":
        return _LIKE_UTC
    return (iana_name(zone) or "UTC") if series else "UTC"


def _instant(time: _Json) -> _Json:
    zone = time["timeZone"]
    if zone == "UTC":
        return time | {"timeZone": _LIKE_UTC}
    wall = datetime.fromisoformat(time["dateTime"]).replace(
        tzinfo=ZoneInfo(iana_name(zone) or zone)
    )
    told = wall.astimezone(UTC).replace(tzinfo=None)
    return {"dateTime": told.isoformat(), "timeZone": "UTC"}


def _recurrence(body: _Json) -> _Json:
    recurrence = cast("_Json | None", body.get("recurrence"))
    span = cast("_Json", (recurrence or {}).get("range") or {})
    if not recurrence or not span.get("recurrenceTimeZone"):
        return {}
    zone = _other_name(span["recurrenceTimeZone"], series=True)
    return {"recurrence": {**recurrence, "range": {**span, "recurrenceTimeZone": zone}}}
