"""Charitylog: actions of case work, shown in Outlook project by project, and silently.

Not played here: C1's contacts, which are no calendar matter; C2, C5, C6, C9, C11, C14 licences,
pages, logins and switches.
"""

from typing import Any

from tests.journeys.scene import DAY, Customer, at, eventually, graph_at
from tests.scenarios.scene import (
    DAILY,
    DAYS,
    guests,
    invited,
    mailed,
    on_days,
    to_one,
    told,
)

PRESET = {"preset": "charitylog"}
PROJECT = "befriending"
ACTIVE = PRESET | {"projects": {PROJECT: {"direction": "to_outlook"}}}
EVE = "eve@client.example"
AGO = {"date_time": "2026-01-05T09:00:00", "time_zone": "UTC"}
AN_HOUR_LATER = {"date_time": "2026-01-05T10:00:00", "time_zone": "UTC"}


async def action(customer: Customer, name: str = "action", **fields: Any) -> Any:
    """Megan's own, of the project that is switched on unless told otherwise."""
    said = {"project": PROJECT, "acting_user": customer.address("megan")} | fields
    return await customer.put(name, "megan", wait=20, **said)


async def shares(customer: Customer, who: str, role: str) -> None:
    """Megan shares her calendar, as people do in Outlook."""
    owner = f"/people/{customer.address('megan')}/calendar-permissions"
    body = {"address": customer.address(who), "role": role}
    await customer.scene.control("POST", owner, body)


async def unshares(customer: Customer, who: str) -> None:
    owner = f"/people/{customer.address('megan')}/calendar-permissions"
    await customer.scene.control("DELETE", f"{owner}?address={customer.address(who)}")


async def in_round(customer: Customer, who: str = "megan") -> None:
    """What Outlook holds now has been read."""
    await customer.idle()
    last_round = (await customer.calendar(who))["last_round"]
    await customer.scene.let_time_pass(customer)
    await customer.scene.run("catch_up")
    await customer.in_round_after(who, last_round)
    await customer.idle()


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_c1_a_new_action_shows_in_outlook(scene):
    """At once, and an attendee of it is not mailed."""
    customer = await scene.connect("megan", policy=ACTIVE)
    answer = await action(customer, subject="Call Eve", attendees=invited(EVE), location="Hall")
    (event,) = await customer.events("megan", "Call Eve")

    assert answer.status_code == 201
    assert (event["location"]["displayName"], event["attendees"]) == ("Hall", [])
    assert [one["address"] for one in answer.json()["appointment"]["attendees"]] == [EVE]
    assert await mailed(customer) == []


async def test_c1_the_product_moves_an_action_twice_in_a_row_and_deletes_it(scene):
    """Outlook has its last word, then has it no more; nobody is mailed."""
    customer = await scene.connect("megan", policy=ACTIVE)
    await action(customer, attendees=invited(EVE))
    me = customer.address("megan")
    for hour in (11, 12):
        start, end = at(hour), at(hour + 1)
        answer = await customer.patch("action", start=start, end=end, acting_user=me)
        assert answer.is_success, answer.text
    await customer.idle()
    (event,) = await customer.events("megan", "action")
    params = {"acting_user": me, "wait": 20}
    await customer.api("DELETE", "/appointments/action", params=params)
    await customer.shows_no("megan", "action")

    assert event["start"]["dateTime"][:16] == f"{DAY}T12:00"
    assert await mailed(customer) == []


async def test_c1_what_is_done_in_outlook_stays_there(scene):
    """Neither an edit, nor a deletion, nor an event made there reaches the product."""
    customer = await scene.connect("megan", policy=ACTIVE)
    await action(customer)
    await action(customer, "other")
    await customer.books("megan", "Dentist")
    await customer.edits("megan", "action", subject="Chat", start=graph_at(8))
    await customer.deletes("megan", "other")
    await in_round(customer)
    held = await customer.get("action")

    assert await told(customer) == []
    assert {one["id"] for one in await customer.appointments()} == {"action", "other"}
    assert (held["subject"], held["start"]) == ("action", at(9))


