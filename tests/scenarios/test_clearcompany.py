"""ClearCompany: interviews, and the busy times of everybody whose calendar was connected in bulk.

How they are connected, K1-K10, K14, K15 and K18, is played in test_clearcompany_connecting. Not
played: K20's guide; a middleman there is none of (K13).
"""

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
    to_one,
    told,
)

PRESET = {"preset": "clearcompany"}
EVE = "eve@client.example"
SECRETS = ("Layoffs", "Budget", "Bunker", EVE, "Blue")
LONG_AGO = {"dateTime": "2026-01-05T09:00:00", "timeZone": "UTC"}
AN_HOUR_LATER = {"dateTime": "2026-01-05T10:00:00", "timeZone": "UTC"}


async def plan(customer: Customer, **fields: Any) -> dict[str, Any]:
    """Megan's own meeting in Outlook, with something in it that is nobody else's business."""
    body = {"contentType": "text", "content": "Budget"}
    content = {"body": body, "location": {"displayName": "Bunker"}, "categories": ["Blue"]}
    return await customer.books("megan", "Layoffs", attendees=guests(EVE), **content, **fields)


async def imported(customer: Customer, count: int = 1) -> list[dict[str, Any]]:
    """Waits until the product has so many appointments."""

    async def look() -> list[dict[str, Any]] | None:
        found = await customer.appointments()
        return found if len(found) == count else None

    return await eventually(look, f"{count} appointments")


async def everything_kept(customer: Customer) -> str:
    """All that the service holds or tells of the tenant's appointments."""
    store = customer.scene.store
    links = [
        await store.links(calendar.key, "") for calendar in await store.calendars(customer.name)
    ]
    return str([await customer.changes(), await customer.appointments(), links])


async def says(customer: Customer, policy: dict[str, Any]) -> None:
    """The tenant's administrator changes the settings."""
    answer = await customer.api("PUT", "/policy", json=policy)
    assert answer.is_success, answer.text


async def test_k11_an_interview_has_its_teams_link(scene):
    """The product asks for it and gets the link, which outlives a move; the guests have it too,
    and each was mailed as often as the product said something new.
    """
    customer = await scene.connect("megan", policy=PRESET | {"mail_pause_seconds": 0})
    made = await customer.settled("interview", "megan", conference="teams", attendees=invited(EVE))
    moved = await customer.settled("interview", "megan", start=at(8), attendees=invited(EVE))
    (event,) = await customer.events("megan", "interview")

    assert event["isOnlineMeeting"]
    assert made["join_url"] == moved["join_url"] == event["onlineMeeting"]["joinUrl"]
    assert await mailed(customer) == [*mails("invitation", EVE), *mails("update", EVE)]


async def test_k11_without_conferencing_an_interview_is_plain(scene):
    """Where the product asks for none there is none; where the mailbox has no Teams the
    interview is written all the same, and the answer says so.
    """
    customer = await scene.connect("megan", policy=PRESET)
    plain = await customer.settled("plain", "megan")
    await scene.control("PATCH", f"/people/{customer.address('megan')}", {"teams": False})
    answer = (await customer.put("wanted", "megan", wait=20, conference="teams")).json()
    found = {one["subject"]: one["isOnlineMeeting"] for one in await customer.events("megan")}

    assert found == {"plain": False, "wanted": False}
    assert (plain["join_url"], answer["appointment"]["conference"]) == ("", "none")
    assert [one["code"] for one in answer["operation"]["warnings"]] == ["teams-off"]


