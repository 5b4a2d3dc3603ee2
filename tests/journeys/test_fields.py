"""Each field alone, on its way to Outlook and back: nothing else is written, nobody is mailed."""

from typing import Any

import pytest

from tests.journeys.scene import Customer, Scene

PEOPLE = [{"address": "guest@elsewhere.example"}]
LOUD = {"conference"}
"""What Exchange tells attendees of."""

# By field: what the host app says, what Graph shows of it, and what is sent.
OUT: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "categories": ({"categories": ["Blue"]}, {"categories": ["Blue"]}, {"categories"}),
    "sensitivity": ({"sensitivity": "private"}, {"sensitivity": "private"}, {"sensitivity"}),
    "show_as": ({"show_as": "oof"}, {"showAs": "oof"}, {"showAs"}),
    "reminder": (
        {"reminder_minutes": 30},
        {"isReminderOn": True, "reminderMinutesBeforeStart": 30},
        {"isReminderOn", "reminderMinutesBeforeStart"},
    ),
    "hide_attendees": ({"hide_attendees": True}, {"hideAttendees": True}, {"hideAttendees"}),
    "conference": ({"conference": "teams"}, {"isOnlineMeeting": True},
                   {"isOnlineMeeting", "onlineMeetingProvider"}),
}  # fmt: skip
BACK: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "categories": ({"categories": ["Red"]}, {"categories": ["Red"]}),
    "sensitivity": ({"sensitivity": "confidential"}, {"sensitivity": "confidential"}),
    "show_as": ({"showAs": "free"}, {"show_as": "free"}),
    "reminder": (
        {"isReminderOn": True, "reminderMinutesBeforeStart": 5},
        {"reminder_minutes": 5},
    ),
    "hide_attendees": ({"hideAttendees": True}, {"hide_attendees": True}),
    "other_locations": (
        {"locations": [{"displayName": "Hall"}, {"displayName": "Yard"}]},
        {"other_locations": ["Yard"]},
    ),
    "conference": (
        {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"},
        {"conference": "teams"},
    ),
}


async def writes(customer: Customer) -> list[dict[str, Any]]:
    """What the app sent to Graph for the customer's events."""
    query = {"tenant": customer.entra, "path": "/events"}
    asked = (await customer.scene.twin.get("/requests", params=query)).json()["value"]
    return [one for one in asked if one["method"] != "GET"]


async def meeting(scene: Scene) -> Customer:
    customer = await scene.connect("megan", policy={"mail_pause_seconds": 0})
    await customer.settled("visit", "megan", location="Hall", attendees=PEOPLE)
    await customer.idle()
    return customer


@pytest.mark.parametrize("field", OUT)
async def test_a_field_of_the_app_is_all_that_is_written(scene, field):
    """One PATCH of it alone; Exchange mails for what concerns attendees, and for nothing else."""
    said, shown, sent = OUT[field]
    customer = await meeting(scene)
    before, mailed = len(await writes(customer)), len(await customer.mails())
    answer = await customer.api("PATCH", "/appointments/visit", params={"wait": 20}, json=said)
    await customer.idle()
    (write,) = (await writes(customer))[before:]
    (event,) = await customer.shows("megan", "visit")

    assert answer.status_code == 200, answer.text
    assert (write["method"], set(write["fields"])) == ("PATCH", sent)
    assert {name: event[name] for name in shown} == shown
    assert len(await customer.mails()) - mailed == (field in LOUD)
    assert [c["type"] for c in await customer.changes() if "updated" in c["type"]] == []


async def test_other_locations_of_the_app_are_one_list_with_the_location(scene):
    customer = await meeting(scene)
    before = len(await writes(customer))
    await customer.patch("visit", other_locations=["Yard"])
    await customer.idle()
    (write,) = (await writes(customer))[before:]

    assert set(write["fields"]) == {"locations"}
    (event,) = await customer.shows("megan", "visit")
    assert [one["displayName"] for one in event["locations"]] == ["Hall", "Yard"]


@pytest.mark.parametrize("field", BACK)
async def test_a_field_of_outlook_is_all_that_is_told(scene, field):
    """And nothing is written for it, so that nobody is mailed but by the person."""
    edit, shown = BACK[field]
    customer = await meeting(scene)
    before = len(await writes(customer))
    await customer.edits("megan", "visit", **edit)
    mailed = len(await customer.mails())
    change = await customer.change("visit", "appointment.updated")
    await customer.idle()
    held = await customer.get("visit")

    assert change["data"]["fields"] == [field]
    assert {name: held[name] for name in shown} == shown
    assert (await writes(customer))[before:] == []
    assert len(await customer.mails()) == mailed
