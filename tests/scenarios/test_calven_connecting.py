"""Calven: configurations that an administrator consents to, and the account that books rooms.

V5's syncing side by side is played in test_calven. Not played: the role of an integrations admin
in the product (V2) is its own; V9 and V10, rooms found and linked.
"""

from tests.journeys.scene import eventually
from tests.scenarios.connecting import (
    became,
    connections,
    ended,
    link_of,
    why_not,
)
from tests.scenarios.visitor import address_in

PRESET = {"preset": "calven"}
ROOM = "rainier"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"


async def begun(scene, *people):
    """People, and a room."""
    customer = await scene.customer(*people, policy=PRESET)
    room = {"tenant": customer.entra, "mail": customer.address(ROOM), "display_name": ROOM}
    customer.people[ROOM] = (await scene.control("POST", "/rooms", room))["id"]
    return customer


async def opens(customer, owner, account, role="write"):
    """The owner, or an administrator, shares a calendar with the account."""
    path = f"/people/{customer.address(owner)}/calendar-permissions"
    body = {"address": customer.address(account), "role": role}
    await customer.scene.control("POST", path, body)


async def service(customer, somebody, account="service"):
    """A configuration with this account; gives its connection's id."""
    whose = {"expected": customer.address(account), "login_hint": customer.address(account)}
    link = await customer.scene.consent_link(customer, "service_account", **whose)
    page = somebody().agree(link["url"], customer.address(account), "service_account")
    assert "is connected" in page.text
    return (await link_of(customer, link))["connection"]


async def rights(customer, connection, mailbox):
    path = f"/connections/{connection}/rights"
    params = {"mailbox": customer.address(mailbox)}
    return (await customer.api("GET", path, params=params)).json()


async def test_v2_it_takes_an_administrator(scene, somebody):
    """Somebody else who signs in is told so, with a text for one who may; the link waits, and
    nothing is stored.
    """
    customer = await begun(scene, "megan")
    link = await scene.consent_link(customer, "organisation")
    page = somebody().open(link["url"]).press("as-organisation").sign_in(customer.address("root"))
    page.press("accept").sign_in(customer.address("megan"))
    waiting = await link_of(customer, link)
    stored = await connections(customer)
    url = address_in(page.reads("letter"))
    done = somebody().agree(url, customer.address("root"), "organisation")

    assert page.reads("code") == "administrator-needed"
    assert (waiting["state"], stored) == ("waiting", [])
    assert "is connected" in done.text
    assert (await link_of(customer, link))["state"] == "granted"


async def test_v2_better_a_lesser_role_will_do(scene, somebody):
    """Whoever looks after privileged roles may agree: no Global Administrator is needed."""
    customer = await begun(scene, "megan")
    role = {"directory_roles": [PRIVILEGED_ROLE_ADMINISTRATOR]}
    await scene.control("PATCH", f"/people/{customer.address('megan')}", role)
    link = await scene.consent_link(customer, "organisation")
    page = somebody().agree(link["url"], customer.address("megan"), "organisation")

    assert "is connected" in page.text
    assert [one["kind"] for one in await connections(customer)] == ["organisation"]


async def test_v2_the_service_account_is_able_to_reserve_rooms(scene, somebody):
    """Better: whether it is can be asked before anything is booked, and why it is not."""
    customer = await begun(scene, "service")
    connection = await service(customer, somebody)
    closed = await rights(customer, connection, ROOM)
    await opens(customer, ROOM, "service", "read")
    half = await rights(customer, connection, ROOM)
    await opens(customer, ROOM, "service")
    whole = await rights(customer, connection, ROOM)

    assert [one["can_read"] for one in (closed, half, whole)] == [False, True, True]
    assert [one["can_write"] for one in (closed, half, whole)] == [False, False, True]
    assert "not shared" in closed["why_not"]
    assert "edit permission" in half["why_not"]
    assert whole["why_not"] == ""


async def test_v3_a_configuration_is_consented_to_on_microsofts_page(scene, somebody):
    """Add, consent, sign in, accept: the product hears each step, and what can be done then."""
    customer = await begun(scene)
    before = await why_not(customer, "bulk")
    link = await scene.consent_link(customer, "organisation")
    page = somebody().open(link["url"]).press("as-organisation").sign_in(customer.address("root"))
    asked = page.lists("permissions")
    page.press("accept").sign_in(customer.address("root"))

    assert before["code"] == "organisation-not-connected"
    assert "Read and write calendars in all mailboxes" in asked
    assert "is connected" in page.text
    assert await became(customer, link) == ["created", "seen", "sent", "granted"]
    assert await why_not(customer, "bulk") is None


async def test_v4_a_service_account_is_a_configuration(scene, somebody):
    """Its address is entered, and it alone is asked for. Better: it reaches the calendars that
    are shared with it, room by room, and no other.
    """
    customer = await begun(scene, "service", "megan")
    connection = await service(customer, somebody)
    await opens(customer, ROOM, "service")
    body = {"connection": connection, "mailbox": customer.address(ROOM)}
    await customer.api("POST", "/mailboxes", json=body)
    await customer.in_state(ROOM, "active")
    refused = await customer.api(
        "POST", "/mailboxes", json=body | {"mailbox": customer.address("megan")}
    )
    (found,) = await connections(customer)

    assert (found["kind"], found["address"]) == ("service_account", customer.address("service"))
    assert (refused.status_code, refused.json()["code"]) == (403, "calendar-not-shared")


async def test_v4_another_account_than_the_one_entered_is_refused(scene, somebody):
    """Nothing of it is kept."""
    customer = await begun(scene, "service", "megan")
    link = await scene.consent_link(
        customer, "service_account", expected=customer.address("service")
    )
    page = somebody().agree(link["url"], customer.address("megan"), "service_account")

    assert page.reads("code") == "wrong-account"
    assert await connections(customer) == []


async def test_v5_two_service_accounts_and_the_organisation_side_by_side(scene, somebody):
    """Three configurations; one of them ends, with a receipt, and the other two stay."""
    customer = await begun(scene, "one", "two")
    first = await service(customer, somebody, "one")
    second = await service(customer, somebody, "two")
    await scene.join(customer)
    await opens(customer, ROOM, "two")
    body = {"connection": second, "mailbox": customer.address(ROOM)}
    await customer.api("POST", "/mailboxes", json=body)
    await customer.in_state(ROOM, "active")
    receipt = (await customer.api("DELETE", f"/connections/{first}")).json()
    await ended(customer, receipt)
    by_state = {one["address"]: one["state"] for one in await connections(customer)}

    assert by_state == {
        customer.address("one"): "disconnected",
        customer.address("two"): "active",
        "": "active",
    }
    assert (await customer.calendar(ROOM))["state"] == "active"


async def test_v5_better_one_configuration_is_paused_alone(scene, somebody):
    """The other's room goes on being read; resumed, the first one's is too."""
    customer = await begun(scene, "service", "megan")
    connection = await service(customer, somebody)
    await scene.join(customer, "megan")
    await customer.api("POST", f"/connections/{connection}/pause")
    await customer.settled("talk", "megan")
    paused = {one["kind"]: one["state"] for one in await connections(customer)}
    await customer.api("POST", f"/connections/{connection}/resume")

    async def active():
        return {one["state"] for one in await connections(customer)} == {"active"}

    await eventually(active, "both configurations are active")
    assert paused == {"service_account": "paused", "organisation": "active"}
    assert len(await customer.events("megan", "talk")) == 1
