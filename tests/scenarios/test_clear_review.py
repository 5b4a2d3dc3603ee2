"""Clear Review: conversations on performance, which begin in the product and live in Outlook too.

How people connect, R6-R12 and R29, is played in test_clear_review_connecting; how that is mended
and ends, R20, R21, R26-R28 and R30, in test_clear_review_mending. Not played: R1, R19
availability; R13, R22, R24 what is no sync.
"""

from datetime import timedelta
from typing import Any

import pytest

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

PRESET = {"preset": "clear_review"}
EVE = "eve@client.example"


async def conversation(customer: Customer, *others: str, **fields: Any) -> dict[str, Any]:
    """Megan's, with the colleagues named and Eve, who has no mailbox here."""
    who = [customer.address(one) for one in others]
    return await customer.settled("talk", "megan", attendees=invited(*who, EVE), **fields)


async def shown_at(customer: Customer, who: str, hour: int) -> dict[str, Any]:
    """Waits until a person sees the conversation begin at that hour."""

    async def look() -> dict[str, Any] | None:
        found = await customer.events(who, "talk")
        begins = f"{DAY}T{hour:02}:00"
        return next((one for one in found if one["start"]["dateTime"].startswith(begins)), None)

    return await eventually(look, f"{who} sees the conversation at {hour}")


async def test_r2_a_new_conversation_is_in_outlook_at_once(scene):
    """The answer to the write comes with the event in the calendars of both, and an invitation
    went to everybody but the organiser.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET)
    written = await conversation(customer, "diego", location="Room 4")
    (event,) = await customer.events("megan", "talk")
    (copy,) = await customer.events("diego", "talk")

    assert written["synced"]
    assert (event["isOrganizer"], copy["isOrganizer"]) == (True, False)
    assert (event["location"]["displayName"], copy["location"]["displayName"]) == ("Room 4",) * 2
    assert await mailed(customer) == mails("invitation", customer.address("diego"), EVE)


async def test_r3_the_product_moves_a_conversation(scene):
    """Its time, its date and its place are new in everybody's Outlook."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await conversation(customer, "diego", location="Room 4")
    later = str(DAY + timedelta(days=1))
    start = {"date_time": f"{later}T15:00:00", "time_zone": "UTC"}
    end = {"date_time": f"{later}T16:00:00", "time_zone": "UTC"}
    await customer.patch("talk", start=start, end=end, location="Room 5")
    await on_days(customer, "diego", [later])
    (event,) = await customer.events("megan", "talk")

    assert event["start"]["dateTime"][:16] == f"{later}T15:00"
    assert event["location"]["displayName"] == "Room 5"
    assert await told(customer) == []


async def test_r3_outlook_moves_a_conversation_twice_in_a_row(scene):
    """The product ends with the last word, and is not told a word more than happened. It hears by
    notification: the next poll is a minute away.
    """
    customer = await scene.connect("megan", policy=PRESET)
    async with customer.host_app() as app:
        await conversation(customer)
        await customer.edits("megan", "talk", start=graph_at(13), end=graph_at(14))
        place = {"displayName": "Room 6"}
        await customer.edits("megan", "talk", start=graph_at(16), end=graph_at(17), location=place)
        await app.hears("talk", "appointment.updated")
        await customer.idle()
    held = await customer.get("talk")

    assert (held["start"], held["end"], held["location"]) == (at(16), at(17), "Room 6")
    assert 1 <= len(app.about("talk", "appointment.updated")) <= 2


async def test_r4_the_product_deletes_a_conversation(scene):
    """It is gone at the organiser, cancelled at the others, and each of them is told by mail."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await conversation(customer, "diego")
    await customer.api("DELETE", "/appointments/talk", params={"wait": 20})
    await customer.shows_no("megan", "talk")
    (copy,) = await customer.events("diego")

    assert copy["isCancelled"]
    assert await customer.get("talk") is None
    both = [customer.address("diego"), EVE]
    assert await mailed(customer) == mails("cancellation", *both) + mails("invitation", *both)


async def test_r4_outlook_deletes_a_conversation(scene):
    """One without notes is gone for the product too."""
    customer = await scene.connect("megan", policy=PRESET)
    await conversation(customer)
    await customer.deletes("megan", "talk")
    await customer.change("talk", "appointment.deleted")

    assert await customer.get("talk") is None


async def test_r5_a_teams_meeting_made_by_the_product(scene):
    """The product gets the link to join, which is the participants' too."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    written = await conversation(customer, "diego", conference="teams")
    (copy,) = await customer.shows("diego", "talk")

    assert written["conference"] == "teams"
    assert written["join_url"].startswith("https://")
    assert copy["onlineMeeting"]["joinUrl"] == written["join_url"]


