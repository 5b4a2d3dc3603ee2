"""Stored things in Graph's JSON."""

from datetime import date, datetime
from typing import Any

from local.twin.bodies import plain_text, preview
from local.twin.graph.preferences import View
from local.twin.licences import licences_of, plans_of
from local.twin.series import (
    Instance,
    dated_uid,
    occurrence_id,
    occurrence_name,
    original_start,
)
from local.twin.world import Person, Stamp, StoredEvent
from local.twin.zones import to_local

GRAPH = "https://graph.microsoft.com/v1.0"
_OWA = "https://outlook.office365.com/owa/?itemid={}&exvsurl=1&path=/calendar/item"
ODATA_TYPE = "#microsoft.graph.event"
_ALWAYS = {"@odata.context", "@odata.etag", "@odata.type", "id"}

Json = dict[str, Any]


def event_json(event: StoredEvent, view: View) -> Json:
    shown = _full(event, view)
    if view.properties and event.extended:
        found = [(p, event.extended[p]) for p in view.properties if p in event.extended]
        if found:
            shown["singleValueExtendedProperties"] = [
                {"id": name, "value": value} for name, value in found
            ]
    return selected(shown, view)


def instance_json(instance: Instance, view: View) -> Json:
    """An occurrence or exception with all its properties, as calendarView shows it."""
    master, day = instance.master, instance.original
    shown = _full(instance.exception or master, view)
    shown |= instance_ids(instance, view)
    shown["type"] = "exception" if instance.exception else "occurrence"
    own = instance.exception or master
    shown["start"], shown["end"] = _span(instance.start, instance.end, own, view)
    shown["originalStart"] = f"{original_start(master, day).utc:%Y-%m-%dT%H:%M:%S}Z"
    shown["occurrenceId"] = _occurrence_name(master, day, view)
    shown["iCalUId"] = dated_uid(master.ical_uid, day)
    shown["recurrence"] = None
    kept = (instance.exception or master).extended or {}
    found = [{"id": p, "value": kept[p]} for p in view.properties if p in kept]
    if found:
        shown["singleValueExtendedProperties"] = found
    return selected(shown, view)


def bare_occurrence(instance: Instance, view: View) -> Json:
    """All that delta tells of an occurrence that was not changed by itself."""
    start, end = _span(instance.start, instance.end, instance.master, view)
    ids = instance_ids(instance, view)
    return {
        "@odata.type": ODATA_TYPE,
        "@odata.etag": ids["@odata.etag"],
        "id": ids["id"],
        "seriesMasterId": ids["seriesMasterId"],
        "type": "occurrence",
        "start": start,
        "end": end,
    }


def instance_ids(instance: Instance, view: View) -> Json:
    master = instance.master
    master_id = _id(master, view)
    epoch = master.series.epoch if master.series else 0
    return {
        "@odata.etag": (instance.exception or master).etag,
        "id": occurrence_id(master_id, epoch, instance.original),
        "seriesMasterId": master_id,
    }


def removed(event_id: str) -> Json:
    return {"@odata.type": ODATA_TYPE, "id": event_id, "@removed": {"reason": "deleted"}}


def with_series(shown: Json, event: StoredEvent, view: View, exceptions: list[Instance]) -> Json:
    """A master's cancelled dates when selected and its exceptions when expanded."""
    if event.series is None or view.select is None:
        return shown
    if "cancelledoccurrences" in view.select:
        days = sorted(event.series.cancelled)
        shown["cancelledOccurrences"] = [_occurrence_name(event, day, view) for day in days]
    if "exceptionoccurrences" in view.select and view.expand_exceptions:
        shown["exceptionOccurrences"] = [instance_json(one, view) for one in exceptions]
    return shown


def _occurrence_name(master: StoredEvent, day: date, view: View) -> str:
    return occurrence_name(master, _id(master, view), day, in_utc=view.days_in_utc)


def selected(shown: Json, view: View) -> Json:
    if view.select is None:
        return shown
    kept = view.select | ({"singlevalueextendedproperties"} if view.properties else set())
    return {k: v for k, v in shown.items() if k in _ALWAYS or k.lower() in kept}


def time_json(moment: Stamp, view: View, *, all_day: bool) -> Json:
    """All-day times are dates: the same midnight whatever zone was asked for."""
    local = moment.local if all_day else to_local(moment.utc, view.zone)
    return {"dateTime": digits7(local), "timeZone": view.zone_asked or "UTC"}


def digits7(local: datetime) -> str:
    return f"{local.isoformat(timespec='microseconds')}0"


def utc_text(moment: datetime) -> str:
    return f"{digits7(moment.replace(tzinfo=None))}Z"


