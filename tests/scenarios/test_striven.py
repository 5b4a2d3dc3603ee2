"""Striven: appointments of an ERP, entered in either calendar.

Not played here: S2-S10, S12-S15 permissions, pages and consent; S26 advice to people; S27, S28
failure signals and repair.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.scene import DAY, Customer, at, eventually, graph_at
from tests.scenarios.scene import (
    DAILY,
    DAYS,
    guests,
    invited,
    mailed,
    mails,
    on_days,
    repeated,
    tell,
    to_one,
    told,
)

PRESET = {"preset": "striven"}
EVE = "eve@client.example"
CONTACT = {"id": "contact-7", "kind": "contact"}
EMPLOYEE = {"id": "employee-1", "kind": "employee"}


async def arrived(customer: Customer, subject: str) -> dict[str, Any]:
    """Waits for what was made in Outlook."""

    async def look() -> dict[str, Any] | None:
        found = await customer.appointments()
        return next((one for one in found if one["subject"] == subject), None)

    return await eventually(look, f"{subject!r} with the product")


async def test_s1_an_appointment_entered_in_either_calendar_shows_in_the_other(scene):
    """Each once, in seconds."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("visit", "megan")
    await customer.books("megan", "Lunch", start=graph_at(12), end=graph_at(13))
    await arrived(customer, "Lunch")
    await customer.idle()

    assert sorted(e["subject"] for e in await customer.events("megan")) == ["Lunch", "visit"]
    assert sorted(a["subject"] for a in await customer.appointments()) == ["Lunch", "visit"]
    assert await mailed(customer) == []


async def test_s11_what_was_past_at_the_connection_never_syncs(scene):
    """Not even when it is edited in Outlook; from the product it is refused, with the reason."""
    customer = await scene.customer("megan", policy=PRESET)
    start, end = _past(9), _past(10)
    await customer.books("megan", "Old", start=_in_graph(start), end=_in_graph(end))
    await scene.join(customer, "megan")
    await customer.edits("megan", "Old", location={"displayName": "Town"})
    refused = await customer.put("visit", "megan", start=start, end=end)
    await customer.books("megan", "New")
    await arrived(customer, "New")
    await customer.idle()

    assert [one["subject"] for one in await customer.appointments()] == ["New"]
    assert (refused.status_code, refused.json()["code"]) == (409, "past-appointment")


async def test_s11_what_was_ahead_at_the_connection_syncs_once_edited(scene):
    """One that nobody edits stays Outlook's own."""
    customer = await scene.customer("megan", policy=PRESET)
    await customer.books("megan", "Untouched")
    await customer.books("megan", "Edited")
    await scene.join(customer, "megan")
    await customer.idle()
    before = await customer.appointments()
    await customer.edits("megan", "Edited", location={"displayName": "Town"})
    appointment = await arrived(customer, "Edited")
    await customer.idle()

    assert before == []
    assert (appointment["location"], appointment["status"]) == ("Town", "tentative")
    assert [one["subject"] for one in await customer.appointments()] == ["Edited"]


async def test_s11_better_what_lies_ahead_can_come_at_once(scene):
    """Where the tenant says so, without an edit and without a mail."""
    customer = await scene.customer("megan", policy=PRESET | {"backfill": "future"})
    await customer.books("megan", "Ahead", attendees=guests(EVE))
    await customer.books("megan", "Old", start=_in_graph(_past(9)), end=_in_graph(_past(10)))
    await scene.join(customer, "megan")
    await arrived(customer, "Ahead")
    await customer.idle()

    assert [one["subject"] for one in await customer.appointments()] == ["Ahead"]
    assert await mailed(customer) == mails("invitation", EVE)


def _past(hour: int) -> dict[str, str]:
    """Ten days ago: inside the window that is read."""
    day = (datetime.now(UTC) - timedelta(days=10)).date()
    return {"date_time": f"{day}T{hour:02}:00:00", "time_zone": "UTC"}


def _in_graph(moment: dict[str, str]) -> dict[str, str]:
    return {"dateTime": moment["date_time"], "timeZone": moment["time_zone"]}