async def test_r5_a_teams_meeting_made_in_outlook(scene):
    """The organiser switches Teams on in Outlook: the product is told, with the link."""
    customer = await scene.connect("megan", policy=PRESET)
    await conversation(customer)
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    event = await customer.edits("megan", "talk", **online)
    change = await customer.change("talk", "appointment.updated")

    assert "conference" in change["data"]["fields"]
    assert change["data"]["appointment"]["conference"] == "teams"
    assert (await customer.get("talk"))["join_url"] == event["onlineMeeting"]["joinUrl"]


async def test_r14_conversations_do_not_begin_in_outlook(scene):
    """What people book for themselves is none of the product's, also once they edit it."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.books("megan", "Dentist")
    await customer.edits("megan", "Dentist", location={"displayName": "Town"})
    await conversation(customer)
    await customer.edits("megan", "talk", location={"displayName": "Room 6"})
    await customer.change("talk", "appointment.updated")
    await customer.idle()

    assert [one["id"] for one in await customer.appointments()] == ["talk"]
    assert {change["subject"] for change in await told(customer)} == {"talk"}


async def test_r14_conversations_of_every_type_are_edited_in_outlook(scene):
    """The product's word for each stays with it."""
    customer = await scene.connect("megan", policy=PRESET)
    types = ["check-in", "feedback", "appraisal"]
    for hour, kind in enumerate(types, start=9):
        when = {"start": at(hour), "end": at(hour + 1)}
        await customer.settled(kind, "megan", type=kind, **when)
    for kind in types:
        await customer.edits("megan", kind, location={"displayName": "Room 6"})
        await customer.change(kind, "appointment.updated")
    held = await customer.appointments()

    assert sorted((one["type"], one["location"]) for one in held) == [
        ("appraisal", "Room 6"),
        ("check-in", "Room 6"),
        ("feedback", "Room 6"),
    ]


async def test_r14_better_events_made_in_outlook_can_become_appointments(scene):
    """As they do without the preset."""
    customer = await scene.connect("megan", policy={})
    await customer.books("megan", "Check-in")

    async def look() -> list[dict[str, Any]]:
        return await customer.appointments()

    (appointment,) = await eventually(look, "the event made in Outlook")
    assert (appointment["subject"], appointment["status"]) == ("Check-in", "tentative")