async def test_c1_better_both_ways_by_default(scene):
    """An edit in Outlook arrives, and so does an event made there."""
    customer = await scene.connect("megan", policy={})
    await action(customer)
    await customer.books("megan", "Dentist")
    await customer.edits("megan", "action", start=graph_at(8))
    change = await customer.change("action", "appointment.updated")

    async def known() -> bool:
        return "Dentist" in {one["subject"] for one in await customer.appointments()}

    await eventually(known, "the event made in Outlook is an appointment")
    assert change["data"]["appointment"]["start"] == at(8)


async def test_c1_the_products_next_word_stands_for_the_whole_action(scene):
    """What people changed in Outlook, or deleted there, is then as the product has it."""
    customer = await scene.connect("megan", policy=ACTIVE)
    await action(customer)
    await action(customer, "other")
    await customer.edits("megan", "action", subject="Chat", start=graph_at(8))
    await customer.deletes("megan", "other")
    await in_round(customer)
    for name in ("action", "other"):
        answer = await action(customer, name, location="Shop")
        assert answer.status_code == 200, answer.text
    found = {event["subject"]: event for event in await customer.events("megan")}

    assert set(found) == {"action", "other"}
    for event in found.values():
        assert event["start"]["dateTime"][:16] == f"{DAY}T09:00"
        assert event["location"]["displayName"] == "Shop"
    assert await told(customer) == []


async def test_c1_a_repeated_action_is_a_series_in_outlook(scene):
    """One event; a day that a person changes or deletes there is not told, and the product's
    next word, which cancels another day, is that of the whole series.
    """
    customer = await scene.connect("megan", policy=ACTIVE)
    await action(customer, recurrence=DAILY)
    shown = await on_days(customer, "megan", DAYS)
    await to_one(customer, "megan", "PATCH", DAYS[1], subject="Longer")
    await in_round(customer)
    answer = await action(customer, recurrence=DAILY | {"exdates": [DAYS[3]]})
    left = await on_days(customer, "megan", [day for day in DAYS if day != DAYS[3]])

    assert answer.status_code == 200, answer.text
    assert len({event["seriesMasterId"] for event in shown.values()}) == 1
    assert {event["subject"] for event in left.values()} == {"action"}
    assert await told(customer) == []


async def test_c3_an_action_of_several_is_in_the_calendar_of_each(scene):
    """An event of their own for everybody who is connected, that follows the product and goes
    with the assignment; nobody is mailed, whoever was named.
    """
    customer = await scene.connect("megan", "diego", policy=ACTIVE)
    diego = customer.address("diego")
    await action(customer, attendees=invited(diego, EVE))
    (copy,) = await customer.shows("diego", "action")
    await action(customer, subject="Call", attendees=invited(diego, EVE))
    (later,) = await customer.shows("diego", "Call")
    await action(customer, subject="Call", attendees=invited(EVE))
    await customer.shows_no("diego", "Call")

    assert (copy["isOrganizer"], copy["attendees"]) == (True, [])
    assert later["id"] == copy["id"]
    assert len(await customer.events("megan", "Call")) == 1
    assert len(await customer.appointments()) == 1
    assert await mailed(customer) == []


async def test_c3_what_one_of_several_does_to_their_copy_is_not_told(scene):
    """The way is from the product to Outlook for copies too, and the others' are as they were."""
    customer = await scene.connect("megan", "diego", policy=ACTIVE)
    await action(customer, attendees=invited(customer.address("diego")))
    await customer.shows("diego", "action")
    await customer.idle()
    await customer.edits("diego", "action", start=graph_at(8))
    await in_round(customer, "diego")
    (event,) = await customer.events("megan", "action")

    assert event["start"]["dateTime"][:16] == f"{DAY}T09:00"
    assert (await customer.get("action"))["start"] == at(9)
    assert await told(customer) == []


async def test_c3_better_a_copy_speaks_for_its_owner(scene):
    """With copies both ways, an edit of one is told with whose it was, and reaches the others;
    still nobody is mailed.
    """
    customer = await scene.connect("megan", "diego", policy={"participants": "copies"})
    await action(customer, attendees=invited(customer.address("diego")))
    await customer.shows("diego", "action")
    await customer.idle()
    await customer.edits("diego", "action", subject="Call")
    change = await customer.change("action", "appointment.updated")
    await customer.shows("megan", "Call")

    assert change["data"]["copy"] == customer.address("diego")
    assert change["data"]["fields"] == ["subject"]
    assert await mailed(customer) == []


