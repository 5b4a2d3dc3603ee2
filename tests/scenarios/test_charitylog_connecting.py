"""Charitylog: who can be synced at all, how it is switched on, and how often somebody signs in.

Not played: C5's and C11's place in My User Options is the product's own; here is what such a page
asks of the API.
"""

from tests.journeys.scene import eventually, graph_at
from tests.scenarios.connecting import (
    arrived,
    asked_of_microsoft,
    connections,
    ended,
    link_of,
    why_not,
)

PRESET = {"preset": "charitylog", "projects": {"befriending": {"direction": "to_outlook"}}}


async def megans(scene, policy=None, **wanted):
    """A customer with Megan, and a link for her."""
    customer = await scene.customer("megan", policy=PRESET if policy is None else policy)
    hint = {"login_hint": customer.address("megan")}
    return customer, await scene.consent_link(customer, "user", **hint, **wanted)


async def licence(customer, who, *, given):
    facts = {"licensed": given, "mailbox": "cloud" if given else "none"}
    await customer.scene.control("PATCH", f"/people/{customer.address(who)}", facts)


async def test_c2_who_has_no_licence_cannot_be_synced(scene, somebody):
    """The page says what is missing and who can give it. Better: nothing is stored, and with the
    licence the same link connects them.
    """
    customer, link = await megans(scene)
    await licence(customer, "megan", given=False)
    page = somebody().agree(link["url"], customer.address("megan"))
    refused = await link_of(customer, link)
    stored = await connections(customer)
    await licence(customer, "megan", given=True)
    again = somebody().agree(link["url"], customer.address("megan"))

    assert page.reads("code") == "mailbox-unlicensed"
    assert "licence" in page.reads("remedy")
    assert (refused["state"], refused["problem"]["fix_by"]) == ("refused", "tenant_admin")
    assert stored == []
    assert "is connected" in again.text


async def test_c2_better_who_lacks_a_licence_is_listed_for_the_admin(scene):
    """A rollout of everybody connects those who have one, and names those who have none."""
    customer = await scene.customer("megan", "diego", policy=PRESET)
    await licence(customer, "diego", given=False)
    await scene.join(customer)
    answer = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    rollout = answer.json()
    await customer.in_state("megan", "active")

    async def classed():
        params = {"stage": "unreachable", "class": "no_licence"}
        found = await customer.api("GET", f"/rollouts/{rollout['id']}/mailboxes", params=params)
        return found.json()["mailboxes"]

    (diego,) = await eventually(classed, "Diego's lack of a licence")

    assert diego["cause"] == "mailbox-unlicensed"
    assert (await customer.calendar("diego"))["code"] == "calendar-unknown"


async def test_c5_the_customer_decides_who_may_set_it_up(scene):
    """Instead of access to a page: a group of the organisation's own. Who is in it is connected,
    a colleague who is not is left alone.
    """
    customer = await scene.customer("megan", "diego", policy=PRESET)
    await scene.join(customer)
    group = {"tenant": customer.entra, "name": "Synced", "members": [customer.address("megan")]}
    made = await scene.control("POST", "/groups", group)
    answer = await customer.api("POST", "/rollouts", json={"source": {"group": made["id"]}})
    assert answer.status_code == 202, answer.text
    await customer.in_state("megan", "active")

    async def done():
        found = await customer.api("GET", f"/rollouts/{answer.json()['id']}")
        return found.json()["state"] == "done"

    await eventually(done, "the rollout is done")
    calendars = (await customer.api("GET", "/calendars")).json()["calendars"]

    assert [one["mailbox"] for one in calendars] == [customer.address("megan")]


async def test_c6_setting_up_signs_in_once_and_never_again(scene, somebody):
    """Better than a 365 login with every product login: when Microsoft takes the access token no
    more, another is fetched without anybody; appointments cross both ways and no page is opened.
    """
    customer, link = await megans(scene, policy={})
    somebody().agree(link["url"], customer.address("megan"))
    await customer.in_state("megan", "active")
    await customer.settled("visit", "megan")
    await customer.idle()
    pages = len(await asked_of_microsoft(customer, "/authorize"))
    tokens = len(await asked_of_microsoft(customer, "/token"))
    await customer.fault({"status": 401}, "/users/", "GET")
    await customer.books("megan", "Lunch", start=graph_at(12), end=graph_at(13))
    await arrived(customer, "Lunch")
    await customer.settled("call", "megan")

    assert len(await asked_of_microsoft(customer, "/token")) > tokens
    assert len(await asked_of_microsoft(customer, "/authorize")) == pages
    assert [one["state"] for one in await connections(customer)] == ["active"]


async def test_c6_better_nobody_but_an_admin_signs_in_at_all(scene):
    """Under the organisation's grant calendars are synced whose owners were never at Microsoft's
    sign-in, nor on any page of ours.
    """
    customer = await scene.connect("megan", "diego", policy={})
    await customer.settled("visit", "megan")
    await customer.settled("call", "diego")
    (connection,) = await connections(customer)

    assert (connection["kind"], connection["address"]) == ("organisation", "")
    for who, name in (("megan", "visit"), ("diego", "call")):
        assert len(await customer.events(who, name)) == 1


async def test_c9_it_is_off_by_default_and_says_why(scene):
    """A tenant has nothing connected, its link is the product's to make, and each feature says
    what it waits for.
    """
    customer = await scene.customer("megan", policy=PRESET)
    found = (await customer.api("GET", "/capabilities")).json()["capabilities"]
    tenant = (await customer.api("GET")).json()
    refused = await customer.put("action", "megan", project="befriending")

    assert tenant["state"] == "not_connected"
    assert {one["available"] for one in found} == {False}
    assert all(one["why_not"]["remedy"] for one in found)
    assert (refused.status_code, refused.json()["code"]) == (409, "mailbox-not-connected")


async def test_c9_better_the_customer_switches_it_on_and_off_without_support(scene, somebody):
    """A link and a deletion, no e-mail to anybody: off has a receipt of what was ended, and
    another link switches it on again.
    """
    customer, link = await megans(scene)
    somebody().agree(link["url"], customer.address("megan"))
    await customer.in_state("megan", "active")
    on = await why_not(customer)
    (connection,) = await connections(customer)
    receipt = (await customer.api("DELETE", f"/connections/{connection['id']}")).json()
    whole = await ended(customer, receipt)
    off = await why_not(customer)
    hint = {"login_hint": customer.address("megan")}
    again = await scene.consent_link(customer, "user", **hint)
    somebody().agree(again["url"], customer.address("megan"))
    await customer.in_state("megan", "active")

    assert (on, off["code"]) == (None, "consent-required")
    assert (whole["calendars"], whole["subscriptions"]["deleted"]) == (1, 1)
    assert whole["secrets"]["destroyed"] == 1
    assert await why_not(customer) is None


async def test_c9_better_what_the_policy_switches_off_is_told_as_such(scene):
    """Where the customer's own rule keeps writing off, no consent and no support would help: the
    reason is the policy, and another policy is all it takes.
    """
    customer = await scene.connect("megan", policy={"direction": "off"})
    off = await why_not(customer)
    await customer.api("PUT", "/policy", json={"direction": "to_outlook"})

    assert (off["reason"], off["code"]) == ("policy", "sync-off")
    assert await why_not(customer) is None
