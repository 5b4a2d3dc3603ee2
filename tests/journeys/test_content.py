"""What stands in an appointment besides its time, on the way to Outlook and back."""

from tests.journeys.scene import eventually


async def test_people_and_the_app_share_a_body(scene):
    """What a person adds in Outlook outlives the app's next text, and is not told to it."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", body={"content": "Agenda", "kind": "text"})
    (event,) = await customer.shows("megan", "visit")
    noted = event["body"]["content"].replace("</body>", "<p>Code 4711</p></body>")
    await customer.edits("megan", "visit", body={"contentType": "html", "content": noted})
    await customer.idle()
    await customer.settled("visit", "megan", body={"content": "New agenda", "kind": "text"})
    (event,) = await customer.shows("megan", "visit")
    changes = [c for c in await customer.changes() if c["type"].endswith("appointment.updated")]

    assert "New agenda" in event["body"]["content"]
    assert "Code 4711" in event["body"]["content"]
    assert (await customer.get("visit"))["body"]["content"] == "New agenda"
    assert changes == []


async def test_a_teams_meeting_has_its_link(scene):
    """The app gets the link to join, and the meeting outlives an edit of the body."""
    customer = await scene.connect("megan")
    made = await customer.settled("visit", "megan", conference="teams")
    await customer.settled("visit", "megan", body={"content": "Agenda", "kind": "text"})
    (event,) = await customer.shows("megan", "visit")
    refused = await customer.put("visit", "megan", conference="none")

    assert event["isOnlineMeeting"]
    assert made["join_url"] == event["onlineMeeting"]["joinUrl"]
    assert (refused.status_code, refused.json()["code"]) == (409, "conference-fixed")


async def test_where_teams_is_off_the_event_is_written_without(scene):
    """And the operation says who can change that."""
    customer = await scene.connect("megan")
    await scene.control("PATCH", f"/people/{customer.address('megan')}", {"teams": False})
    answer = (await customer.put("visit", "megan", wait=20, conference="teams")).json()
    (event,) = await customer.shows("megan", "visit")

    assert [one["code"] for one in answer["operation"]["warnings"]] == ["teams-off"]
    assert answer["appointment"]["conference"] == "none"
    assert not event["isOnlineMeeting"]


async def test_prompts_stay_with_the_app(scene):
    """Neither in Outlook nor in what is kept, unless the policy shares them."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", prompts=["Ask about tea"], private_notes="Sad")
    (event,) = await customer.shows("megan", "visit")

    assert "tea" not in event["body"]["content"]
    assert "tea" not in str(await customer.get("visit"))


async def test_several_locations_go_both_ways(scene):
    """The first is the location, the others follow it, in either direction."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan", location="Hall", other_locations=["Shop", "Yard"])
    (event,) = await customer.shows("megan", "visit")
    await customer.edits("megan", "visit", locations=[{"displayName": n} for n in ("Yard", "Pub")])
    await customer.change("visit", "appointment.updated")
    shown = await customer.get("visit")

    assert [one["displayName"] for one in event["locations"]] == ["Hall", "Shop", "Yard"]
    assert (shown["location"], shown["other_locations"]) == ("Yard", ["Pub"])


async def test_whole_days_lie_in_the_mailbox_own_zone(scene):
    """It is learned from an event that its owner made."""
    customer = await scene.connect("megan")
    await customer.books(
        "megan",
        "own",
        start={"dateTime": "2027-01-04T09:00:00", "timeZone": "W. Europe Standard Time"},
        end={"dateTime": "2027-01-04T10:00:00", "timeZone": "W. Europe Standard Time"},
    )

    async def learned():
        return (await customer.calendar("megan"))["time_zone"]

    assert await eventually(learned, "the zone is learned") == "Europe/Berlin"
    days = {"start": {"date": "2027-01-05"}, "end": {"date": "2027-01-06"}}
    await customer.settled("fair", "megan", **days)
    found = await customer.outlook(
        "GET", "megan", "", params={"start": "2027-01-04T00:00:00Z", "end": "2027-01-07T00:00:00Z"}
    )
    (fair,) = [one for one in found["value"] if one["subject"] == "fair"]

    assert fair["originalStartTimeZone"] == "W. Europe Standard Time"
    assert fair["start"]["dateTime"][:10] == "2027-01-05"


async def test_a_link_to_join_that_comes_late_is_told_once(scene):
    """After the outcome, in a change of its own."""
    customer = await scene.connect("megan")
    await scene.control("PATCH", "/switches", {"join_url_delay_seconds": 600.0})
    try:
        made = await customer.settled("visit", "megan", conference="teams")
        await scene.control("POST", "/clock/advance", {"seconds": 601})
        change = await customer.change("visit", "appointment.updated")
    finally:
        await scene.control("PATCH", "/switches", {"join_url_delay_seconds": 0.0})
    await customer.idle()
    (event,) = await customer.shows("megan", "visit")
    told = [c for c in await customer.changes() if c["type"].endswith("appointment.updated")]

    assert made["join_url"] == ""
    assert change["data"]["fields"] == ["conference"]
    assert change["data"]["appointment"]["join_url"] == event["onlineMeeting"]["joinUrl"]
    assert (await customer.get("visit"))["join_url"] == event["onlineMeeting"]["joinUrl"]
    assert len(told) == 1


async def test_a_meeting_of_another_provider_is_left_as_it_is(scene):
    """It reads as none, and the app's edits of other fields do not touch it."""
    customer = await scene.connect("megan")
    skype = {"isOnlineMeeting": True, "onlineMeetingProvider": "skypeForBusiness"}
    await customer.books("megan", "call", **skype)
    await customer.idle()
    (appointment,) = await customer.appointments()
    path = f"/appointments/{appointment['id']}"
    answer = await customer.api("PATCH", path, params={"wait": 20}, json={"location": "Hall"})
    (event,) = await customer.shows("megan", "call")

    assert answer.status_code == 200, answer.text
    assert (appointment["conference"], appointment["join_url"]) == ("none", "")
    assert event["location"]["displayName"] == "Hall"
    assert {name: event[name] for name in skype} == skype