async def test_c3_who_assigns_an_action_needs_full_edit_rights(scene):
    """Reading rights are not enough, nor is saying nothing of who assigns; with the right it is
    done, and without it again an assigned action is not taken away either.
    """
    customer = await scene.customer("megan", "diego", policy=ACTIVE)
    await scene.join(customer, "megan")
    diego = customer.address("diego")
    unsaid = await action(customer, acting_user=None)
    await shares(customer, "diego", "read")
    reading = await action(customer, acting_user=diego)
    await shares(customer, "diego", "write")
    writing = await action(customer, acting_user=diego)
    stranger = {"acting_user": customer.address("root")}
    deleting = await customer.api("DELETE", "/appointments/action", params=stranger)

    assert code_of(unsaid) == (400, "acting-user-missing")
    assert code_of(reading) == (403, "calendar-right-missing")
    assert (writing.status_code, len(await customer.events("megan", "action"))) == (201, 1)
    assert code_of(deleting) == (403, "calendar-right-missing")


async def test_c3_better_nobody_needs_rights_by_default(scene):
    """The host app says who may assign to whom; Outlook's rights are asked for where the policy
    says so.
    """
    customer = await scene.customer("megan", "diego", policy={})
    await scene.join(customer, "megan")
    answer = await action(customer, acting_user=customer.address("diego"))

    assert answer.status_code == 201
    assert len(await customer.events("megan", "action")) == 1


async def test_c4_who_has_no_licence_assigns_to_no_synced_user(scene):
    """Not even with full edit rights. Their own items are the product's alone: it learns that
    there is no calendar for them.
    """
    customer = await scene.customer("megan", "lynne", policy=ACTIVE)
    await scene.join(customer, "megan")
    lynne = customer.address("lynne")
    await scene.control("PATCH", f"/people/{lynne}", {"licensed": False})
    await shares(customer, "lynne", "write")
    to_megan = await action(customer, acting_user=lynne)
    own = await customer.put("own", "lynne", project=PROJECT, acting_user=lynne)

    assert code_of(to_megan) == (403, "acting-user-without-mailbox")
    assert code_of(own) == (409, "mailbox-not-connected")
    assert await customer.events("megan") == []


async def test_c7_what_was_there_before_is_never_synced(scene):
    """Outlook's own event stays Outlook's, edited or not; an action of the past is refused."""
    customer = await scene.customer("megan", policy=ACTIVE)
    await customer.books("megan", "Before")
    await scene.join(customer, "megan")
    await customer.edits("megan", "Before", start=graph_at(8))
    past = await action(customer, start=AGO, end=AN_HOUR_LATER)
    await in_round(customer)

    assert code_of(past)[1] == "past-appointment"
    assert await customer.appointments() == []
    assert [event["subject"] for event in await customer.events("megan")] == ["Before"]


async def test_c7_better_what_was_there_before_can_come_along(scene):
    """With a backfill Outlook's events are there when the calendar is connected, and the
    product's past actions may be written; nobody is mailed.
    """
    customer = await scene.customer("megan", policy={"backfill": "window"})
    await customer.books("megan", "Before", attendees=guests(EVE))
    mails = await mailed(customer)
    assert len(mails) == 1
    await scene.join(customer, "megan")
    past = await action(customer, start=AGO, end=AN_HOUR_LATER)

    assert "Before" in {one["subject"] for one in await customer.appointments()}
    assert past.status_code == 201
    assert await mailed(customer) == mails


async def test_c8_the_refusal_says_how_to_get_the_right(scene):
    """Calendar rights cannot be set from the product, so the problem names the person, the
    calendar, and the three ways: sharing in Outlook, the admin centre, and the command.
    """
    customer = await scene.customer("megan", "diego", policy=ACTIVE)
    await scene.join(customer, "megan")
    megan, diego = customer.address("megan"), customer.address("diego")
    problem = (await action(customer, acting_user=diego)).json()
    command = (
        f"Add-MailboxFolderPermission -Identity '{megan}:\\Calendar' "
        f"-User '{diego}' -AccessRights Editor"
    )

    assert problem["pointer"] == "/acting_user"
    assert problem["detail"].startswith(f"{diego} has no permission to write")
    assert f"calendar of {megan}" in problem["detail"]
    assert "share it in Outlook" in problem["detail"]
    assert "admin centre" in problem["detail"]
    assert command in problem["detail"]