async def test_s16_a_new_appointment_appears_in_outlook(scene):
    """As the product has it; edited twice in a row it ends as last written, and deleted it goes."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("visit", "megan", location="Hall", start=at(8), end=at(9))
    (event,) = await customer.events("megan", "visit")
    await customer.patch("visit", location="Shop")
    await customer.patch("visit", subject="Site visit", location="Yard")
    (edited,) = await customer.shows("megan", "Site visit")
    await customer.idle()
    echoes = await told(customer)
    await customer.api("DELETE", "/appointments/visit", params={"wait": 20})
    await customer.shows_no("megan", "Site visit")

    assert event["start"]["dateTime"][:16] == f"{DAY}T08:00"
    assert [one["location"]["displayName"] for one in (event, edited)] == ["Hall", "Yard"]
    assert echoes == []


async def test_s17_an_event_made_in_outlook_arrives_as_tentative(scene):
    """Once, though it is edited at once; and deleted in Outlook it is gone for the product."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.books("megan", "Lunch")
    await customer.edits("megan", "Lunch", location={"displayName": "Town"})
    appointment = await arrived(customer, "Lunch")
    await customer.idle()
    held = await customer.get(appointment["id"])
    created = await told(customer, "created")
    await customer.deletes("megan", "Lunch")
    await customer.change(appointment["id"], "appointment.deleted")

    assert (held["status"], held["origin"], held["location"]) == ("tentative", "outlook", "Town")
    assert len(created) == 1
    assert await customer.appointments() == []


async def test_s17_better_it_can_arrive_as_confirmed(scene):
    """Where the tenant says so."""
    customer = await scene.connect("megan", policy=PRESET | {"import_new": "confirmed"})
    await customer.books("megan", "Lunch")

    assert (await arrived(customer, "Lunch"))["status"] == "confirmed"


async def test_s18_s19_attendees_are_linked_or_external(scene):
    """A contact in other letters and an employee by alias are linked to their records; who is in
    nobody's is an external attendee. Better: who is added later is told of by name, and whether
    they are known.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET)
    diego = customer.address("diego")
    await tell(customer, CONTACT | {"addresses": [EVE]}, EMPLOYEE | {"addresses": [diego]})
    came = guests("Eve@Client.example", diego.replace("@", "+visits@"), "x@else.example")
    await customer.books("megan", "Lunch", attendees=came)
    appointment = await arrived(customer, "Lunch")
    await tell(customer, {"id": "contact-8", "addresses": ["bo@client.example"]})
    await customer.edits("megan", "Lunch", attendees=[*came, *guests("bo@client.example")])
    change = await customer.change(appointment["id"], "appointment.updated")

    assert [(one["person"], one["external"]) for one in appointment["attendees"]] == [
        (CONTACT, False),
        (EMPLOYEE, False),
        (None, True),
    ]
    assert change["data"]["attendees_added"] == [
        {
            "address": "bo@client.example",
            "known": True,
            "person": {"id": "contact-8", "kind": "contact"},
        }
    ]


async def test_s20_a_contact_added_in_the_product_is_in_outlooks_appointment(scene):
    """With the name the product knows, and invited once."""
    customer = await scene.connect("megan", policy=PRESET)
    await tell(customer, CONTACT | {"name": "Eve Adams", "addresses": [EVE]})
    await customer.settled("visit", "megan")
    await customer.settled("visit", "megan", attendees=invited(EVE))
    (event,) = await customer.events("megan", "visit")

    assert [one["emailAddress"] for one in event["attendees"]] == [
        {"address": EVE, "name": "Eve Adams"}
    ]
    assert await mailed(customer) == mails("invitation", EVE)


async def test_s21_outlook_knows_the_contact_as_its_own_person(scene):
    """The meeting is in that person's calendar, and their answer is the contact's."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    diego = customer.address("diego")
    await tell(customer, CONTACT | {"addresses": [diego]})
    await customer.settled("visit", "megan", attendees=invited(diego))
    await customer.shows("diego", "visit")
    await customer.responds("diego", "visit", "accept")
    change = await customer.change("visit", "appointment.updated")
    (guest,) = change["data"]["appointment"]["attendees"]

    assert (guest["response"], guest["person"]) == ("accepted", CONTACT)
    assert [one["id"] for one in await customer.appointments()] == ["visit"]


async def test_s22_s25_a_series_is_pushed_as_single_occurrences(scene):
    """Those within the lead time, each an event of its own that mails an invitation; of the ten
    weeks four are near enough.
    """
    customer = await scene.connect("megan", policy=PRESET)
    weekly = {"rrule": "FREQ=WEEKLY;COUNT=10"}
    await customer.settled("visit", "megan", recurrence=weekly, attendees=invited(EVE))
    near = [str(DAY + timedelta(weeks=week)) for week in range(4)]
    span = {"start": f"{DAY}T00:00:00Z", "end": f"{DAY + timedelta(weeks=11)}T00:00:00Z"}

    async def look() -> list[dict[str, Any]] | None:
        found = (await customer.outlook("GET", "megan", "", params=span))["value"]
        return found if len(found) >= len(near) else None

    shown = await eventually(look, "four occurrences in Outlook")
    await customer.idle()

    assert sorted(event["start"]["dateTime"][:10] for event in shown) == near
    assert {(event["type"], event["seriesMasterId"]) for event in shown} == {
        ("singleInstance", None)
    }
    assert await mailed(customer) == mails("invitation", *[EVE] * 4)
    assert [one["id"] for one in await customer.appointments()] == ["visit"]