async def test_k12_what_is_marked_free_is_no_entry(scene):
    """Until it is marked busy; and what is busy and then marked free stays, told as free."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.books("megan", "Gym", showAs="free")
    await customer.books("megan", "Dentist", start=graph_at(13), end=graph_at(14))
    (busy,) = await imported(customer)
    await customer.edits("megan", "Dentist", showAs="free")
    change = await customer.change(busy["id"], "appointment.updated")
    await customer.edits("megan", "Gym", showAs="busy")
    both = await imported(customer, 2)

    assert (busy["show_as"], busy["start"]) == ("busy", at(13))
    assert change["data"]["fields"] == ["show_as"]
    assert sorted(one["show_as"] for one in both) == ["busy", "free"]


async def test_k12_free_entries_are_shown_apart_where_the_tenant_says_so(scene):
    """Both come in, and `show_as` tells them apart."""
    customer = await scene.connect("megan", policy=PRESET | {"import_free": True})
    await customer.books("megan", "Gym", showAs="free")
    await customer.books("megan", "Dentist", start=graph_at(13), end=graph_at(14))
    both = await imported(customer, 2)

    assert {one["show_as"]: one["start"] for one in both} == {"free": at(9), "busy": at(13)}


async def test_k13_busy_and_free_are_all_that_leaves_outlook(scene):
    """No title, people, text, place or category is told, kept or logged; the time is, and so is
    that it was moved. What changes of the rest changes nothing here.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await plan(customer)
    (held,) = await imported(customer)
    await customer.edits("megan", "Layoffs", location={"displayName": "Bunker 2"})
    await customer.edits("megan", "Layoffs", start=graph_at(8))
    change = await customer.change(held["id"], "appointment.updated")
    await customer.idle()
    kept = await everything_kept(customer)
    (known,) = await customer.appointments()

    assert (held["subject"], held["location"], held["attendees"]) == ("", "", [])
    assert (held["start"], held["show_as"], held["status"]) == (at(9), "busy", "confirmed")
    assert change["data"]["fields"] == ["when"]
    assert known["start"] == at(8)
    assert [secret for secret in SECRETS if secret in kept] == []
    assert held["id"] in kept


async def test_k12_k13_the_settings_can_be_changed_at_any_time(scene):
    """What they let in is told then, what they hide is told and kept no longer, and nobody is
    mailed for it.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await customer.books("megan", "Gym", showAs="free", start=graph_at(7), end=graph_at(8))
    await plan(customer)
    (held,) = await imported(customer)
    sent = await mailed(customer)
    await says(customer, PRESET | {"privacy": "full", "import_free": True})
    both = await imported(customer, 2)
    shown = await _titled(customer, held["id"], "Layoffs")
    await says(customer, PRESET)
    hidden = await _titled(customer, held["id"], "")
    await customer.idle()
    store = scene.store
    (calendar,) = await store.calendars(customer.name)
    links = str(await store.links(calendar.key, ""))

    assert {one["show_as"] for one in both} == {"busy", "free"}
    assert (shown["location"], hidden["location"]) == ("Bunker", "")
    assert [secret for secret in SECRETS if secret in links] == []
    assert await mailed(customer) == sent


async def _titled(customer: Customer, appointment: str, subject: str) -> dict[str, Any]:
    """Waits until the product has it with this title, and no other."""

    async def look() -> dict[str, Any] | None:
        found = await customer.get(appointment)
        return found if found["subject"] == subject else None

    return await eventually(look, f"{appointment} has the title {subject!r}")


async def test_k13_the_product_cannot_write_what_it_may_not_read(scene):
    """A title for a meeting of Outlook's is refused, and the meeting stays as it is; moving it
    is not, and takes nothing away from it.
    """
    customer = await scene.connect("megan", policy=PRESET | {"mail_pause_seconds": 0})
    await plan(customer)
    (held,) = await imported(customer)
    path = f"/appointments/{held['id']}"
    titled = await customer.api("PATCH", path, params={"wait": 20}, json={"subject": "Mine"})
    moved = await customer.api(
        "PATCH", path, params={"wait": 20}, json={"start": at(8), "end": at(9)}
    )
    (event,) = await customer.events("megan", "Layoffs")

    assert (titled.status_code, titled.json()["code"]) == (403, "content-hidden")
    assert moved.status_code == 200, moved.text
    assert event["start"]["dateTime"][:16] == f"{DAY}T08:00"
    assert event["location"]["displayName"] == "Bunker"
    assert "Budget" in event["body"]["content"]
    assert [one["emailAddress"]["address"] for one in event["attendees"]] == [EVE]


async def test_k13_better_the_whole_entry_goes_along_where_it_may(scene):
    """With full privacy, which is the default, title, people, text and place do, but what its
    owner marked private is opaque even then.
    """
    customer = await scene.connect("megan", policy=PRESET | {"privacy": "full"})
    await plan(customer)
    await customer.books("megan", "Doctor", sensitivity="private", start=graph_at(7))
    found = {one["subject"]: one for one in await imported(customer, 2)}
    whole, opaque = found["Layoffs"], found[""]

    assert whole["location"] == "Bunker"
    assert "Budget" in whole["body"]["content"]
    assert [one["address"] for one in whole["attendees"]] == [EVE]
    assert (opaque["start"], opaque["sensitivity"]) == (at(7), "private")
    assert "Doctor" not in await everything_kept(customer)


async def test_k13_the_products_own_interviews_keep_their_content(scene):
    """It made them. A move in Outlook comes back, twice in a row too; a rename there is hidden,
    and does not take the product's title away.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("interview", "megan", location="Room 4", attendees=invited(EVE))
    await customer.edits("megan", "interview", start=graph_at(11), end=graph_at(12))
    await customer.edits("megan", "interview", start=graph_at(14), end=graph_at(15))
    await customer.edits("megan", "interview", subject="Layoffs")
    await customer.idle()
    held = await customer.get("interview")

    assert (held["subject"], held["location"]) == ("interview", "Room 4")
    assert (held["start"], held["end"]) == (at(14), at(15))
    assert 1 <= len(await told(customer)) <= 2
    assert "Layoffs" not in await everything_kept(customer)