async def test_r15_a_series_of_conversations_goes_both_ways(scene):
    """One series in Outlook; a day that is moved there and one that is deleted reach the product
    as what they are.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("talk", "megan", recurrence=DAILY)
    shown = await on_days(customer, "megan", DAYS)
    await to_one(customer, "megan", "DELETE", DAYS[3])
    start, end = ({"dateTime": f"{DAYS[1]}T{h}:00:00", "timeZone": "UTC"} for h in (14, 15))
    await to_one(customer, "megan", "PATCH", DAYS[1], start=start, end=end)

    async def both() -> Any:
        recurrence = (await customer.get("talk"))["recurrence"]
        return recurrence["exdates"] and recurrence["overrides"] and recurrence

    recurrence = await eventually(both, "both days with the product")
    assert len({event["seriesMasterId"] for event in shown.values()}) == 1
    assert recurrence["exdates"] == [f"{DAYS[3]}T09:00:00"]
    assert [one["original_start"] for one in recurrence["overrides"]] == [f"{DAYS[1]}T09:00:00"]


async def test_r15_a_series_from_before_is_made_again(scene):
    """Written before the mailbox was connected it is refused, with who can change that; it comes
    into Outlook when the product writes it again. One that stood in Outlook stays there.
    """
    customer = await scene.customer("megan", policy=PRESET)
    early = await customer.put("talk", "megan", recurrence=DAILY)
    await customer.books("megan", "Stand-up", recurrence=repeated(2))
    await scene.join(customer, "megan")
    before = {event["subject"] for event in await customer.events("megan")}
    await customer.settled("talk", "megan", recurrence=DAILY)
    after = [event["subject"] for event in await customer.events("megan")]

    assert (early.status_code, early.json()["code"]) == (409, "mailbox-not-connected")
    assert before == {"Stand-up"}
    assert (after.count("talk"), after.count("Stand-up")) == (5, 2)
    assert [one["id"] for one in await customer.appointments()] == ["talk"]


async def test_r15_better_a_series_from_before_can_come_along(scene):
    """Where the tenant says so; as one series, and nobody is mailed for it."""
    policy = PRESET | {"import_new": "confirmed", "backfill": "future"}
    customer = await scene.customer("megan", policy=policy)
    await customer.books("megan", "Stand-up", recurrence=repeated(4), attendees=guests(EVE))
    await scene.join(customer, "megan")

    async def look() -> list[dict[str, Any]]:
        return await customer.appointments()

    (appointment,) = await eventually(look, "the series from before")
    assert appointment["recurrence"]["rrule"] == "FREQ=DAILY;COUNT=4"
    assert await mailed(customer) == mails("invitation", EVE)


async def test_r16_only_the_organiser_amends(scene):
    """A participant who drags their own copy moves nobody else; the product is told of it, once
    it cannot be that an update has yet to arrive.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await conversation(customer, "diego")
    await customer.shows("diego", "talk")
    await scene.control("POST", "/clock/advance", {"seconds": 360})
    await customer.edits("diego", "talk", start=graph_at(15), end=graph_at(16))
    change = await customer.change("talk", "appointment.copy_differs")
    await customer.idle()
    (event,) = await customer.events("megan", "talk")

    assert change["data"]["fields"] == ["when"]
    assert event["start"]["dateTime"][:16] == f"{DAY}T09:00"
    assert (await customer.get("talk"))["start"] == at(9)
    assert await mailed(customer) == mails("invitation", customer.address("diego"), EVE)


async def test_r16_participants_answer_and_propose_another_time(scene):
    """Which the product can take up; until then the conversation stays where it is."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await conversation(customer, "diego")
    (copy,) = await customer.shows("diego", "talk")
    slot = {"start": graph_at(14), "end": graph_at(15)}
    answer = {"kind": "tentativelyAccept", "proposed": slot}
    await customer.outlook("POST", "diego", f"/{copy['id']}/respond", json=answer)
    change = await customer.change("talk", "appointment.updated")
    guest = change["data"]["appointment"]["attendees"][0]
    unmoved = change["data"]["appointment"]["start"]
    await customer.patch("talk", start=guest["proposed"]["start"], end=guest["proposed"]["end"])
    await shown_at(customer, "megan", 14)

    assert change["data"]["fields"] == ["responses"]
    assert (guest["response"], unmoved) == ("tentative", at(9))


@pytest.mark.parametrize("side", ["product", "outlook"])
async def test_r17_every_participant_is_mailed_on_edit_and_cancellation(scene, side):
    """Once for each, whichever side it was, and never by us for what a person did in Outlook."""
    customer = await scene.connect("megan", "diego", policy=PRESET)
    both = [customer.address("diego"), EVE]
    await conversation(customer, "diego")
    if side == "product":
        await customer.settled("talk", "megan", attendees=invited(*both), start=at(8))
        await shown_at(customer, "diego", 8)
        await customer.api("DELETE", "/appointments/talk", params={"cancel": "true", "wait": 20})
    else:
        await customer.edits("megan", "talk", start=graph_at(8))
        await customer.change("talk", "appointment.updated")
        await customer.deletes("megan", "talk")
        await customer.change("talk", "appointment.deleted")
    await customer.idle()
    sent = [mail for mail in await customer.mails() if mail["kind"] != "invitation"]

    assert await mailed(customer) == [
        *mails("cancellation", *both),
        *mails("invitation", *both),
        *mails("update", *both),
    ]
    assert {mail["cause"] == "person" for mail in sent} == {side == "outlook"}


async def test_r17_better_edits_in_a_row_are_one_mail(scene):
    """By default a write waits for those that follow soon after one that mailed; the preset's
    does not.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET | {"mail_pause_seconds": 4})
    await conversation(customer, "diego")
    for room in ("Room 6", "Room 7", "Room 8"):
        await customer.patch("talk", location=room)

    async def moved() -> bool:
        (copy,) = await customer.events("diego", "talk")
        return copy["location"]["displayName"] == "Room 8"

    await eventually(moved, "the last room at the other's")
    await customer.idle()
    both = [customer.address("diego"), EVE]

    assert await mailed(customer) == mails("invitation", *both) + mails("update", *both)


