"""One event: create, read, change, delete, cancel, answer."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from local.twin.drafts import Values, read_event, read_moment
from local.twin.exchange import Target
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import View, query_options, read_view
from local.twin.graph.shapes import (
    Json,
    context,
    digits7,
    event_json,
    instance_json,
    with_series,
)
from local.twin.problem import GraphProblem, bad_request, item_not_found
from local.twin.series import Instance, find_instance, instance_on
from local.twin.world import Mailbox, Person

READ, WRITE = "Calendars.Read", "Calendars.ReadWrite"


def find_target(mailbox: Mailbox, event_id: str, calendar_id: str | None = None) -> Target:
    """An event, occurrence or exception by id. Raises GraphProblem."""
    found = mailbox.find(event_id) or find_instance(mailbox, event_id)
    home = found.master if isinstance(found, Instance) else found
    if found is None or home is None or (calendar_id and home.calendar_id != calendar_id):
        raise item_not_found()
    return found


def target_json(target: Target, view: View) -> Json:
    if isinstance(target, Instance):
        return instance_json(target, view)
    days = target.series.exceptions if target.series and view.expand_exceptions else ()
    exceptions = [one for day in days if (one := instance_on(target, day))]
    return with_series(event_json(target, view), target, view, exceptions)


def etag_of(target: Target) -> str:
    if isinstance(target, Instance):
        return (target.exception or target.master).etag
    return target.etag


async def create(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    calendar = call.calendar(mailbox)
    view = read_view(call.request, person.id)
    values = read_event(await call.json(), creating=True)
    _check_zone(call, values, repeats=bool(values.get("recurrence")))
    event = call.twin.exchange.create(person, calendar.id, values, call.cause)
    shown = {"@odata.context": _context(person), **event_json(event, view)}
    headers = call.headers(view)
    headers["Location"] = f"{call.base}/users/{person.id}/events/{shown['id']}"
    return JSONResponse(shown, 201, headers=headers)


async def read(call: Call) -> Response:
    person, mailbox = call.owner(READ)
    target = _named(call, mailbox)
    in_utc = call.twin.switches.cancelled_day_zone == "utc"
    view = replace(read_view(call.request, person.id), days_in_utc=in_utc)
    shown = {"@odata.context": _context(person), **target_json(target, view)}
    _cut_exceptions(call, person, shown)
    return JSONResponse(shown, headers=call.headers(view))


def _cut_exceptions(call: Call, person: Person, shown: Json) -> None:
    size = call.twin.switches.exceptions_page
    if size and len(shown.get("exceptionOccurrences", ())) > size:
        shown["exceptionOccurrences"] = shown["exceptionOccurrences"][:size]
        path = f"{call.base}/users/{person.id}/events/{shown['id']}/exceptionOccurrences"
        shown["exceptionOccurrences@odata.nextLink"] = f"{path}?$top={size}&$skip={size}"


async def change(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    values = read_event(await call.json(), creating=False)
    target = _named(call, mailbox)
    if call.twin.switches.patch_if_match:
        _check_match(call, target)
    _check_zone(call, values, repeats=_repeats(values, target))
    view = read_view(call.request, person.id)
    done = call.twin.exchange.update(person, target, values, call.cause)
    shown = {"@odata.context": _context(person), **target_json(done, view)}
    return JSONResponse(shown, headers=call.headers(view))


async def delete(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    target = _named(call, mailbox)
    if call.twin.switches.delete_if_match:
        _check_match(call, target)
    call.twin.exchange.delete(person, target, call.cause)
    return Response(status_code=204, headers=call.headers())


async def cancel(call: Call) -> Response:
    person, mailbox = call.owner(WRITE)
    await call.optional_json()
    call.twin.exchange.cancel(person, _named(call, mailbox), call.cause)
    return Response(status_code=202, headers=call.headers())


async def accept(call: Call) -> Response:
    return await _respond(call, "accepted")


async def accept_tentatively(call: Call) -> Response:
    return await _respond(call, "tentativelyAccepted")


async def decline(call: Call) -> Response:
    return await _respond(call, "declined")


async def _respond(call: Call, answer: str) -> Response:
    person, mailbox = call.owner(WRITE)
    data = await call.optional_json()
    target = _named(call, mailbox)
    send = data.get("sendresponse", True)
    if not isinstance(send, bool):
        raise bad_request("sendResponse has to be true or false.", "RequestBodyRead")
    call.twin.exchange.respond(
        person,
        target,
        answer,
        call.cause,
        send=send,
        proposed=proposed_time(data.get("proposednewtime"), answer),
    )
    return Response(status_code=202, headers=call.headers())


def proposed_time(value: object, answer: str) -> Values | None:
    """A timeSlot as Graph shows it on the organiser's attendee."""
    if value is None:
        return None
    if answer == "accepted" or not isinstance(value, dict):
        raise bad_request("proposedNewTime is a timeSlot, for tentative or declined answers.")
    slot = {name.lower(): inner for name, inner in value.items()}
    moments = [(name, read_moment(slot.get(name), name)) for name in ("start", "end")]
    return {
        name: {"dateTime": digits7(m.utc.replace(tzinfo=None)), "timeZone": "UTC"}
        for name, m in moments
    }


