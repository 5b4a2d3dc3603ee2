"""Many events: /events, /instances and /calendarView, a page at a time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from local.twin.drafts import property_id
from local.twin.exchange import Target
from local.twin.graph.events import READ, find_target, target_json, window
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import query_options, read_view, whole_number
from local.twin.graph.shapes import Json, context
from local.twin.problem import GraphProblem, bad_request
from local.twin.series import Instance, instance_on, instances, touches
from local.twin.world import Mailbox, Stamp, StoredEvent

_PROPERTY = re.compile(
    r"^singleValueExtendedProperties/any\(\s*(\w+)\s*:\s*(?P<terms>.*)\)$", re.IGNORECASE
)
_TERM = re.compile(
    r"\w+/(?P<name>id|value)\s+eq\s+(?P<q>['\"])(?P<value>.*?)(?P=q)", re.IGNORECASE
)
_EQUALS = re.compile(
    r"^(?P<name>iCalUId|transactionId|seriesMasterId|uid|subject|type|showAs)\s+eq\s+"
    r"'(?P<value>(?:[^']|'')*)'$",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"^(?P<name>isCancelled|isOrganizer|isAllDay)\s+eq\s+(?P<value>true|false)$", re.IGNORECASE
)
_CATEGORY = re.compile(
    r"^categories/any\(\s*(\w+)\s*:\s*\1\s+eq\s+'(?P<value>[^']*)'\s*\)$", re.IGNORECASE
)
_TIME = re.compile(
    r"^(?P<name>start/dateTime|end/dateTime|lastModifiedDateTime|createdDateTime)\s+"
    r"(?P<op>ge|gt|le|lt)\s+'?(?P<value>[0-9T:.Z+\-]+)'?$",
    re.IGNORECASE,
)
_TEXTS = {"icaluid": "ical_uid", "uid": "ical_uid", "transactionid": "transaction_id",
          "subject": "subject", "type": "type", "showas": "show_as"}  # fmt: skip
_FLAGS = {"iscancelled": "is_cancelled", "isorganizer": "is_organizer", "isallday": "is_all_day"}

Test = Callable[[StoredEvent], bool]


async def list_events(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    calendar = call.calendar(mailbox).id if "calendar" in call.names else None
    if call.request.url.path.lower().rstrip("/").endswith("/calendar/events"):
        calendar = mailbox.default_calendar.id
    test = _filter(call)
    found: list[Target] = [
        e for e in mailbox.events.values() if calendar in (None, e.calendar_id) and test(e)
    ]
    found.sort(key=lambda e: _starts(e).utc, reverse=True)
    return _page(call, found, f"users('{person.id}')/events")


async def list_instances(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    first, last = window(call)
    master = find_target(mailbox, call.names["event"])
    if isinstance(master, Instance) or master.series is None:
        raise bad_request("Expanding the series is allowed for a series master only.")
    found: list[Target] = list(instances(master, first, last))
    return _page(call, found, f"users('{person.id}')/events")


async def list_exceptions(call: Call) -> Response:
    """Where the link leads that goes on after the first of a master's exceptions."""
    person, mailbox = call.owner(READ)
    master = find_target(mailbox, call.names["event"])
    if isinstance(master, Instance) or master.series is None:
        raise bad_request("Expanding the series is allowed for a series master only.")
    found: list[Target] = [
        one for day in master.series.exceptions if (one := instance_on(master, day))
    ]
    return _page(call, found, f"users('{person.id}')/events")


async def calendar_view(call: Call) -> Response:
    """Single events, occurrences and exceptions, never masters."""
    person, mailbox = call.owner(READ)
    first, last = window(call)
    calendar = call.calendar(mailbox)
    test = _filter(call)
    found = [t for t in in_window(mailbox, calendar.id, first, last) if _passes(t, test)]
    found.sort(key=lambda t: _starts(t).utc)
    path = f"users('{person.id}')/calendarView"
    return _page(call, found, path, never=frozenset({"createddatetime", "lastmodifieddatetime"}))


def in_window(mailbox: Mailbox, calendar_id: str, first: datetime, last: datetime) -> list[Target]:
    found: list[Target] = []
    for event in mailbox.events.values():
        if event.calendar_id != calendar_id:
            continue
        if event.series is not None:
            found += instances(event, first, last)
        elif touches(event.start, event.end, first, last):
            found.append(event)
    return found


def _passes(target: Target, test: Test) -> bool:
    if isinstance(target, Instance):
        return test(target.exception or target.master)
    return test(target)


def _starts(target: Target) -> Stamp:
    return target.start