async def test_r18_prompts_are_in_nobodys_invitation(scene):
    """Neither the organiser's event nor a participant's copy has them, at first or after an
    edit.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await conversation(customer, "diego", prompts=["Ask about the promotion"])
    await customer.settled(
        "talk",
        "megan",
        attendees=invited(customer.address("diego")),
        body={"content": "Half a year", "kind": "text"},
        prompts=["Ask about the promotion"],
    )
    bodies = [(await customer.shows(who, "talk"))[0]["body"] for who in ("megan", "diego")]

    assert ["Half a year" in body["content"] for body in bodies] == [True, True]
    assert ["promotion" in body["content"] for body in bodies] == [False, False]


async def test_r18_better_prompts_are_shared_where_the_tenant_says_so(scene):
    """Under a heading of their own."""
    customer = await scene.connect("megan", policy=PRESET | {"share_prompts": True})
    await conversation(customer, prompts=["Ask about the promotion"])
    (event,) = await customer.shows("megan", "talk")

    assert "Discussion prompts" in event["body"]["content"]
    assert "Ask about the promotion" in event["body"]["content"]


async def test_r23_who_is_added_in_outlook_sees_no_notes(scene):
    """The product is told who came, and whether it knows them; that grants them nothing, and what
    they get by mail has no notes in it.
    """
    customer = await scene.connect("megan", "diego", policy=PRESET)
    await tell(customer, {"id": "m-1", "kind": "manager", "addresses": [EVE]})
    await conversation(customer, private_notes="On probation")
    diego = customer.address("diego")
    await customer.edits("megan", "talk", attendees=guests(EVE, diego))
    change = await customer.change("talk", "appointment.updated")
    (copy,) = await customer.shows("diego", "talk")

    assert change["data"]["attendees_added"] == [
        {"address": diego, "known": False, "person": None}
    ]
    shown = [(one["address"], one["person"]) for one in (await customer.get("talk"))["attendees"]]
    assert shown == [(EVE, {"id": "m-1", "kind": "manager"}), (diego, None)]
    assert "probation" not in copy["body"]["content"]


async def test_r25_a_rename_in_outlook_does_not_rename_in_the_product(scene):
    """The name is the product's, which is told of the other one. A move made with it crosses, and
    nobody is mailed to take the name back; the product's next write does that.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await conversation(customer)
    await customer.edits("megan", "talk", subject="Chat", start=graph_at(8))
    change = await customer.change("talk", "appointment.updated")
    await customer.idle()
    held = await customer.get("talk")
    conflict = {"field": "subject", "app": "talk", "outlook": "Chat", "winner": "app"}
    before = await mailed(customer)
    await customer.shows("megan", "Chat")
    await customer.settled("talk", "megan", attendees=invited(EVE), start=at(7))
    (event,) = await customer.events("megan")

    assert (held["subject"], held["start"]) == ("talk", at(8))
    assert (change["data"]["fields"], change["data"]["conflicts"]) == (["when"], [conflict])
    assert before == mails("invitation", EVE) + mails("update", EVE)
    assert event["subject"] == "talk"


async def test_r25_better_a_rename_in_outlook_crosses(scene):
    """By default either side may name it."""
    customer = await scene.connect("megan", policy={})
    await conversation(customer)
    await customer.edits("megan", "talk", subject="Chat")
    change = await customer.change("talk", "appointment.updated")

    assert change["data"]["fields"] == ["subject"]
    assert (await customer.get("talk"))["subject"] == "Chat"


