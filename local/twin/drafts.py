"""What a client sends for an event, checked as Graph checks it and turned into stored values."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from local.twin.bodies import stored_body
from local.twin.patterns import read_recurrence
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import Stamp, stamp
from local.twin.zones import to_local, windows_name

Values = dict[str, Any]

_READ_ONLY = {
    "id", "changekey", "createddatetime", "lastmodifieddatetime", "icaluid", "uid", "type",
    "seriesmasterid", "originalstart", "occurrenceid", "cancelledoccurrences",
    "exceptionoccurrences", "originalstarttimezone", "originalendtimezone", "bodypreview",
    "organizer", "isorganizer", "responsestatus", "hasattachments", "iscancelled", "isdraft",
    "onlinemeeting", "onlinemeetingurl", "weblink", "attachments", "instances", "calendar",
    "extensions", "multivalueextendedproperties",
}  # fmt: skip
_ENUMS = {
    "showas": ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "importance": ("low", "normal", "high"),
    "onlinemeetingprovider": (
        "unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer",
    ),
    "contenttype": ("text", "html"),
    "type": ("required", "optional", "resource"),
    "locationtype": (
        "default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates",
        "streetAddress", "hotel", "restaurant", "localBusiness", "postalAddress",
    ),
}  # fmt: skip
_PROPERTY_ID = re.compile(
    r"^(?P<kind>\w+) \{(?P<guid>[0-9a-fA-F-]{36})\} (?P<by>Name|Id) (?P<name>.+)$", re.IGNORECASE
)
_PROPERTY_TAG = re.compile(r"^\w+ 0x[0-9a-fA-F]+$")
MAX_ATTENDEES = 500
SAME_ZONE = "The start and end of an event marked as All day must be in the same time zone."
MIDNIGHT = "The {0} property for an event marked as All day must be set to midnight."
ONE_DAY = "The duration of an event marked as All day must be at least 24 hours."


def read_event(data: Any, *, creating: bool) -> Values:
    """Raises GraphProblem. Keys are fields of StoredEvent, and `recurrence`."""
    if not isinstance(data, dict):
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    values: Values = {}
    for name, value in data.items():
        _read_property(values, name, value)
    _check_times(values, creating=creating)
    return values


def read_moment(value: Any, name: str) -> Stamp:
    """A dateTimeTimeZone; an offset in dateTime is honoured as Graph does."""
    inner = _record(value, name)
    text, zone = inner.get("datetime"), inner.get("timezone") or "UTC"
    windows = windows_name(zone) if isinstance(zone, str) else None
    if windows is None:
        raise bad_request(
            f"A valid TimeZone value must be specified. The following TimeZone value is not "
            f"supported: '{zone}'.",
            "TimeZoneNotSupportedException",
        )
    moment = parse_datetime(text, name)
    if moment.tzinfo is not None:
        moment = to_local(moment, windows)
    return stamp(moment, windows)


def parse_datetime(text: Any, name: str) -> datetime:
    """ISO 8601 with up to seven digits of fraction."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except (TypeError, ValueError):
        raise bad_request(
            f"The value '{text}' of parameter '{name}' is invalid.",
            "ErrorInvalidParameter",
        ) from None


def read_choice(name: str, value: Any) -> str:
    for allowed in _ENUMS[name.lower()]:
        if isinstance(value, str) and value.lower() == allowed.lower():
            return allowed
    raise bad_request(f"Requested value '{value}' was not found for '{name}'.", "RequestBodyRead")


def property_id(value: Any) -> str:
    """One spelling for an extended property's id."""
    if isinstance(value, str) and (found := _PROPERTY_ID.match(value)):
        guid, by = found["guid"].lower(), found["by"].capitalize()
        return f"{found['kind'].capitalize()} {{{guid}}} {by} {found['name']}"
    if isinstance(value, str) and _PROPERTY_TAG.match(value):
        kind, _, tag = value.partition(" ")
        return f"{kind.capitalize()} {tag.lower()}"
    raise bad_request(
        f"The extended property id '{value}' is not in a supported format.",
        "ErrorInvalidExtendedProperty",
    )


def _read_property(values: Values, name: str, value: Any) -> None:
    key = name.lower()
    if key in _READ_ONLY or "@" in key:
        return
    if key not in _READERS:
        raise bad_request(
            f"The property '{name}' does not exist on type 'microsoft.graph.event'. Make sure "
            "to only use property names that are defined by the type.",
            "RequestBodyRead",
        )
    stored, reader = _READERS[key]
    values[stored] = reader(name, value)
    if key in ("start", "end"):
        values[f"original_{key}_zone"] = values[key].zone


def _check_times(values: Values, *, creating: bool) -> None:
    start, end, all_day = values.get("start"), values.get("end"), values.get("is_all_day")
    if creating and (start is None or end is None):
        missing = "Start" if start is None else "End"
        raise bad_request(f"The property '{missing}' is required.", "ErrorInvalidRequest")
    if all_day is True and (start is None or end is None):
        raise bad_request("Setting isAllDay needs start and end in the same request.")
    if start is not None and end is not None:
        check_span(start, end, all_day=bool(all_day))


