"""What crosses, from Outlook to the app and back, when nothing goes wrong."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.calendar.zones import iana_name
from tests.journeys.scene import DAY, at, eventually, graph_at
from tests.stack import KEY

EVERYTHING = {
    "start": at(14, 30, "Europe/Berlin"),
    "end": at(15, 45, "Europe/Berlin"),
    "body": {"content": "Bring the drawings & the <plan>.", "kind": "text"},
    "location": "Room 4711",
    "show_as": "working_elsewhere",
    "sensitivity": "private",
    "reminder_minutes": 45,
    "categories": ["Blue category", "Site"],
}


def instant(moment):
    """Of a time as Graph shows it."""
    zone = ZoneInfo(iana_name(moment["timeZone"]) or "UTC")
    return datetime.fromisoformat(moment["dateTime"][:19]).replace(tzinfo=zone)


def berlin(hour, minute):
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_an_edit_in_outlook_reaches_the_app(scene):
    """A person moves and renames a meeting; the app is told by a signed delivery, once."""
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.settled("visit", "megan")
        await customer.edits("megan", "visit", subject="Visit (moved)", end=graph_at(11))
        change = await app.hears("visit", "appointment.updated")
        await customer.idle()

    assert change["data"]["appointment"]["subject"] == "Visit (moved)"
    assert change["data"]["appointment"]["end"] == at(11)
    assert set(change["data"]["fields"]) == {"subject", "when"}
    assert len(app.about("visit", "appointment.updated")) == 1


async def test_an_appointment_put_through_the_api_is_in_outlook(scene):
    """Every field of an appointment arrives in Outlook as it was put."""
    customer = await scene.connect("megan", "diego")
    guests = [
        {"address": customer.address("diego"), "name": "Diego"},
        {"address": "ann@partner.example", "name": "Ann", "kind": "optional"},
    ]
    written = await customer.settled("visit", "megan", **EVERYTHING, attendees=guests)
    (event,) = await customer.shows("megan", "visit")

    assert written["synced"]
    assert instant(event["start"]) == berlin(14, 30)
    assert instant(event["end"]) == berlin(15, 45)
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"
    assert "Bring the drawings" in event["body"]["content"]
    assert event["location"]["displayName"] == "Room 4711"
    assert event["showAs"] == "workingElsewhere"
    assert event["sensitivity"] == "private"
    assert (event["isReminderOn"], event["reminderMinutesBeforeStart"]) == (True, 45)
    assert event["categories"] == ["Blue category", "Site"]
    assert [(a["emailAddress"]["address"], a["type"]) for a in event["attendees"]] == [
        (customer.address("diego"), "required"),
        ("ann@partner.example", "optional"),
    ]


async def test_every_field_edited_in_outlook_reaches_the_app(scene):
    """What a person sets in Outlook is what the API shows, field by field."""
    customer = await scene.connect("megan", policy={"private_events": "full"})
    await customer.settled("visit", "megan")
    await customer.edits(
        "megan",
        "visit",
        subject="Site visit",
        start=graph_at(13),
        end=graph_at(14),
        body={"contentType": "text", "content": "New text"},
        location={"displayName": "Hall"},
        showAs="oof",
        sensitivity="confidential",
        isReminderOn=True,
        reminderMinutesBeforeStart=5,
        categories=["Red category"],
        attendees=[{"emailAddress": {"address": "bo@partner.example", "name": "Bo"}}],
    )
    await customer.change("visit", "appointment.updated")
    shown = await customer.get("visit")

    assert (shown["subject"], shown["start"], shown["end"]) == ("Site visit", at(13), at(14))
    assert "New text" in shown["body"]["content"]
    assert (shown["location"], shown["show_as"]) == ("Hall", "oof")
    assert (shown["sensitivity"], shown["reminder_minutes"]) == ("confidential", 5)
    assert shown["categories"] == ["Red category"]
    assert [a["address"] for a in shown["attendees"]] == ["bo@partner.example"]


async def test_an_all_day_appointment_stays_on_its_days(scene):
    """Two days off are the same two dates in Outlook; a third added there comes back."""
    customer = await scene.connect("megan")
    days = {"start": {"date": str(DAY)}, "end": {"date": str(DAY + timedelta(2))}}
    await customer.settled("fair", "megan", **days)
    (event,) = await customer.shows("megan", "fair")
    later = {"dateTime": f"{DAY + timedelta(3)}T00:00:00", "timeZone": "UTC"}
    await customer.edits("megan", "fair", isAllDay=True, start=event["start"], end=later)
    await customer.change("fair", "appointment.updated")
    shown = await customer.get("fair")

    assert event["isAllDay"]
    assert event["start"]["dateTime"][:10] == str(DAY)
    assert event["end"]["dateTime"][:10] == str(DAY + timedelta(2))
    assert (shown["start"], shown["end"]) == (days["start"], {"date": str(DAY + timedelta(3))})


async def test_an_edit_through_the_api_changes_that_field_and_is_not_echoed(scene):
    """A patch of one field is in Outlook; the app is told the outcome and nothing else."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", location="Hall")
    before = len(await customer.changes())
    answer = await customer.patch("visit", subject="Visit at noon")
    (event,) = await customer.shows("megan", "Visit at noon")
    await customer.idle()
    told = (await customer.changes())[before:]

    assert answer.status_code == 202
    assert event["location"]["displayName"] == "Hall"
    assert [change["type"] for change in told] == ["calbridge.operation.applied"]