async def test_r28_events_of_others_are_never_written(scene):
    """Not one request but reading ones went to any event the product did not make, and the
    person's own are to the letter as they were.
    """
    customer = await scene.customer("megan", policy=PRESET)
    await customer.books("megan", "Before", attendees=guests(EVE))
    await scene.join(customer, "megan")
    await customer.books("megan", "After", recurrence=repeated(2))
    own = {event["id"]: event for event in await customer.events("megan")}
    await conversation(customer)
    await customer.settled("talk", "megan", attendees=invited(EVE), location="Room 6")
    await customer.edits("megan", "talk", location={"displayName": "Room 7"})
    await customer.change("talk", "appointment.updated")
    await customer.api("DELETE", "/appointments/talk", params={"wait": 20})
    await customer.shows_no("megan", "talk")
    await customer.idle()
    found = {event["id"]: event for event in await customer.events("megan")}
    asked = await scene.control("GET", f"/requests?tenant={customer.entra}&path=/events")
    written = [one for one in asked["value"] if one["method"] != "GET"]

    assert found == own
    assert len(own) == 3
    assert [one["method"] for one in written] == ["POST", "PATCH", "DELETE"]
    assert len({one["path"] for one in written[1:]}) == 1


async def test_r31_a_conversation_with_notes_outlives_its_event(scene):
    """The product keeps it, is told that Outlook has it no more, and may put it there again."""
    customer = await scene.connect("megan", policy=PRESET)
    await conversation(customer, protected=True)
    await customer.deletes("megan", "talk")
    change = await customer.change("talk", "appointment.detached")
    kept = await customer.get("talk")
    await customer.settled("talk", "megan", start=at(8), protected=True)
    await customer.shows("megan", "talk")

    assert change["data"]["appointment"]["in_outlook"] is False
    assert (kept["subject"], kept["in_outlook"]) == ("talk", False)
    assert (await customer.get("talk"))["in_outlook"]


async def test_r31_better_even_one_without_notes_can_be_brought_back(scene):
    """What a deletion in Outlook took from the product is kept for a while, and one request puts
    it into both calendars again.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await conversation(customer, location="Room 4")
    await customer.deletes("megan", "talk")
    change = await customer.change("talk", "appointment.deleted")
    gone = await customer.get("talk")
    version = {"version": change["data"]["appointment"]["version"]}
    answer = await customer.api("POST", "/appointments/talk/restore", json=version)
    (event,) = await customer.shows("megan", "talk")

    assert gone is None
    assert answer.status_code == 202
    assert event["location"]["displayName"] == "Room 4"
    assert (await customer.get("talk"))["location"] == "Room 4"


async def test_r32_what_is_more_than_two_years_away_is_kept_and_hidden(scene):
    """It is in Outlook all the same; what is nearer is not hidden."""
    customer = await scene.connect("megan", policy=PRESET)
    far, near = await _in_days(customer, "far", 740), await _in_days(customer, "near", 720)
    day = DAY + timedelta(days=740)
    span = {"start": f"{day}T00:00:00Z", "end": f"{day + timedelta(days=1)}T00:00:00Z"}
    shown = (await customer.outlook("GET", "megan", "", params=span))["value"]

    assert (far["hidden"], near["hidden"]) == (True, False)
    assert [event["subject"] for event in shown] == ["far"]
    assert {one["id"]: one["hidden"] for one in await customer.appointments()} == {
        "far": True,
        "near": False,
    }


async def test_r32_better_nothing_is_hidden_by_default(scene):
    """However far away it is."""
    customer = await scene.connect("megan", policy={})

    assert (await _in_days(customer, "far", 740))["hidden"] is False


async def _in_days(customer: Customer, name: str, days: int) -> dict[str, Any]:
    day = DAY + timedelta(days=days)
    start, end = ({"date_time": f"{day}T{hour:02}:00:00", "time_zone": "UTC"} for hour in (9, 10))
    return await customer.settled(name, "megan", start=start, end=end)
