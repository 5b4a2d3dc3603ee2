"""A series as single events, through the running app (S22, S25)."""

from typing import Any

from tests.journeys.scene import DAY, Customer, at, eventually
from tests.journeys.test_series import DAILY, DAYS, in_outlook, to_one

# The series begins in a week, so three of its five occurrences are near enough.
SINGLY = {"series_out": "occurrences", "lead_days": 9, "mail_pause_seconds": 0}
NEAR = DAYS[:3]
EVE = {"address": "eve@client.example"}


async def begun(scene: Any, **policy: Any) -> Customer:
    return await scene.connect("megan", policy={**SINGLY, **policy})


async def test_each_occurrence_that_is_near_is_an_event_with_its_own_invitation(scene):
    customer = await begun(scene)
    written = await customer.settled("visit", "megan", recurrence=DAILY, attendees=[EVE])
    shown = await in_outlook(customer, NEAR)
    mails = await customer.mails()

    assert (written["synced"], written["in_outlook"]) == (True, True)
    assert written["occurrences_written"] == len(NEAR)
    assert {event["type"] for event in shown.values()} == {"singleInstance"}
    assert [(mail["kind"], mail["to"]) for mail in mails] == [("invitation", EVE["address"])] * 3
    assert [one["id"] for one in await customer.appointments()] == ["visit"]


async def test_what_a_person_does_to_one_is_told_as_that_day(scene):
    customer = await begun(scene)
    await customer.settled("visit", "megan", recurrence=DAILY)
    await to_one(customer, "PATCH", DAYS[1], subject="Visit of the board")
    edited = await customer.change("visit", "appointment.updated")
    await to_one(customer, "DELETE", DAYS[2])

    async def left_out() -> bool:
        return (await customer.get("visit"))["recurrence"]["exdates"] == [f"{DAYS[2]}T09:00:00"]

    await eventually(left_out, "the day left out")
    await customer.settled(
        "visit", "megan", recurrence=(await customer.get("visit"))["recurrence"]
    )
    await customer.idle()
    shown = await in_outlook(customer, NEAR[:2])

    assert edited["data"]["fields"] == ["series"]
    assert edited["data"]["occurrences"] == [
        {"original_start": f"{DAYS[1]}T09:00:00", "change": "edited", "fields": ["subject"]}
    ]
    assert [shown[day]["subject"] for day in NEAR[:2]] == ["visit", "Visit of the board"]


async def test_a_rule_outlook_cannot_hold_is_written_where_the_policy_says_so(scene):
    customer = await begun(scene, series_out="series", unrepresentable="occurrences")
    rule = {"rrule": f"FREQ=MONTHLY;BYMONTHDAY={DAY.day},{-1 if DAY.day < 27 else 1};COUNT=4"}
    written = await customer.settled("visit", "megan", recurrence=rule)
    await in_outlook(customer, [str(DAY)])

    assert written["occurrences_written"] == 1


async def test_a_deleted_series_leaves_nothing_of_what_is_to_come(scene):
    customer = await begun(scene)
    await customer.settled("visit", "megan", recurrence=DAILY)
    later = await customer.settled("visit", "megan", recurrence=DAILY, start=at(13), end=at(14))
    shown = await in_outlook(customer, NEAR)
    await customer.api("DELETE", "/appointments/visit", params={"wait": 20})

    await customer.shows_no("megan", "visit")
    assert later["occurrences_written"] == len(NEAR)
    assert {event["start"]["dateTime"][11:16] for event in shown.values()} == {"13:00"}
