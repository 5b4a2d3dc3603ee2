"""getSchedule: free and busy times of many mailboxes."""

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from local.twin.drafts import read_moment
from local.twin.graph.paths import Call, Entry, entry
from local.twin.graph.preferences import View, read_view
from local.twin.graph.shapes import Json, context, time_json
from local.twin.problem import GraphProblem, bad_request
from local.twin.world import Person, Stamp, StoredEvent

LIMIT = 100  # observed; the documentation says 20
DIGITS = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3}


async def get_schedule(call: Call) -> Response:
    person, _ = call.owner("Calendars.ReadBasic")
    data = await call.optional_json()
    view = read_view(call.request, person.id)
    first, last, step = _asked(data)
    schedules = data.get("schedules")
    if not isinstance(schedules, list) or not schedules:
        raise bad_request("The property 'schedules' is required.", "ErrorInvalidRequest")
    if len(schedules) > LIMIT:
        raise bad_request(
            f"The number of mailboxes {len(schedules)} is over the limit of {LIMIT}.",
            "ErrorMailboxDataArrayTooBig",
        )
    shown = [_schedule(call, str(s), (first, last), step, view) for s in schedules]
    body = {"@odata.context": context("Collection(microsoft.graph.scheduleInformation)")}
    return JSONResponse({**body, "value": shown}, headers=call.headers(view))


def _asked(data: dict[str, Any]) -> tuple[datetime, datetime, int]:
    first = read_moment(data.get("starttime"), "startTime").utc
    last = read_moment(data.get("endtime"), "endTime").utc
    step = data.get("availabilityviewinterval", 30)
    if not isinstance(step, int) or not 5 <= step <= 1440:
        raise bad_request("availabilityViewInterval is a number of minutes from 5 to 1440.")
    if last <= first:
        raise bad_request("endTime has to be after startTime.", "ErrorInvalidTimeInterval")
    if last - first > timedelta(days=62):
        raise bad_request(
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too "
            "long. The allowed limit = 62 days.",
            "ErrorTimeIntervalTooBig",
        )
    return first, last, step


def _schedule(
    call: Call, address: str, span: tuple[datetime, datetime], step: int, view: View
) -> Json:
    found = call.twin.world.find_address(address)
    if found is None or found.tenant_id != call.caller.tenant_id or not found.reachable:
        return {"scheduleId": address, "error": _no_recipient(address)}
    busy = [b for b in call.twin.exchange.busy(found, *span) if not b[0].is_cancelled]
    busy.sort(key=lambda b: b[1].utc)
    detailed = call.caller.user_id in (None, found.id)
    return {
        "scheduleId": address,
        "availabilityView": _digits(busy, span, step),
        "scheduleItems": [_item(b, view, detailed=detailed) for b in busy],
        "workingHours": _working_hours(found),
    }


def _no_recipient(address: str) -> Json:
    return {
        "message": f"Unable to resolve e-mail address {address} to an Active Directory object.",
        "responseCode": "ErrorMailRecipientNotFound",
    }


def _digits(
    busy: list[tuple[StoredEvent, Stamp, Stamp]], span: tuple[datetime, datetime], step: int
) -> str:
    first, last = span
    digits: list[str] = []
    while first < last:
        until = first + timedelta(minutes=step)
        inside = [DIGITS.get(e.show_as, 0) for e, s, t in busy if s.utc < until and t.utc > first]
        digits.append(str(max(inside, default=0)))
        first = until
    return "".join(digits)


def _item(busy: tuple[StoredEvent, Stamp, Stamp], view: View, *, detailed: bool) -> Json:
    event, start, end = busy
    private = event.sensitivity in ("private", "confidential")
    shown: Json = {
        "status": event.show_as,
        "start": time_json(start, view, all_day=event.is_all_day),
        "end": time_json(end, view, all_day=event.is_all_day),
        "isMeeting": bool(event.attendees),
        "isRecurring": event.type != "singleInstance",
        "isException": event.type == "exception",
        "isReminderSet": event.is_reminder_on,
        "isPrivate": private,
    }
    if detailed and not private:
        shown["subject"] = event.subject
        shown["location"] = "; ".join(place["displayName"] for place in event.locations)
    return shown


def _working_hours(person: Person) -> Json:
    return {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": person.time_zone},
    }


async def find_meeting_times(call: Call) -> Response:
    """Delegated only; app-only callers are refused as Graph refuses them."""
    if call.caller.user_id is None:
        raise GraphProblem(
            403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
        )
    raise GraphProblem(501, "NotImplemented", "findMeetingTimes is not played here.")


ENTRIES: list[Entry] = [
    entry("POST", "~/calendar/getSchedule", get_schedule),
    entry("POST", "~/calendar/microsoft.graph.getSchedule", get_schedule),
    entry("POST", "~/findMeetingTimes", find_meeting_times),
]