async def test_k13_an_interview_deleted_in_outlook_is_told(scene):
    """And so is a busy time that is over with."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("interview", "megan", start=at(11), end=at(12))
    await plan(customer)
    both = await imported(customer, 2)
    (busy,) = [one["id"] for one in both if one["id"] != "interview"]
    await customer.deletes("megan", "interview")
    await customer.deletes("megan", "Layoffs")
    for name in ("interview", busy):
        await customer.change(name, "appointment.deleted")

    assert await customer.appointments() == []


async def test_k13_a_series_is_busy_times_too(scene):
    """One appointment with all its days; a day that is moved or dropped is told as that day, a
    day that is renamed is not.
    """
    customer = await scene.connect("megan", policy=PRESET)
    await plan(customer, recurrence=repeated(5))
    (held,) = await imported(customer)
    await on_days(customer, "megan", DAYS)
    await to_one(customer, "megan", "PATCH", DAYS[1], subject="Layoffs, part two")
    await to_one(customer, "megan", "DELETE", DAYS[3])
    change = await customer.change(held["id"], "appointment.updated")
    await customer.idle()
    (known,) = await customer.appointments()

    assert held["recurrence"]["rrule"].startswith("FREQ=DAILY")
    assert [one["original_start"][:10] for one in change["data"]["occurrences"]] == [DAYS[3]]
    assert [day[:10] for day in known["recurrence"]["exdates"]] == [DAYS[3]]
    assert known["recurrence"]["overrides"] == []
    assert "Layoffs" not in await everything_kept(customer)


async def test_k13_a_series_of_interviews_goes_out_whole(scene):
    """Nobody's content is hidden from Outlook, and a day that moves there comes back."""
    customer = await scene.connect("megan", policy=PRESET)
    await customer.settled("interview", "megan", recurrence=DAILY)
    shown = await on_days(customer, "megan", DAYS)
    later = {"dateTime": f"{DAYS[2]}T14:00:00", "timeZone": "UTC"}
    end = {"dateTime": f"{DAYS[2]}T15:00:00", "timeZone": "UTC"}
    await to_one(customer, "megan", "PATCH", DAYS[2], start=later, end=end)
    change = await customer.change("interview", "appointment.updated")

    assert {event["subject"] for event in shown.values()} == {"interview"}
    assert [one["change"] for one in change["data"]["occurrences"]] == ["moved"]