async def test_a_deletion_in_outlook_reaches_the_app(scene):
    """What a person deletes is gone for the app, which is told so."""
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.settled("visit", "megan")
        await customer.deletes("megan", "visit")
        await app.hears("visit", "appointment.deleted")

    assert await customer.get("visit") is None


async def test_a_deletion_through_the_api_reaches_outlook(scene):
    """What the app deletes is gone from Outlook, and from the API."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    answer = await customer.api("DELETE", "/appointments/visit", params={"wait": 20})
    await customer.shows_no("megan", "visit")

    assert answer.json()["operation"]["state"] == "applied"
    assert await customer.get("visit") is None


async def test_a_cancellation_tells_the_guests_once(scene):
    """The app cancels with a comment: one invitation and one cancellation went out, no more."""
    customer = await scene.connect("megan")
    guests = [{"address": "ann@partner.example", "name": "Ann"}]
    await customer.settled("visit", "megan", attendees=guests)
    options = {"cancel": "true", "comment": "Fog", "wait": 20}
    answer = await customer.api("DELETE", "/appointments/visit", params=options)
    await customer.shows_no("megan", "visit")
    await customer.idle()
    mails = await customer.mails()
    shown = await customer.get("visit")

    assert answer.json()["operation"]["state"] == "applied"
    assert shown["status"] == "cancelled"
    assert [mail["kind"] for mail in mails] == ["invitation", "cancellation"]


async def test_an_attendee_copy_is_no_second_appointment(scene):
    """Both organiser and guest are synced: the meeting is one appointment, at the organiser's."""
    customer = await scene.connect("megan", "diego")
    guests = [{"address": customer.address("diego"), "name": "Diego"}]
    await customer.settled("visit", "megan", attendees=guests)
    await customer.shows("diego", "visit")
    await customer.idle()
    listed = (await customer.api("GET", "/appointments")).json()["appointments"]
    made = [c for c in await customer.changes() if c["type"].endswith("appointment.created")]

    assert [(one["id"], one["mailbox"]) for one in listed] == [
        ("visit", customer.address("megan"))
    ]
    assert made == []


async def test_a_response_reaches_the_app(scene):
    """A guest accepts in their own Outlook: the app sees the answer on its appointment."""
    customer = await scene.connect("megan", "diego")
    guests = [{"address": customer.address("diego"), "name": "Diego"}]
    await customer.settled("visit", "megan", attendees=guests)
    await customer.shows("diego", "visit")
    await customer.responds("diego", "visit", "accept")
    change = await customer.change("visit", "appointment.updated")

    (guest,) = change["data"]["appointment"]["attendees"]
    assert change["data"]["fields"] == ["responses"]
    assert guest["response"] == "accepted"


async def test_new_outlook_events_arrive_as_tentative(scene):
    """A person's own new event becomes a tentative appointment of Outlook's."""
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.books("megan", "Dentist", location={"displayName": "Town"})
        change = await app.hears_of("Dentist")

    appointment = change["data"]["appointment"]
    assert change["type"] == "calbridge.appointment.created"
    assert (appointment["status"], appointment["origin"]) == ("tentative", "outlook")
    assert (appointment["location"], appointment["start"]) == ("Town", at(9))
    assert appointment["mailbox"] == customer.address("megan")


async def test_what_was_there_before_is_not_told(scene):
    """Events from before the connection are left alone, until somebody edits one."""
    customer = await scene.customer("megan")
    await customer.books("megan", "Old")
    await customer.books("megan", "Older")
    await scene.join(customer, "megan")
    quiet = await customer.changes()
    await customer.edits("megan", "Old", subject="Old, edited")

    async def told():
        return [c for c in await customer.changes() if "appointment" in c["type"]]

    (change,) = await eventually(told, "the edited one is told")
    assert [c for c in quiet if "appointment" in c["type"]] == []
    assert change["data"]["appointment"]["subject"] == "Old, edited"


@pytest.mark.parametrize("winner", ["outlook", "app"])
async def test_a_conflict_goes_to_the_policys_winner_and_is_told(scene, winner):
    """Both sides change the subject while notifications are lost: the winner's stands on both,
    each side's other fields survive, and the change names both values.
    """
    customer = await scene.connect("megan", policy={"winner": winner})
    await customer.settled("visit", "megan")
    await customer.lose_notifications("megan")
    await customer.edits("megan", "visit", subject="Theirs", location={"displayName": "Town"})
    await customer.patch("visit", subject="Ours", show_as="free")
    change = await customer.change("visit", "appointment.updated")
    await customer.idle()
    shown = await customer.get("visit")
    subject = {"outlook": "Theirs", "app": "Ours"}[winner]
    (event,) = await customer.shows("megan", subject)

    (conflict,) = change["data"]["conflicts"]
    assert conflict == {"field": "subject", "app": "Ours", "outlook": "Theirs", "winner": winner}
    assert (shown["subject"], shown["location"], shown["show_as"]) == (subject, "Town", "free")
    assert (event["location"]["displayName"], event["showAs"]) == ("Town", "free")


async def test_the_log_names_nobody(scene):
    """What the app logs of a whole journey holds no subject, address, key or secret."""
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.settled("visit", "megan", subject="Redundancies", location="Hotel Adler")
        await customer.edits("megan", "Redundancies", body={"content": "Fifty of them"})
        await app.hears("visit", "appointment.updated")
        secrets = [app.secret, KEY, scene.stack.values["CALBRIDGE_CLIENT_SECRET"]]
    log = scene.stack.log("host")
    private = [customer.domain, "Redundancies", "Hotel Adler", "Fifty of them"]

    assert '"round"' in log
    assert [word for word in [*private, *secrets, "Bearer ", "eyJ"] if word in log] == []
