"""Clear Review: who lets whom connect, and what is asked for.

Not played: the page with R7's toggle, My Account of R11 and the help pages of R12 are the
product's own; here is what they would ask of the API.
"""

import pytest

from tests.scenarios.clear_review import company, connected, link_for, person
from tests.scenarios.connecting import became, connections, link_of, why_not
from tests.scenarios.visitor import address_in

CALENDAR = "Have full access to your calendars"


async def installed(customer):
    """What the organisation's administrators see of the app in Entra."""
    found = (await customer.scene.control("GET", "/grants"))["value"]
    return [one for one in found if one["tenant_id"] == customer.entra]


async def test_r6_an_administrator_allows_it_first(scene, somebody):
    """Where the organisation wants it so: a user is stopped and the product waits, until an
    administrator has agreed.
    """
    customer = await company(scene, "megan", consent_policy="admins_only")
    mine = await link_for(customer, "megan")
    stopped = somebody().open(mine["url"]).press("as-user")
    stopped.sign_in(customer.address("megan")).press("return")
    waits = await why_not(customer)
    whole = await scene.consent_link(customer, "organisation")
    agreed = somebody().agree(whole["url"], customer.address("root"), "organisation")

    assert stopped.reads("code") == "admin-consent-required"
    assert (waits["reason"], waits["fix_by"]) == ("role", "tenant_admin")
    assert "is connected" in agreed.text
    assert await why_not(customer) is None


async def test_r6_better_no_administrator_where_none_is_needed(scene, somebody):
    """Only the user's own calendar is asked for, which Microsoft lets users give by themselves;
    and nothing is asked of the organisation then.
    """
    customer = await connected(scene, somebody)
    (connection,) = await connections(customer)
    (app,) = await installed(customer)

    assert (connection["kind"], connection["state"]) == ("user", "active")
    assert (app["roles"], app["org_scopes"]) == ([], [])


async def test_r6_better_a_lesser_administrator_will_do(scene, somebody):
    """A Privileged Role Administrator, who is not a global one."""
    role = "e8611ab8-c189-46e8-94e1-60213ab1f814"
    customer = await company(scene, "megan")
    facts = {"directory_roles": [role]}
    await scene.control("PATCH", f"/people/{customer.address('megan')}", facts)
    link = await scene.consent_link(customer, "organisation")
    page = somebody().agree(link["url"], customer.address("megan"), "organisation")

    megan = await scene.control("GET", f"/people/{customer.address('megan')}")
    (app,) = await installed(customer)
    assert "is connected" in page.text
    assert not megan["is_admin"]
    assert "Calendars.ReadWrite" in app["roles"]


async def test_r7_the_product_lets_users_connect_or_not(scene, somebody):
    """Switched off, links that were handed out lead nowhere, and nothing of it is stored;
    switched on again, new ones do.
    """
    customer = await company(scene, "megan")
    off = await link_for(customer, "megan")
    await customer.api("DELETE", f"/consent-links/{off['id']}")
    stopped = somebody().open(off["url"])
    before = await connections(customer)
    link = await link_for(customer, "megan")
    page = somebody().agree(link["url"], customer.address("megan"))

    assert stopped.reads("code") == "consent-link-revoked"
    assert not stopped.sees("as-user")
    assert before == []
    assert "is connected" in page.text
    assert await became(customer, off) == ["created", "revoked"]


async def test_r7_better_what_is_connected_already_obeys_too(scene, somebody):
    """Off is a pause for those: nothing crosses while it lasts, and nothing is lost by it."""
    customer = await connected(scene, somebody)
    await customer.settled("talk", "megan")
    await customer.api("POST", "/pause")
    await customer.edits("megan", "talk", location={"displayName": "Room 6"})
    late = await customer.put("later", "megan")
    await scene.let_time_pass(customer)
    await scene.run("catch_up")
    await scene.run("sweep")
    operation = late.json()["operation"]
    meanwhile = await customer.events("megan", "later")
    known = await customer.get("talk")
    await customer.api("POST", "/resume")
    await customer.shows("megan", "later")
    change = await customer.change("talk", "appointment.updated")

    assert (meanwhile, known["location"]) == ([], "")
    assert operation["waits_for"]
    assert change["data"]["appointment"]["location"] == "Room 6"


async def test_r8_an_administrator_signs_in_where_a_user_was_blocked(scene, somebody):
    """ "Sign in with that account", on Microsoft's page, with the organisation's tick: that counts
    for everybody. Better: the administrator's calendar is not connected by accident, and the
    user goes on with the same link and is asked nothing more.
    """
    customer = await company(scene, "megan", consent_policy="admins_only")
    link = await link_for(customer, "megan")
    page = somebody().open(link["url"]).press("as-user").sign_in(customer.address("megan"))
    blocked = page.text
    page.follow("other-account").sign_in(customer.address("root"))
    page.tick("consent-org", "accept")
    stored = await connections(customer)
    again = somebody().open(link["url"]).press("as-user").sign_in(customer.address("megan"))

    assert "Have an admin account?" in blocked
    assert page.reads("code") == "wrong-account"
    assert stored == []
    assert "is connected" in again.text
    assert [one["address"] for one in await connections(customer)] == [customer.address("megan")]