async def test_k16_while_a_calendar_is_read_it_says_so(scene):
    """In progress, with nothing imported or told by halves; once Graph gives it, active."""
    customer = await scene.customer("megan", policy=PRESET)
    await plan(customer)
    await customer.fault({"status": 503}, "/calendarView/delta", "GET", times=None)
    link = await scene.consent_link(customer, "organisation")
    await scene.consent(link["url"], customer.address("root"))
    await customer.api("POST", "/calendars", json={"mailbox": customer.address("megan")})
    await customer.in_state("megan", "provisioning")
    status = (await customer.api("GET", "/status")).json()["calendars"]
    before = await told(customer)
    await scene.control("DELETE", "/faults")
    await scene.let_time_pass(customer)
    await scene.run("catch_up")
    await customer.in_state("megan", "active")

    assert status["by_state"] == {"provisioning": 1}
    assert before == []
    assert len(await imported(customer)) == 1


async def test_k17_when_it_is_active_the_first_sync_is_done(scene):
    """Of everybody, not two hours later: what lies ahead is there at that moment, what is over
    or free is not, and nobody was mailed for it.
    """
    customer = await scene.customer("megan", "diego", policy=PRESET)
    await plan(customer)
    await customer.books("megan", "Over", start=LONG_AGO, end=AN_HOUR_LATER)
    await customer.books("megan", "Gym", showAs="free")
    await customer.books("diego", "Dentist", start=graph_at(13), end=graph_at(14))
    sent = await mailed(customer)
    await scene.join(customer, "megan", "diego")
    found = await customer.appointments()

    assert sorted(one["start"]["date_time"][-8:] for one in found) == ["09:00:00", "13:00:00"]
    assert {(one["status"], one["origin"]) for one in found} == {("confirmed", "outlook")}
    assert await mailed(customer) == sent == mails("invitation", EVE)


async def test_k17_better_nothing_of_before_is_touched_by_default(scene):
    """It waits until somebody edits it; which of the two it is, the tenant says."""
    customer = await scene.customer("megan", policy={})
    await plan(customer)
    await scene.join(customer, "megan")
    at_first = await customer.appointments()
    await customer.edits("megan", "Layoffs", start=graph_at(8))
    (held,) = await imported(customer)

    assert at_first == []
    assert (held["subject"], held["start"], held["status"]) == ("Layoffs", at(8), "tentative")


@pytest.mark.parametrize("policy", [PRESET, {}], ids=["preset", "default"])
async def test_k19_a_minute_after_disabling_nothing_crosses(scene, policy):
    """Not half an hour: within a minute it is off, the product is refused, what happens in
    Outlook is not told, Graph is not asked anything more, and every event stays.
    """
    customer = await scene.connect("megan", "diego", policy=policy)
    await customer.settled("interview", "megan", attendees=invited(EVE))
    (connection,) = (await customer.api("GET", "/connections")).json()["connections"]
    await customer.api("DELETE", f"/connections/{connection['id']}")
    for who in ("megan", "diego"):
        await customer.in_state(who, "disconnected")

    async def ended() -> bool:
        found = (await customer.api("GET", "/connections")).json()["connections"]
        return found[0]["state"] == "disconnected"

    await eventually(ended, "the connection is ended", seconds=30)
    said, asked = await customer.changes(), await _asked(customer)
    sent = await mailed(customer)
    await customer.edits("megan", "interview", location={"displayName": "Room 5"})
    await customer.books("diego", "Dentist")
    written = await customer.put("interview", "megan", start=at(8))
    deleted = await customer.api("DELETE", "/appointments/interview")
    await scene.let_time_pass(customer)
    for timer in ("catch_up", "renew_subscriptions", "sweep"):
        await scene.run(timer)
    await customer.idle()

    assert (written.status_code, written.json()["code"]) == (409, "mailbox-not-connected")
    assert (deleted.status_code, deleted.json()["code"]) == (409, "mailbox-not-connected")
    assert (await customer.changes(), await _asked(customer)) == (said, asked)
    assert asked > 0
    assert len(await customer.events("megan", "interview")) == 1
    assert await mailed(customer) == sorted([*sent, *mails("update", EVE)])


async def _asked(customer: Customer) -> int:
    """How many requests the organisation's Graph and Entra got."""
    found = await customer.scene.control("GET", f"/requests?tenant={customer.entra}")
    return len(found["value"])