async def test_s22_better_an_occurrence_deleted_in_outlook_is_a_day_left_out(scene):
    """The product hears which day of its series it was, and goes on with the others."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("visit", "megan", recurrence=DAILY)
    shown = await on_days(customer, "megan", DAYS)
    await to_one(customer, "megan", "DELETE", DAYS[2])
    change = await customer.change("visit", "appointment.updated")
    await customer.idle()

    assert {event["seriesMasterId"] for event in shown.values()} == {None}
    assert change["data"]["fields"] == ["series"]
    assert (await customer.get("visit"))["recurrence"]["exdates"] == [f"{DAYS[2]}T09:00:00"]
    assert sorted(await on_days(customer, "megan", [*DAYS[:2], *DAYS[3:]])) == [
        *DAYS[:2],
        *DAYS[3:],
    ]


async def test_s22_s25_better_a_series_is_one_in_outlook_with_one_invitation(scene):
    """By default; the contact gets one mail for all of it, and a day left out later is one more."""
    customer = await scene.connect("megan", policy={})
    await customer.settled("visit", "megan", recurrence=DAILY, attendees=invited(EVE))
    shown = await on_days(customer, "megan", DAYS)
    invitations = await mailed(customer)
    await customer.patch("visit", recurrence=DAILY | {"exdates": [DAYS[1]]})
    await on_days(customer, "megan", [DAYS[0], *DAYS[2:]])

    assert len({event["seriesMasterId"] for event in shown.values()}) == 1
    assert invitations == mails("invitation", EVE)
    assert await mailed(customer) == mails("cancellation", EVE) + mails("invitation", EVE)


async def test_s23_of_a_series_made_in_outlook_the_first_occurrence_arrives(scene):
    """The recurrence is entered again by hand, as an appointment of the product's own: on the
    first one it is refused, for Outlook has a series there, which stays as it is.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await customer.books("megan", "Stand-up", recurrence=repeated(5))
    first = await arrived(customer, "Stand-up")
    refused = await customer.patch(first["id"], recurrence=DAILY)
    await customer.idle()

    assert (first["recurrence"], first["start"], first["end"]) == (None, at(9), at(10))
    assert (refused.status_code, refused.json()["code"]) == (409, "series-in-outlook")
    assert len(await customer.appointments()) == 1
    assert sorted(await on_days(customer, "megan", DAYS)) == DAYS


async def test_s23_s24_better_the_whole_series_arrives(scene):
    """By default series may be made on either side: the product has all of it as one appointment,
    and what it changes on one day is on that day in Outlook.
    """
    customer = await scene.connect("megan", policy={})
    await customer.books("megan", "Stand-up", recurrence=repeated(5))
    series = await arrived(customer, "Stand-up")
    override = {"original_start": DAYS[2], "location": "Yard"}
    recurrence = series["recurrence"] | {"exdates": [DAYS[1]], "overrides": [override]}
    await customer.patch(series["id"], recurrence=recurrence)
    shown = await on_days(customer, "megan", [DAYS[0], *DAYS[2:]])

    async def placed() -> bool:
        found = (await on_days(customer, "megan", list(shown)))[DAYS[2]]
        return found["location"]["displayName"] == "Yard"

    await eventually(placed, "the place of one day in Outlook")
    assert series["recurrence"]["rrule"] == "FREQ=DAILY;COUNT=5"
    assert {event["subject"] for event in shown.values()} == {"Stand-up"}
    assert len(await customer.appointments()) == 1


async def test_s23_better_one_day_edited_in_outlook_reaches_the_product(scene):
    """As that day's."""
    customer = await scene.connect("megan", policy={})
    await customer.books("megan", "Stand-up", recurrence=repeated(5))
    series = await arrived(customer, "Stand-up")
    await to_one(customer, "megan", "DELETE", DAYS[4])
    change = await customer.change(series["id"], "appointment.updated")

    assert change["data"]["occurrences"] == [
        {"original_start": f"{DAYS[4]}T09:00:00", "change": "cancelled"}
    ]