async def ignore(call: Call) -> Response:
    """Reminders belong to a person's screen: nothing of the event changes."""
    _, mailbox = call.owner(WRITE)
    _named(call, mailbox)
    return Response(status_code=202, headers=call.headers())


def window(call: Call) -> tuple[datetime, datetime]:
    """startDateTime and endDateTime as aware moments. Raises GraphProblem."""
    query = query_options(call.request)
    first, last = (_edge(query, name) for name in ("startDateTime", "endDateTime"))
    if last < first:
        raise bad_request(
            "The startDateTime has to be before the endDateTime.", "ErrorInvalidParameter"
        )
    if (last - first).days > 1825:
        raise bad_request(
            "Requested value for the calendar view is too large. Maximum number of days: 1825"
        )
    return first, last


def _edge(query: dict[str, str], name: str) -> datetime:
    text = query.get(name.lower())
    if not text:
        raise bad_request(
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime."
        )
    try:
        cleaned = re.sub(r"(\.\d{6})\d+", r"\1", text.strip().replace(" ", "+"))
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        raise bad_request(
            f"The value '{text}' of parameter '{name}' is invalid.", "ErrorInvalidParameter"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(call: Call, mailbox: Mailbox) -> Target:
    calendar = call.calendar(mailbox).id if "calendar" in call.names else None
    return find_target(mailbox, call.names["event"], calendar)


def _check_match(call: Call, target: Target) -> None:
    wanted = call.request.headers.get("if-match")
    if wanted and wanted.strip() not in ("*", etag_of(target)):
        raise GraphProblem(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed "
            "in the request does not match the current change key for the item.",
        )


def _repeats(values: Values, target: Target) -> bool:
    series = None if isinstance(target, Instance) else target.series
    return bool(values.get("recurrence", series))


def _check_zone(call: Call, values: Values, *, repeats: bool) -> None:
    """A practitioner's report: dates that repeat are refused in the zone UTC."""
    start, recurrence = values.get("start"), values.get("recurrence") or {}
    zones = {
        start.zone if start else "",
        recurrence.get("range", {}).get("recurrenceTimeZone", ""),
    }
    in_utc = bool(values.get("is_all_day")) and "UTC" in zones
    if repeats and in_utc and not call.twin.switches.all_day_series_in_utc:
        raise bad_request(
            "The time zone 'UTC' is not supported for a series of all-day events.",
            "TimeZoneNotSupportedException",
        )


def _context(person: Person) -> str:
    return context(f"users('{person.id}')/events/$entity")


def _entries() -> list[Entry]:
    found: list[Entry] = []
    for home in ("~/", "~/calendar/", "~/calendars/{calendar}/"):
        one = f"{home}events/{{event}}"
        found += [
            entry("POST", f"{home}events", create),
            entry("GET", one, read),
            entry("PATCH", one, change),
            entry("DELETE", one, delete),
            entry("POST", f"{one}/cancel", cancel),
            entry("POST", f"{one}/accept", accept),
            entry("POST", f"{one}/tentativelyAccept", accept_tentatively),
            entry("POST", f"{one}/decline", decline),
            entry("POST", f"{one}/dismissReminder", ignore),
            entry("POST", f"{one}/snoozeReminder", ignore),
            entry("POST", f"{one}/permanentDelete", delete),
        ]
    return found


ENTRIES = _entries()