def check_span(start: Stamp, end: Stamp, *, all_day: bool) -> None:
    if end.utc < start.utc:
        raise bad_request(
            "The end of an event is before its start.", "ErrorPropertyValidationFailure"
        )
    if not all_day:
        return
    if start.zone != end.zone:
        raise bad_request(SAME_ZONE)
    for name, moment in (("Event.Start", start), ("Event.End", end)):
        if moment.local.time() != datetime.min.time():
            raise bad_request(MIDNIGHT.format(name))
    if end.local - start.local < timedelta(hours=24):
        raise bad_request(ONE_DAY)


def _record(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"The property '{name}' has to be an object.", "RequestBodyRead")
    return {key.lower(): inner for key, inner in value.items()}


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_request(f"The property '{name}' has to be a collection.", "RequestBodyRead")
    return value


def _text(name: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise bad_request(f"The property '{name}' has to be a string.", "RequestBodyRead")
    return value or ""


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad_request(f"The property '{name}' has to be true or false.", "RequestBodyRead")
    return value


def _number(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f"The property '{name}' has to be a number.", "RequestBodyRead")
    return value


def _moment(name: str, value: Any) -> Stamp:
    return read_moment(value, name)


def _body(name: str, value: Any) -> str:
    inner = _record(value, name) if value is not None else {}
    kind = read_choice("contentType", inner.get("contenttype") or "text")
    return stored_body(_text("content", inner.get("content")), kind)


def _location(name: str, value: Any) -> dict[str, Any]:
    inner = _record(value, name)
    shown = _text("displayName", inner.get("displayname"))
    kind = read_choice("locationType", inner.get("locationtype") or "default")
    location = {
        "displayName": shown,
        "locationType": kind,
        "uniqueId": shown,
        "uniqueIdType": "private",
    }
    for key, spelled in (
        ("locationemailaddress", "locationEmailAddress"),
        ("address", "address"),
        ("locationuri", "locationUri"),
        ("coordinates", "coordinates"),
    ):
        if inner.get(key):
            location[spelled] = inner[key]
    return location


def _one_location(name: str, value: Any) -> tuple[dict[str, Any], ...]:
    location = _location(name, value) if value is not None else {}
    return (
        (location,) if location.get("displayName") or location.get("locationEmailAddress") else ()
    )


def _locations(name: str, value: Any) -> tuple[dict[str, Any], ...]:
    return tuple(_location(name, one) for one in _list(value, name))


def _attendees(name: str, value: Any) -> tuple[dict[str, Any], ...]:
    people = [_attendee(one) for one in _list(value, name)]
    if len(people) > MAX_ATTENDEES:
        raise GraphProblem(
            400, "ErrorInvalidRequest",
            f"The number of attendees ({len(people)}) is over the limit of {MAX_ATTENDEES}.",
        )  # fmt: skip
    return tuple({p["emailAddress"]["address"].lower(): p for p in people}.values())


def _attendee(value: Any) -> dict[str, Any]:
    inner = _record(value, "attendees")
    mail = _record(inner.get("emailaddress"), "attendees/emailAddress")
    address = _text("address", mail.get("address"))
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise bad_request(
            f"At least one recipient isn't valid: '{address}'.", "ErrorInvalidRecipients"
        )
    kind = read_choice("type", inner.get("type") or "required")
    name = _text("name", mail.get("name")) or address
    return {"type": kind, "emailAddress": {"name": name, "address": address}}


def _categories(name: str, value: Any) -> tuple[str, ...]:
    return tuple(_text(name, one) for one in _list(value, name))


def _extended(name: str, value: Any) -> dict[str, str]:
    given = [_record(one, name) for one in _list(value, name)]
    return {property_id(one.get("id")): _text("value", one.get("value")) for one in given}


def _transaction(name: str, value: Any) -> str | None:
    return _text(name, value) or None


_READERS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "subject": ("subject", _text),
    "body": ("body", _body),
    "start": ("start", _moment),
    "end": ("end", _moment),
    "isallday": ("is_all_day", _flag),
    "location": ("locations", _one_location),
    "locations": ("locations", _locations),
    "attendees": ("attendees", _attendees),
    "showas": ("show_as", read_choice),
    "sensitivity": ("sensitivity", read_choice),
    "importance": ("importance", read_choice),
    "categories": ("categories", _categories),
    "isreminderon": ("is_reminder_on", _flag),
    "reminderminutesbeforestart": ("reminder_minutes", _number),
    "responserequested": ("response_requested", _flag),
    "allownewtimeproposals": ("allow_new_time_proposals", _flag),
    "hideattendees": ("hide_attendees", _flag),
    "isonlinemeeting": ("is_online_meeting", _flag),
    "onlinemeetingprovider": ("online_provider", read_choice),
    "transactionid": ("transaction_id", _transaction),
    "singlevalueextendedproperties": ("extended", _extended),
    "recurrence": ("recurrence", lambda _name, value: read_recurrence(value)),
}
