"""Calven: rooms, booked by the product or by the people themselves, and shown as taken or free.

Not played here: V2-V4, V9, V10 consent, configuration and finding rooms; V8 the product's own
choice of the mailbox; V11 availability.
"""

from typing import Any

from tests.journeys.scene import DAY, Customer, Scene, at, eventually, graph_at
from tests.scenarios.scene import DAILY, DAYS, invited, mailed, mails, on_days, to_one, told

PRESET = {"preset": "calven"}
ROOM, OTHER = "rainier", "adams"


async def rooms(customer: Customer, *names: str) -> None:
    """The organisation has them; they answer by themselves, as Exchange's attendant does."""
    for name in names:
        room = {"tenant": customer.entra, "mail": customer.address(name), "display_name": name}
        made = await customer.scene.control("POST", "/rooms", room)
        customer.people[name] = made["id"]


async def begun(scene: Scene, *people: str, policy: Any = None) -> Customer:
    """People who are connected, and a room that is not."""
    customer = await scene.customer(*people, policy=PRESET if policy is None else policy)
    await rooms(customer, ROOM, OTHER)
    return await scene.join(customer, *people)


def at_room(customer: Customer, name: str = ROOM, *others: str) -> list[dict[str, Any]]:
    """A room as our API has it among the attendees, and people with it."""
    room = {"address": customer.address(name), "kind": "resource"}
    return [room, *invited(*(customer.address(who) for who in others))]


async def answered(customer: Customer, name: str, room: str = ROOM) -> str:
    """Waits until the product knows what the room said, and says it."""

    async def look() -> str:
        found = (await customer.get(name))["attendees"]
        said = {one["address"]: one["response"] for one in found}
        return said[customer.address(room)].replace("none", "")

    return await eventually(look, f"{room}'s answer to {name}")


async def taken(customer: Customer, room: str, hours: list[int]) -> None:
    """Waits until the room's calendar has just these hours of the day."""

    async def look() -> bool:
        found = await customer.events(room)
        held = [one for one in found if not one["isCancelled"] and one["showAs"] != "free"]
        return sorted(int(one["start"]["dateTime"][11:13]) for one in held) == hours

    return await eventually(look, f"{room} is taken at {hours}")


async def test_v1_a_room_calendar_shows_when_it_is_taken(scene):
    """Connected like any mailbox: a meeting that somebody booked in Outlook is a busy time of the
    room, without title or people; when it is cancelled there, the room is free again.
    """
    customer = await scene.customer("megan", policy=PRESET)
    await rooms(customer, ROOM)
    await scene.join(customer, ROOM)
    room = {"emailAddress": {"address": customer.address(ROOM)}, "type": "resource"}
    await customer.books("megan", "Layoffs", attendees=[room])

    async def known() -> list[dict[str, Any]]:
        return await customer.appointments()

    (held,) = await eventually(known, "the booking is known")
    await customer.deletes("megan", "Layoffs")

    async def over() -> bool:
        found = await customer.appointments()
        return all(one["status"] == "cancelled" or one["show_as"] == "free" for one in found)

    await eventually(over, "the room is free again")
    assert (held["subject"], held["attendees"], held["start"]) == ("", [], at(9))
    assert held["mailbox"] == customer.address(ROOM)
    assert "Layoffs" not in str(await customer.changes())