async def test_c10_each_project_is_switched_on_by_itself(scene):
    """What has none, or another one, is refused by name and not written; switching one on leaves
    the others off.
    """
    customer = await scene.connect("megan", policy=PRESET)
    off = await action(customer)
    switched = await customer.api("PUT", "/policy", json=ACTIVE)
    on = await action(customer)
    other = await action(customer, "other", project="housing")
    none = await action(customer, "none", project="")

    assert switched.is_success
    assert (code_of(off)[1], on.status_code) == ("sync-off", 201)
    assert PROJECT in off.json()["detail"]
    assert (code_of(other)[1], code_of(none)[1]) == ("sync-off", "sync-off")
    assert "housing" in other.json()["detail"]
    assert [event["subject"] for event in await customer.events("megan")] == ["action"]


async def test_c10_a_project_that_is_switched_off_leaves_its_events(scene):
    """They stay in Outlook as they are, and neither side reaches the other any more."""
    customer = await scene.connect("megan", policy=ACTIVE)
    await action(customer)
    await customer.api("PUT", "/policy", json=PRESET)
    edit = await action(customer, start=at(8))
    await customer.edits("megan", "action", location={"displayName": "Shop"})
    await in_round(customer)
    (event,) = await customer.events("megan", "action")

    assert code_of(edit)[1] == "sync-off"
    assert event["start"]["dateTime"][:16] == f"{DAY}T09:00"
    assert await told(customer) == []


async def test_c10_better_every_project_is_on_by_default(scene):
    """And one may be switched off."""
    policy = {"projects": {"housing": {"direction": "off"}}}
    customer = await scene.connect("megan", policy=policy)
    any_project = await action(customer)
    housing = await action(customer, "other", project="housing")

    assert any_project.status_code == 201
    assert code_of(housing)[1] == "sync-off"


async def test_c12_the_checklists_question_is_answered_by_the_service(scene):
    """Does the assigner have full access? Each try says so at that moment: a right that is given
    works at once, and what stands in the way is named, one thing after the other.
    """
    customer = await scene.customer("megan", "diego", policy=ACTIVE)
    await scene.join(customer, "megan")
    diego = customer.address("diego")
    await scene.control("PATCH", f"/people/{diego}", {"licensed": False})
    tries = [code_of(await action(customer, acting_user=diego))]
    await scene.control("PATCH", f"/people/{diego}", {"licensed": True})
    tries.append(code_of(await action(customer, acting_user=diego)))
    await shares(customer, "diego", "write")
    tries.append(code_of(await action(customer, acting_user=diego)))

    assert tries == [
        (403, "acting-user-without-mailbox"),
        (403, "calendar-right-missing"),
        (201, ""),
    ]


async def test_c13_an_action_without_a_length_is_a_sliver(scene):
    """It is written as it is, and the operation warns of it."""
    customer = await scene.connect("megan", policy=ACTIVE)
    answer = await action(customer, end=at(9))
    (event,) = await customer.events("megan", "action")
    warnings = answer.json()["operation"]["warnings"]

    assert event["start"] == event["end"]
    assert [one["code"] for one in warnings] == ["zero-length"]


async def test_c13_a_project_has_a_planned_duration(scene):
    """Of the project alone, and for what has no length of its own alone."""
    planned = {"direction": "to_outlook", "default_minutes": 45}
    projects = {PROJECT: planned, "housing": {"direction": "to_outlook"}}
    customer = await scene.connect("megan", policy=PRESET | {"projects": projects})
    without = await action(customer, end=at(9))
    await action(customer, "long", start=at(11), end=at(13))
    await action(customer, "thin", project="housing", end=at(9))
    ends = {
        one["subject"]: one["end"]["dateTime"][11:16] for one in await customer.events("megan")
    }

    assert ends == {"action": "09:45", "long": "13:00", "thin": "09:00"}
    assert without.json()["operation"]["warnings"] == []