def user_json(person: Person, select: frozenset[str] | None) -> Json:
    """Without $select Graph's default set, which lacks accountEnabled and userType."""
    given, _, family = person.display_name.partition(" ")
    shown: Json = {
        "businessPhones": [],
        "displayName": person.display_name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.mail or None,
        "mobilePhone": None,
        "officeLocation": person.building,
        "preferredLanguage": "en-US",
        "surname": family or None,
        "userPrincipalName": person.upn,
        "id": person.id,
    }
    if select is None:
        return shown
    more: Json = {
        "accountEnabled": person.enabled,
        "userType": person.user_type,
        "externalUserState": "Accepted" if person.is_guest else None,
        "creationType": "Invitation" if person.is_guest else None,
        "otherMails": list(person.other_mails),
        "proxyAddresses": person.proxy_addresses,
        "mailNickname": person.upn.partition("@")[0],
        "assignedLicenses": licences_of(person),
        "assignedPlans": plans_of(person),
        "onPremisesSyncEnabled": True if person.mailbox == "onprem" else None,
        "companyName": None,
        "department": None,
    }
    return {k: v for k, v in (shown | more).items() if k.lower() in select or k == "id"}


def room_json(room: Person) -> Json:
    return {
        "@odata.type": "#microsoft.graph.room",
        "id": room.id,
        "placeId": room.id,
        "emailAddress": room.mail,
        "displayName": room.display_name,
        "nickname": room.display_name,
        "capacity": room.capacity,
        "building": room.building,
        "floorNumber": None,
        "floorLabel": None,
        "label": None,
        "bookingType": "standard",
        "tags": [],
        "isWheelChairAccessible": False,
        "audioDeviceName": None,
        "videoDeviceName": None,
        "displayDeviceName": None,
        "phone": "",
        "address": None,
        "geoCoordinates": None,
    }


def context(path: str) -> str:
    return f"{GRAPH}/$metadata#{path}"


def _full(event: StoredEvent, view: View) -> Json:
    start, end = _span(event.start, event.end, event, view)
    return {
        **_record(event, _id(event, view)),
        "subject": event.subject,
        "bodyPreview": preview(event.body),
        "body": _body(event, view),
        "start": start,
        "end": end,
        **_places(event),
        "recurrence": event.series.recurrence if event.series else None,
        **_people(event),
        **_settings(event),
        "onlineMeetingUrl": None,
        "isOnlineMeeting": event.is_online_meeting,
        "onlineMeetingProvider": event.online_provider,
        "onlineMeeting": {"joinUrl": event.join_url} if event.join_url else None,
    }


def _record(event: StoredEvent, event_id: str) -> Json:
    """What the store itself says of an event."""
    return {
        "@odata.etag": event.etag,
        "id": event_id,
        "createdDateTime": utc_text(event.created),
        "lastModifiedDateTime": utc_text(event.modified),
        "changeKey": event.change_key,
        **({"transactionId": event.transaction_id} if event.transaction_id else {}),
        "originalStartTimeZone": event.original_start_zone,
        "originalEndTimeZone": event.original_end_zone,
        "iCalUId": event.ical_uid,
        "uid": event.ical_uid,
        "seriesMasterId": None,
        "occurrenceId": None,
        "type": event.type,
        "webLink": _OWA.format(event_id.replace("=", "%3D")),
    }


def _people(event: StoredEvent) -> Json:
    name, address = event.organizer
    return {
        "attendees": list(event.attendees),
        "organizer": {"emailAddress": {"name": name, "address": address}},
        "isOrganizer": event.is_organizer,
        "responseStatus": {"response": event.response, "time": event.response_time},
        "responseRequested": event.response_requested,
        "allowNewTimeProposals": event.allow_new_time_proposals,
        "hideAttendees": event.hide_attendees,
    }


def _settings(event: StoredEvent) -> Json:
    return {
        "categories": list(event.categories),
        "reminderMinutesBeforeStart": event.reminder_minutes,
        "isReminderOn": event.is_reminder_on,
        "hasAttachments": False,
        "importance": event.importance,
        "sensitivity": event.sensitivity,
        "isAllDay": event.is_all_day,
        "isCancelled": event.is_cancelled,
        "isDraft": False,
        "showAs": event.show_as,
    }


def _body(event: StoredEvent, view: View) -> Json:
    if view.text_bodies:
        return {"contentType": "text", "content": plain_text(event.body)}
    return {"contentType": "html", "content": event.body}


def _places(event: StoredEvent) -> Json:
    if not event.locations:
        empty = {
            "displayName": "",
            "locationType": "default",
            "uniqueIdType": "unknown",
            "address": {},
            "coordinates": {},
        }
        return {"location": empty, "locations": []}
    if len(event.locations) == 1:
        return {"location": event.locations[0], "locations": list(event.locations)}
    names = "; ".join(place["displayName"] for place in event.locations)
    joined = {
        "displayName": names,
        "locationType": "default",
        "uniqueId": names,
        "uniqueIdType": "private",
    }
    return {"location": joined, "locations": list(event.locations)}


def _span(start: Stamp, end: Stamp, event: StoredEvent, view: View) -> tuple[Json, Json]:
    all_day = event.is_all_day
    return time_json(start, view, all_day=all_day), time_json(end, view, all_day=all_day)


def _id(event: StoredEvent, view: View) -> str:
    return event.immutable_id if view.immutable else event.id