async def test_v5_two_configurations_side_by_side(scene):
    """The organisation's, for the service account, and a person's own: each syncs its calendar,
    and the end of one is nothing to the other.
    """
    customer = await begun(scene, "service")
    await scene.control("POST", "/people", _person(customer, "megan"))
    customer.people["megan"] = await _id_of(customer, "megan")
    link = await scene.consent_link(customer, "user", login_hint=customer.address("megan"))
    await scene.consent(link["url"], customer.address("megan"))
    await customer.in_state("megan", "active")
    found = (await customer.api("GET", "/connections")).json()["connections"]
    by_kind = {one["kind"]: one["id"] for one in found}
    await customer.settled("desk", "service", start=at(11), end=at(12))
    await customer.settled("talk", "megan")
    await customer.edits("service", "desk", start=graph_at(10))
    await customer.edits("megan", "talk", start=graph_at(8))
    for name in ("desk", "talk"):
        await customer.change(name, "appointment.updated")
    await customer.api("DELETE", f"/connections/{by_kind['organisation']}")
    await customer.in_state("service", "disconnected")
    refused = await customer.put("desk", "service")
    await customer.settled("talk", "megan", start=at(7))
    await customer.edits("megan", "talk", start=graph_at(6))

    async def moved() -> bool:
        return (await customer.get("talk"))["start"] == at(6)

    await eventually(moved, "the other configuration goes on")
    assert set(by_kind) == {"organisation", "user"}
    assert (refused.status_code, refused.json()["code"]) == (409, "mailbox-not-connected")
    assert (await customer.calendar("megan"))["state"] == "active"


def _person(customer: Customer, who: str) -> dict[str, Any]:
    return {"upn": customer.address(who), "tenant": customer.entra}


async def _id_of(customer: Customer, who: str) -> str:
    return (await customer.scene.control("GET", f"/people/{customer.address(who)}"))["id"]


async def test_v5_two_service_accounts_do_not_get_the_same_hour_twice(scene):
    """Of two bookings of one room from two accounts, one is accepted and one declined."""
    customer = await begun(scene, "one", "two")
    await customer.settled("first", "one", attendees=at_room(customer))
    first = await answered(customer, "first")
    await customer.settled("second", "two", attendees=at_room(customer))
    second = await answered(customer, "second")

    assert (first, second) == ("accepted", "declined")
    await taken(customer, ROOM, [9])


async def test_v6_the_products_booking_is_not_the_users(scene):
    """The service account owns it. What its user does to their own copy neither moves nor ends
    it; only that they do not come is told.
    """
    customer = await begun(scene, "service", "megan")
    await customer.settled("desk", "service", attendees=at_room(customer, ROOM, "megan"))
    assert await answered(customer, "desk") == "accepted"
    (copy,) = await customer.shows("megan", "desk")
    await customer.edits("megan", "desk", start=graph_at(13), end=graph_at(14))
    await customer.responds("megan", "desk", "decline")

    async def declined() -> bool:
        found = (await customer.get("desk"))["attendees"]
        return {one["address"]: one["response"] for one in found}[
            customer.address("megan")
        ] == "declined"

    await eventually(declined, "the user's answer is known")
    await customer.idle()
    held = await customer.get("desk")
    (event,) = await customer.events("service", "desk")

    assert (copy["isOrganizer"], event["isOrganizer"]) == (False, True)
    assert (held["mailbox"], held["start"]) == (customer.address("service"), at(9))
    assert event["start"]["dateTime"][:16] == f"{DAY}T09:00"
    assert len(await customer.appointments()) == 1
    assert {change["data"]["fields"][0] for change in await told(customer)} == {"responses"}
    await taken(customer, ROOM, [9])


async def test_v6_better_the_product_cancels_its_booking_for_the_user(scene):
    """The room is free again, and room and user are told by mail once."""
    customer = await begun(scene, "service", "megan")
    await customer.settled("desk", "service", attendees=at_room(customer, ROOM, "megan"))
    await answered(customer, "desk")
    params = {"cancel": "true", "wait": 20}
    answer = await customer.api("DELETE", "/appointments/desk", params=params)
    await taken(customer, ROOM, [])
    both = [customer.address(who) for who in (ROOM, "megan")]

    assert answer.status_code == 200
    assert (await customer.get("desk"))["status"] == "cancelled"
    assert await mailed(customer) == [
        *mails("cancellation", *both),
        *mails("invitation", *both),
        *mails("response", customer.address("service")),
    ]


