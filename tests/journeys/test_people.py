"""Whom the host app knows, what attendees say, and who may assign to whom (S18-S21, R16, C3, C4)."""

from typing import Any

from tests.journeys.scene import Customer, at, graph_at


async def tell(customer: Customer, *people: dict[str, Any]) -> None:
    answer = await customer.api("POST", "/people", json={"people": list(people)})
    assert answer.json()["refused"] == 0, answer.text


def guests(*addresses: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}, "type": "required"} for address in addresses]


async def test_guests_added_in_outlook_are_known_or_external(scene):
    """Somebody adds a contact, a colleague by alias with a tag, and a stranger: each is told as
    who they are to the host app, which gives nobody access to anything.
    """
    customer = await scene.connect("megan", "diego")
    await tell(
        customer,
        {"id": "c-7", "kind": "contact", "name": "Eve", "addresses": ["eve@client.example"]},
        {"id": "e-1", "kind": "employee", "addresses": [customer.address("diego")]},
    )
    await customer.settled("visit", "megan")
    tagged = customer.address("diego").replace("@", "+crm@")
    came = ["Eve@client.example", tagged, "x@else.example"]
    await customer.edits("megan", "visit", attendees=guests(*came))
    change = await customer.change("visit", "appointment.updated")
    eve, diego = {"id": "c-7", "kind": "contact"}, {"id": "e-1", "kind": "employee"}

    assert change["data"]["fields"] == ["attendees"]
    assert change["data"]["attendees_added"] == [
        {"address": came[0], "known": True, "person": eve},
        {"address": came[1], "known": True, "person": diego},
        {"address": came[2], "known": False, "person": None},
    ]
    assert change["data"]["attendees_removed"] == []
    shown = (await customer.get("visit"))["attendees"]
    assert [(one["person"], one["external"]) for one in shown] == [
        (eve, False),
        (diego, False),
        (None, True),
    ]


async def test_outlook_shows_the_name_of_a_contact(scene):
    """The host app sends an address; Outlook's attendee has the name it knows (S20)."""
    customer = await scene.connect("megan")
    await tell(customer, {"id": "c-7", "name": "Eve Adams", "addresses": ["eve@client.example"]})
    await customer.settled("visit", "megan", attendees=[{"address": "eve@client.example"}])

    (event,) = await customer.shows("megan", "visit")
    assert event["attendees"][0]["emailAddress"]["name"] == "Eve Adams"


async def test_a_guest_proposes_another_time(scene):
    """The proposal reaches the host app with the answer, and stays on the appointment (R16)."""
    customer = await scene.connect("megan", "diego")
    await customer.settled("visit", "megan", attendees=[{"address": customer.address("diego")}])
    (copy,) = await customer.shows("diego", "visit")
    slot = {"start": graph_at(14), "end": graph_at(15)}
    await customer.outlook(
        "POST", "diego", f"/{copy['id']}/respond", json={"kind": "decline", "proposed": slot}
    )
    change = await customer.change("visit", "appointment.updated")
    (guest,) = change["data"]["appointment"]["attendees"]

    assert change["data"]["fields"] == ["responses"]
    assert guest["response"] == "declined"
    assert guest["proposed"]["start"] == at(14) | {"time_zone": "UTC"}
    assert (await customer.get("visit"))["attendees"][0]["proposed"] == guest["proposed"]


async def test_who_may_not_write_to_a_calendar_cannot_assign_to_it(scene):
    """Until the owner shares it: then at once. Who has no mailbox never may (C3, C4)."""
    customer = await scene.customer(
        "megan", "diego", "lynne", policy={"require_calendar_rights": True}
    )
    await scene.join(customer, "megan")
    await scene.control("PATCH", f"/people/{customer.address('lynne')}", {"licensed": False})

    async def assigned_by(who: str) -> tuple[int, str]:
        answer = await customer.put("visit", "megan", acting_user=customer.address(who))
        return answer.status_code, answer.json().get("code", "")

    nobody = await customer.put("visit", "megan")
    assert (nobody.json()["code"], nobody.json()["pointer"]) == (
        "acting-user-missing",
        "/acting_user",
    )
    assert await assigned_by("diego") == (403, "calendar-right-missing")
    shared = {"address": customer.address("diego"), "role": "write"}
    owner = f"/people/{customer.address('megan')}/calendar-permissions"
    await scene.control("POST", owner, shared)
    assert await assigned_by("diego") == (202, "")
    await scene.control("POST", owner, {"address": customer.address("lynne"), "role": "write"})
    assert await assigned_by("lynne") == (403, "acting-user-without-mailbox")
    assert (await assigned_by("megan"))[0] in {200, 202}
    await customer.shows("megan", "visit")