def _page(
    call: Call, found: list[Target], path: str, never: frozenset[str] = frozenset()
) -> Response:
    """`never`: names that $select does not bring."""
    view = read_view(call.request, call.names.get("user", ""))
    if view.select is not None:
        view = replace(view, select=view.select - never)
    query = query_options(call.request)
    size = whole_number(query, "$top", view.page_size or 10, 1000)
    skip = whole_number(query, "$skip", 0, 1_000_000_000)
    found = _ordered(found, query.get("$orderby"))
    body: Json = {
        "@odata.context": context(path),
        "value": [target_json(t, view) for t in found[skip : skip + size]],
    }
    if query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    if skip + size < len(found):
        body["@odata.nextLink"] = _next_link(call, skip + size)
    return JSONResponse(body, headers=call.headers(view))


def _next_link(call: Call, skip: int) -> str:
    kept = [(k, v) for k, v in call.request.query_params.multi_items() if k.lower() != "$skip"]
    path = call.request.url.path
    origin = f"{call.request.url.scheme}://{call.request.url.netloc}"
    return f"{origin}{path}?{urlencode([*kept, ('$skip', str(skip))], safe='$')}"


def _ordered(found: list[Target], order: str | None) -> list[Target]:
    if not order:
        return found
    name, _, direction = order.partition(" ")
    keys: dict[str, Callable[[Target], Any]] = {
        "start/datetime": lambda t: t.start.utc,
        "end/datetime": lambda t: t.end.utc,
        "subject": lambda t: _event(t).subject,
        "createddatetime": lambda t: _event(t).created,
        "lastmodifieddatetime": lambda t: _event(t).modified,
    }
    if name.lower() not in keys:
        raise _unfilterable(order)
    return sorted(found, key=keys[name.lower()], reverse=direction.strip().lower() == "desc")


def _event(target: Target) -> StoredEvent:
    return (target.exception or target.master) if isinstance(target, Instance) else target


def _filter(call: Call) -> Test:
    text = query_options(call.request).get("$filter")
    if not text:
        return lambda _event: True
    if "/any(" in text.lower():
        return _any(text.strip())
    tests = [_comparison(part.strip()) for part in re.split(r"\s+and\s+", text.strip())]
    return lambda event: all(test(event) for test in tests)


def _any(text: str) -> Test:
    if found := _CATEGORY.match(text):
        return lambda event: found["value"] in event.categories
    if not (outer := _PROPERTY.match(text)):
        raise _unfilterable(text)
    terms = {m["name"].lower(): m["value"] for m in _TERM.finditer(outer["terms"])}
    if "id" not in terms:
        raise _unfilterable(text)
    wanted, value = property_id(terms["id"]), terms.get("value")
    if value is None:
        return lambda event: wanted in (event.extended or {})
    value = value.replace("''", "'")
    return lambda event: (event.extended or {}).get(wanted) == value


def _comparison(text: str) -> Test:
    if found := _EQUALS.match(text):
        name, value = found["name"].lower(), found["value"].replace("''", "'")
        if name == "seriesmasterid":
            return lambda event: value in (event.master_id, event.id) and event.series is None
        return lambda event: getattr(event, _TEXTS[name]) == value
    if found := _FLAG.match(text):
        flag, wanted = _FLAGS[found["name"].lower()], found["value"].lower() == "true"
        return lambda event: getattr(event, flag) is wanted
    if found := _TIME.match(text):
        return _time_test(found["name"].lower(), found["op"].lower(), found["value"])
    raise _unfilterable(text)


def _time_test(name: str, op: str, text: str) -> Test:
    try:
        limit = datetime.fromisoformat(
            text + ("" if re.search(r"Z|[+-]\d\d:\d\d$", text) else "Z")
        )
    except ValueError:
        raise _unfilterable(text) from None
    read: dict[str, Callable[[StoredEvent], datetime]] = {
        "start/datetime": lambda e: e.start.utc,
        "end/datetime": lambda e: e.end.utc,
        "lastmodifieddatetime": lambda e: e.modified,
        "createddatetime": lambda e: e.created,
    }
    compare: dict[str, Callable[[datetime], bool]] = {
        "ge": lambda moment: moment >= limit,
        "gt": lambda moment: moment > limit,
        "le": lambda moment: moment <= limit,
        "lt": lambda moment: moment < limit,
    }
    return lambda event: compare[op](read[name](event))


def _unfilterable(text: str) -> GraphProblem:
    return bad_request(f"Invalid filter clause: {text}", "BadRequest")


def _entries() -> list[Entry]:
    found: list[Entry] = []
    for home in ("~/", "~/calendar/", "~/calendars/{calendar}/"):
        found += [
            entry("GET", f"{home}events", list_events),
            entry("GET", f"{home}events/{{event}}/instances", list_instances),
            entry("GET", f"{home}events/{{event}}/exceptionOccurrences", list_exceptions),
            entry("GET", f"{home}calendarView", calendar_view),
        ]
    return found


ENTRIES = _entries()
