"""Items as Graph shows them, in the shapes its documentation documents."""

from typing import Any

Json = dict[str, Any]


def item(**changes: Any) -> Json:
    """A single timed meeting, asked for in UTC."""
    return {
        "@odata.etag": 'W/"abc"',
        "id": "AAkALgAAAA=",
        "iCalUId": "040000008200E00074C5B7101A82E008",
        "type": "singleInstance",
        "seriesMasterId": None,
        "lastModifiedDateTime": "2026-11-20T08:15:30.1234567Z",
        "subject": "Review",
        "body": {"contentType": "html", "content": "<html><body>Bring notes</body></html>"},
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "start": {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T10:30:00.0000000", "timeZone": "UTC"},
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "organizer": {"emailAddress": {"name": "Ada", "address": "ada@contoso.example"}},
        "location": {"displayName": "Room 5", "locationType": "default"},
        "attendees": [],
        "showAs": "busy",
        "sensitivity": "normal",
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "categories": ["Red"],
        "onlineMeeting": None,
        **changes,
    }


def attendee(response: str, kind: str = "required") -> Json:
    return {
        "type": kind,
        "status": {"response": response, "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": "Ben", "address": "Ben@contoso.example"},
    }


def midnight(day: str) -> Json:
    return {"dateTime": f"{day}T00:00:00.0000000", "timeZone": "UTC"}