async def test_r8_better_the_administrator_needs_no_account_of_the_product(scene, somebody):
    """No visit to Account Settings: the user has a text to send, and its link works elsewhere,
    later; meanwhile the product knows what it waits for.
    """
    customer = await company(scene, "megan", consent_policy="admins_only")
    link = await link_for(customer, "megan", choices=["user", "organisation"])
    stopped = somebody().open(link["url"]).press("as-user")
    stopped.sign_in(customer.address("megan")).press("return")
    waiting = await link_of(customer, link)
    letter = stopped.reads("letter")
    url = address_in(letter)
    elsewhere = somebody().agree(url, customer.address("root"), "organisation")

    assert (waiting["state"], waiting["problem"]["fix_by"]) == ("waiting", "tenant_admin")
    assert "only an administrator" in letter
    assert "is connected" in elsewhere.text
    assert await why_not(customer) is None


@pytest.mark.parametrize("ticked", [True, False], ids=["ticked", "unticked"])
async def test_r9_the_tick_decides_whether_colleagues_are_asked(scene, somebody, ticked):
    """An administrator who connects their own calendar may tick for all; else each colleague sees
    the permissions, and agrees for themselves.
    """
    customer = await company(scene, "megan")
    admins = await link_for(customer, "root")
    page = somebody().open(admins["url"]).press("as-user").sign_in(customer.address("root"))
    listed = page.lists("permissions")
    _ = page.tick("consent-org", "accept") if ticked else page.press("accept")
    mine = await link_for(customer, "megan")
    colleague = somebody().open(mine["url"]).press("as-user")
    colleague.sign_in(customer.address("megan"))
    asked = colleague.sees("accept")
    _ = colleague.press("accept") if asked else colleague

    assert CALENDAR in listed
    assert asked is not ticked
    assert "is connected" in page.text
    assert "is connected" in colleague.text


async def test_r9_better_the_choice_is_two_buttons_with_their_effect(scene, somebody):
    """Before Microsoft, in words: nobody overlooks a tick."""
    customer = await company(scene, "megan")
    link = await scene.consent_link(customer, "user", choices=["user", "organisation"])
    page = somebody().open(link["url"])

    assert "your own calendar only" in page.reads("effect-user")
    assert "nobody else is asked" in page.reads("effect-organisation")
    assert page.sees("as-user")
    assert page.sees("as-organisation")


async def test_r10_r29_the_app_in_entra_holds_profile_and_calendar(scene, somebody):
    """One application, by the name that was on Microsoft's page, with what was agreed to and
    nothing else: who one is, and one's own calendar.
    """
    customer = await company(scene, "megan")
    link = await link_for(customer, "megan")
    page = somebody().open(link["url"]).press("as-user").sign_in(customer.address("megan"))
    name, listed = page.reads("app"), page.lists("permissions")
    page.press("accept")
    (app,) = await installed(customer)
    apps = (await scene.control("GET", "/apps"))["value"]
    (named,) = [one["name"] for one in apps if one["client_id"] == app["app_id"]]
    held = set(app["user_scopes"][customer.people["megan"]])
    (connection,) = await connections(customer)

    assert name == named
    assert {"User.Read", "Calendars.ReadWrite"} <= held
    assert held <= {
        *("User.Read", "Calendars.ReadWrite"),
        *("openid", "profile", "email", "offline_access"),
    }
    assert CALENDAR in listed
    assert {"Calendars.ReadWrite", "User.Read"} <= set(connection["granted"])


async def test_r11_each_user_connects_and_only_them(scene, somebody):
    """What one agreed to opens no colleague's calendar; the product is refused there, and told
    why.
    """
    customer = await company(scene, "megan", "diego")
    link = await link_for(customer, "megan")
    somebody().agree(link["url"], customer.address("megan"))
    await customer.settled("talk", "megan")
    refused = await customer.put("other", "diego")

    assert (refused.status_code, refused.json()["code"]) == (409, "mailbox-not-connected")
    calendars = (await customer.api("GET", "/calendars")).json()["calendars"]
    assert [one["mailbox"] for one in calendars] == [customer.address("megan")]


async def test_r12_cues_guide_users(scene, somebody):
    """What the product shows beside a feature, and beside a name: what is missing, whose move it
    is, and what to do; nothing once it is done.
    """
    customer = await company(scene, "megan")
    addresses = [customer.address("megan")]
    await customer.api("PUT", "/people/megan", json={"addresses": addresses})
    cue, label = await why_not(customer), (await person(customer, "megan"))["calendar"]
    link = await link_for(customer, "megan")
    somebody().agree(link["url"], addresses[0])
    await customer.in_state("megan", "active")

    assert (cue["code"], cue["fix_by"]) == ("consent-required", "user")
    assert cue["title"]
    assert cue["remedy"]
    assert label is None
    assert await why_not(customer) is None
    assert (await person(customer, "megan"))["calendar"]["state"] == "active"


async def test_r12_better_the_company_can_be_connected_centrally(scene, somebody):
    """By one administrator: the users named are connected, and none of them opened a page."""
    customer = await company(scene, "megan", "diego")
    link = await scene.consent_link(customer, "organisation")
    somebody().agree(link["url"], customer.address("root"), "organisation")
    for who in ("megan", "diego"):
        await customer.api("POST", "/calendars", json={"mailbox": customer.address(who)})
    for who in ("megan", "diego"):
        await customer.in_state(who, "active")
    (app,) = await installed(customer)

    assert await why_not(customer, "bulk") is None
    assert customer.people["megan"] not in app["user_scopes"]
    assert customer.people["diego"] not in app["user_scopes"]
    assert len(await connections(customer)) == 1
