"""A patternedRecurrence as sent, checked, and as Exchange says it back."""

from datetime import date
from typing import Any

from local.twin.problem import GraphProblem, bad_request
from local.twin.recurrence import DAYS, INDEXES, PATTERNS, RANGES
from local.twin.zones import windows_name

_NEEDED = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}
_NO_DATE = "0001-01-01"


def read_recurrence(value: Any) -> dict[str, Any] | None:
    """Raises GraphProblem. The answer has every field, irrelevant ones as Exchange fills them."""
    if value is None:
        return None
    whole = _lowered(value, "recurrence")
    return {
        "pattern": _pattern(_lowered(whole.get("pattern"), "recurrence/pattern")),
        "range": _range(_lowered(whole.get("range"), "recurrence/range")),
    }


def _pattern(given: dict[str, Any]) -> dict[str, Any]:
    kind = _choice("pattern/type", given.get("type"), PATTERNS)
    for name in _NEEDED[kind]:
        if not given.get(name.lower()):
            raise _invalid(f"a {kind} pattern needs {name}")
    return {
        "type": kind,
        "interval": _whole("pattern/interval", given.get("interval"), 1, 999),
        "month": _whole("pattern/month", given.get("month") or 0, 0, 12),
        "dayOfMonth": _whole("pattern/dayOfMonth", given.get("dayofmonth") or 0, 0, 31),
        **_days_of_week(given.get("daysofweek")),
        "firstDayOfWeek": _choice("firstDayOfWeek", given.get("firstdayofweek") or "sunday", DAYS),
        "index": _choice("pattern/index", given.get("index") or "first", INDEXES),
    }


def _days_of_week(given: Any) -> dict[str, list[str]]:
    if not given:
        return {}
    if not isinstance(given, list):
        raise _invalid("daysOfWeek is a collection")
    chosen = {_choice("pattern/daysOfWeek", day, DAYS) for day in given}
    return {"daysOfWeek": sorted(chosen, key=DAYS.index)}


def _range(given: dict[str, Any]) -> dict[str, Any]:
    kind = _choice("range/type", given.get("type"), RANGES)
    zone = given.get("recurrencetimezone")
    if zone and windows_name(zone) is None:
        raise GraphProblem(
            400, "TimeZoneNotSupportedException", f"The time zone '{zone}' is not supported."
        )
    span = {
        "type": kind,
        "startDate": _date("range/startDate", given.get("startdate")),
        "endDate": _date("range/endDate", given.get("enddate")) if kind == "endDate" else _NO_DATE,
        "recurrenceTimeZone": windows_name(zone) if zone else "",
        "numberOfOccurrences": 0,
    }
    if kind == "numbered":
        times = given.get("numberofoccurrences")
        span["numberOfOccurrences"] = _whole("range/numberOfOccurrences", times, 1, 999)
    if kind == "endDate" and span["endDate"] < span["startDate"]:
        raise _invalid("range/endDate is before range/startDate")
    return span


def _lowered(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{name} is an object")
    return {key.lower(): inner for key, inner in value.items()}


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    for one in allowed:
        if isinstance(value, str) and value.lower() == one.lower():
            return one
    raise bad_request(f"Requested value '{value}' was not found for '{name}'.", "RequestBodyRead")


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _invalid(f"{name} is a whole number from {least} to {most}")
    return value


def _date(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise _invalid(f"{name} is a date, yyyy-mm-dd") from None


def _invalid(what: str) -> GraphProblem:
    return bad_request(
        f"Your request can't be completed: {what}.", "ErrorPropertyValidationFailure"
    )
