"""Graph's JSON of an event, and ours: values in, values out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from shared.calendar.event import (
    FIELDS,
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
from shared.calendar.zones import iana_name, is_known, windows_name, windows_time, zoned
from shared.graph.recurrence import recurrence_to_graph
from shared.graph.section import inside
from shared.graph.seen import CalendarInfo, Kind, Permission, Person, Seen, Subscription
from shared.graph.tag import appointment_in

Json = dict[str, Any]

KINDS = {
    "singleInstance": Kind.SINGLE,
    "occurrence": Kind.OCCURRENCE,
    "exception": Kind.EXCEPTION,
    "seriesMaster": Kind.MASTER,
}
RESPONSES = {
    "organizer": Response.ORGANIZER,
    "accepted": Response.ACCEPTED,
    "tentativelyAccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
}
"""`none` and `notResponded` mean the same."""
SHOWN = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OOF,
    "workingElsewhere": ShowAs.WORKING_ELSEWHERE,
}
ATTENDED = {kind.value: kind for kind in AttendeeKind}
SENSITIVE = {kind.value: kind for kind in Sensitivity}
WRITTEN = {shown: name for name, shown in SHOWN.items()}


def seen_from_graph(item: Json, tenant: str = "", tag: str = "") -> Seen:
    """`tag` where it is known without having been expanded. Only a single event is told by its
    item alone; of a series `series_shown` makes one.
    """
    if "@removed" in item:
        return Seen(item["id"], removed=True)
    kind = KINDS.get(item.get("type") or "", Kind.SINGLE)
    return Seen(
        event_id=item["id"],
        etag=item.get("@odata.etag", ""),
        ical_uid=item.get("iCalUId") or "",
        kind=kind,
        series_master=item.get("seriesMasterId") or "",
        organizer=_address(item, "organizer"),
        is_organizer=item.get("isOrganizer", True),
        is_cancelled=bool(item.get("isCancelled")),
        event=event_from_graph(item) if kind is Kind.SINGLE else None,
        start=_instant(item["start"]) if item.get("start") else None,
        tag=tag or appointment_in(item, tenant),
        join_url=_inner(item, "onlineMeeting").get("joinUrl") or "",
        last_modified=moment(item.get("lastModifiedDateTime")),
        original_start=moment(item.get("originalStart")),
        body_html=body_html(item),
        zone=iana_name(item.get("originalStartTimeZone") or "") or "",
    )


def event_from_graph(item: Json) -> Event:
    return Event(
        subject=item.get("subject") or "",
        when=_when(item),
        body=_own_body(item.get("body")),
        location=_location(item),
        attendees=tuple(_attendee(one) for one in item.get("attendees") or ()),
        show_as=SHOWN.get(item.get("showAs") or "", ShowAs.BUSY),
        sensitivity=SENSITIVE.get(item.get("sensitivity") or "", Sensitivity.NORMAL),
        reminder=item.get("reminderMinutesBeforeStart") if item.get("isReminderOn") else None,
        categories=tuple(item.get("categories") or ()),
        other_locations=_places(item)[1:],
        conference=_conference(item),
        hide_attendees=bool(item.get("hideAttendees")),
    )


def graph_from_event(event: Event, fields: Iterable[str] | None = None, zone: str = "UTC") -> Json:
    """Only the named fields (all of them by default), as Graph takes them. Whole days are
    written in `zone`, an IANA name: in another than the mailbox's own they show as two.
    """
    body: Json = {}
    for name in FIELDS if fields is None else fields:
        body |= WRITERS[name](event, _dates_zone(event, zone))
    return body


TEAMS = "teamsForBusiness"
DATES_ZONE = "Greenwich Standard Time"
"""Of dates that repeat: UTC by another name, for UTC itself has been refused there (a
practitioner's report: TimeZoneNotSupportedException).
"""


def _written_when(when: When, zone: str) -> Json:
    """Start, end and isAllDay always go together: Graph refuses isAllDay alone."""
    if isinstance(when, AllDay):
        start, end = _midnight(when.start, zone), _midnight(when.end, zone)
    else:
        start, end = _written_time(when.start), _written_time(when.end)
    return {"isAllDay": isinstance(when, AllDay), "start": start, "end": end}


def _midnight(day: date, zone: str) -> Json:
    return {"dateTime": f"{day.isoformat()}T00:00:00", "timeZone": zone}


def _dates_zone(event: Event, zone: str) -> str:
    if zone != "UTC" and is_known(zone):
        return windows_name(zone)
    return DATES_ZONE if event.series else "UTC"


def _written_series(event: Event, zone: str) -> Json:
    if event.series is None:
        return {}
    recurrence = recurrence_to_graph(event)
    if isinstance(event.when, AllDay):
        recurrence["range"]["recurrenceTimeZone"] = zone
    return {"recurrence": recurrence}


def _written_time(at: Zoned) -> Json:
    wall, zone = windows_time(at)
    return {"dateTime": wall.replace(microsecond=0).isoformat(), "timeZone": zone}


def _written_locations(event: Event) -> Json:
    """Writing `location` replaces `locations` (Graph: resources/event), so one of them goes."""
    if not event.other_locations:
        return {"location": {"displayName": event.location}}
    names = (event.location, *event.other_locations)
    return {"locations": [{"displayName": name} for name in names if name.strip()]}


def _written_conference(conference: Conference) -> Json:
    """Once a meeting is online it cannot be made otherwise (Graph: resources/event)."""
    if conference is Conference.NONE:
        return {}
    return {"isOnlineMeeting": True, "onlineMeetingProvider": TEAMS}


def _written_attendee(attendee: Attendee) -> Json:
    address = {"address": attendee.address, "name": attendee.name}
    return {
        "emailAddress": {name: value for name, value in address.items() if value},
        "type": attendee.kind.value,
    }


def _written_reminder(minutes: int | None) -> Json:
    if minutes is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": minutes}


WRITERS: dict[str, Callable[[Event, str], Json]] = {
    "when": lambda event, zone: _written_when(event.when, zone),
    "subject": lambda event, _: {"subject": event.subject},
    "body": lambda event, _: {
        "body": {"contentType": event.body.kind.value, "content": event.body.content}
    },
    "location": lambda event, _: _written_locations(event),
    "other_locations": lambda event, _: _written_locations(event),
    "attendees": lambda event, _: {"attendees": [_written_attendee(a) for a in event.attendees]},
    "show_as": lambda event, _: {"showAs": WRITTEN[event.show_as]},
    "sensitivity": lambda event, _: {"sensitivity": event.sensitivity.value},
    "reminder": lambda event, _: _written_reminder(event.reminder),
    "categories": lambda event, _: {"categories": list(event.categories)},
    "conference": lambda event, _: _written_conference(event.conference),
    "hide_attendees": lambda event, _: {"hideAttendees": event.hide_attendees},
    "series": _written_series,
}


def _location(item: Json) -> str:
    """Of several, Graph shows all the names in `location`, joined."""
    places = _places(item)
    return places[0] if places else _inner(item, "location").get("displayName") or ""


def _places(item: Json) -> tuple[str, ...]:
    found = (str(one.get("displayName") or "") for one in item.get("locations") or ())
    return tuple(name for name in found if name.strip())


def _conference(item: Json) -> Conference:
    online = item.get("isOnlineMeeting") and item.get("onlineMeetingProvider") == TEAMS
    return Conference.TEAMS if online else Conference.NONE


def _when(item: Json) -> When:
    start, end = item["start"], item["end"]
    zones = item.get("originalStartTimeZone"), item.get("originalEndTimeZone")
    if item.get("isAllDay"):
        first, after = _day(start, zones[0]), _day(end, zones[1])
        return AllDay(first, max(after, first + timedelta(days=1)))
    return Timed(_zoned(start, zones[0]), _zoned(end, zones[1] or zones[0]))


def _day(at: Json, original: str | None) -> date:
    """Dates float: they come as the same midnights whatever zone was asked for. Where a
    mailbox answers with converted ones all the same, the original zone knows the day, and
    without it the nearest midnight is meant.
    """
    wall = _wall(at)
    if wall.time() == time():
        return wall.date()
    zone = iana_name(original or "")
    if zone:
        local = _instant(at).astimezone(ZoneInfo(zone))
        if local.time() == time():
            return local.date()
    return (wall + timedelta(hours=12)).date()


def _zoned(at: Json, original: str | None) -> Zoned:
    """In the zone the event was made in, if that is one we know."""
    return zoned(_instant(at), iana_name(original or "") or "UTC")


def _instant(at: Json) -> datetime:
    zone = iana_name(at.get("timeZone") or "UTC") or "UTC"
    return _wall(at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _wall(at: Json) -> datetime:
    """Graph writes seven digits of a second, one more than Python reads; none is wanted."""
    return datetime.fromisoformat(at["dateTime"][:19])


def _body(found: Json | None) -> Body:
    if not found:
        return Body()
    kind = BodyKind.HTML if str(found.get("contentType")).lower() == "html" else BodyKind.TEXT
    return Body(found.get("content") or "", kind)


def _own_body(found: Json | None) -> Body:
    """The host app's section of the body, where there is one; what stands around it is not the
    host app's.
    """
    whole = _body(found)
    section = inside(whole.content) if whole.kind is BodyKind.HTML else None
    return whole if section is None else Body(section, BodyKind.HTML)


def body_html(item: Json) -> str:
    whole = _body(item.get("body"))
    return whole.content if whole.kind is BodyKind.HTML else ""


def _attendee(found: Json) -> Attendee:
    address, status = _inner(found, "emailAddress"), _inner(found, "status")
    return Attendee(
        address=address.get("address") or "",
        name=address.get("name") or "",
        kind=ATTENDED.get(found.get("type") or "", AttendeeKind.REQUIRED),
        response=RESPONSES.get(status.get("response") or "", Response.NONE),
        proposed=_proposed(_inner(found, "proposedNewTime")),
    )


def _proposed(slot: Json) -> Timed | None:
    """A timeSlot; in UTC, so that the same proposal always reads the same."""
    if not (slot.get("start") and slot.get("end")):
        return None
    return Timed(zoned(_instant(slot["start"]), "UTC"), zoned(_instant(slot["end"]), "UTC"))


def _address(item: Json, name: str) -> str:
    return _inner(_inner(item, name), "emailAddress").get("address") or ""


def _inner(item: Json, name: str) -> Json:
    """An object inside another; Graph leaves it out or sets it to null where there is none."""
    return cast("Json", item.get(name) or {})


def moment(text: str | None) -> datetime | None:
    """An instant as Graph writes it: UTC, with a Z and up to seven digits of a second."""
    if not text:
        return None
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def subscription_from_graph(item: Json) -> Subscription:
    return Subscription(
        id=item["id"],
        expires=moment(item["expirationDateTime"]) or datetime.min.replace(tzinfo=UTC),
        resource=item.get("resource") or "",
        notification_url=item.get("notificationUrl") or "",
    )


def person_from_graph(item: Mapping[str, Any]) -> Person:
    address, upn = item.get("mail") or "", item.get("userPrincipalName") or ""
    proxies = (one[5:] for one in item.get("proxyAddresses") or () if one[:5].lower() == "smtp:")
    aliases = {one.lower() for one in (address, upn, *proxies) if one}
    return Person(
        user_id=item["id"],
        address=address or upn,
        upn=upn,
        display_name=item.get("displayName") or "",
        aliases=tuple(sorted(aliases)),
    )


def permissions_from_graph(items: Iterable[Json]) -> Iterator[Permission]:
    """All colleagues are the one entry of the organisation that has no address. Another without
    one is nobody we could tell, and is left out.
    """
    for item in items:
        address = str(_inner(item, "emailAddress").get("address") or "").lower()
        is_everyone = bool(item.get("isInsideOrganization")) and not item.get("isRemovable", True)
        if address or is_everyone:
            yield Permission(address, item.get("role") or "")


def calendar_from_graph(item: Json) -> CalendarInfo:
    providers = item.get("allowedOnlineMeetingProviders")
    return CalendarInfo(
        item["id"],
        item.get("name") or "",
        item.get("canEdit", True),
        has_teams=providers is None or TEAMS in providers,
        sees_private=item.get("canViewPrivateItems", True),
        owner=str(item.get("owner", {}).get("address") or ""),
    )