async def test_v7_a_user_books_a_room_by_inviting_it(scene):
    """The meeting is in their own calendar, the room is in the meeting, and its answer is told
    to the product once.
    """
    customer = await begun(scene, "megan")
    await customer.settled("talk", "megan", attendees=at_room(customer), location=ROOM)
    change = await customer.change("talk", "appointment.updated")
    await customer.idle()
    (event,) = await customer.events("megan", "talk")
    (guest,) = (await customer.get("talk"))["attendees"]

    assert event["isOrganizer"]
    assert [one["type"] for one in event["attendees"]] == ["resource"]
    assert change["data"]["fields"] == ["responses"]
    assert (guest["kind"], guest["response"]) == ("resource", "accepted")
    assert len(await told(customer)) == 1
    await taken(customer, ROOM, [9])
    assert await mailed(customer) == [
        *mails("invitation", customer.address(ROOM)),
        *mails("response", customer.address("megan")),
    ]


async def test_v7_a_room_that_is_taken_declines_and_another_accepts(scene):
    """The product learns of it, and books another one in its place."""
    customer = await begun(scene, "megan", policy=PRESET | {"mail_pause_seconds": 0})
    await customer.books(ROOM, "Cleaning")
    await customer.settled("talk", "megan", attendees=at_room(customer))
    said = await answered(customer, "talk")
    await customer.settled("talk", "megan", attendees=at_room(customer, OTHER))
    other = await answered(customer, "talk", OTHER)
    (event,) = await customer.events("megan", "talk")

    assert (said, other) == ("declined", "accepted")
    assert [one["emailAddress"]["address"] for one in event["attendees"]] == [
        customer.address(OTHER)
    ]
    await taken(customer, OTHER, [9])


async def test_v7_the_user_moves_their_booking_in_outlook(scene):
    """Twice in a row; the room goes along, and the product ends with the last time and the
    room's answer to that.
    """
    customer = await begun(scene, "megan")
    await customer.settled("talk", "megan", attendees=at_room(customer))
    await answered(customer, "talk")
    for hour in (13, 16):
        await customer.edits("megan", "talk", start=graph_at(hour), end=graph_at(hour + 1))
    await taken(customer, ROOM, [16])

    async def moved() -> bool:
        return (await customer.get("talk"))["start"] == at(16)

    await eventually(moved, "the product knows of the move")
    await customer.idle()
    assert await answered(customer, "talk") == "accepted"
    assert (await customer.get("talk"))["end"] == at(17)


async def test_v7_the_user_cancels_their_booking_in_outlook(scene):
    """The product keeps it as cancelled, and the room is free for another."""
    customer = await begun(scene, "megan", "diego")
    await customer.settled("talk", "megan", attendees=at_room(customer))
    await answered(customer, "talk")
    await customer.deletes("megan", "talk")
    change = await customer.change("talk", "appointment.cancelled")
    await taken(customer, ROOM, [])
    await customer.settled("next", "diego", attendees=at_room(customer))

    assert change["data"]["appointment"]["status"] == "cancelled"
    assert (await customer.get("talk"))["status"] == "cancelled"
    assert await answered(customer, "next") == "accepted"


async def test_v7_a_room_that_is_connected_too_has_no_second_appointment(scene):
    """The booking in the user's calendar and the one in the room's are one."""
    customer = await scene.customer("megan", policy=PRESET)
    await rooms(customer, ROOM)
    await scene.join(customer, "megan", ROOM)
    await customer.settled("talk", "megan", attendees=at_room(customer))
    await answered(customer, "talk")
    await customer.idle()

    assert [one["id"] for one in await customer.appointments()] == ["talk"]
    assert [change["data"]["fields"] for change in await told(customer)] == [["responses"]]


async def test_v7_a_room_for_a_series(scene):
    """Booked on all its days at once, and on a day that is dropped it is free again."""
    customer = await begun(scene, "megan")
    await customer.settled("talk", "megan", attendees=at_room(customer), recurrence=DAILY)
    await answered(customer, "talk")
    await on_days(customer, ROOM, DAYS)
    await to_one(customer, "megan", "DELETE", DAYS[2])
    await on_days(customer, ROOM, [day for day in DAYS if day != DAYS[2]])

    async def dropped() -> list[str]:
        return (await customer.get("talk"))["recurrence"]["exdates"]

    days = await eventually(dropped, "the product knows of the dropped day")
    assert [day[:10] for day in days] == [DAYS[2]]
    assert await answered(customer, "talk") == "accepted"
