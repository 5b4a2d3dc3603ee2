"""ClearCompany: everybody's calendars connected in one step, by either of two modes.

K16, K17 and K19 of a single calendar are played in test_clearcompany. Not played: K2's menu and
K9's page are the product's own, here is what they would ask of the API; K4's and K14's Exchange
on own servers, by EWS, which Microsoft ends; K6's fixed addresses (nothing is called from fixed
ones, and nothing calls in but Microsoft's notifications).
"""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.journeys.scene import eventually
from tests.scenarios.connecting import (
    asked_of_microsoft,
    became,
    connections,
    ended,
    link_of,
    why_not,
)
from tests.scenarios.scene import guests, mailed, mails
from tests.scenarios.visitor import Visitor
from tests.stack import RETURN_URL

PRESET = {"preset": "clearcompany"}
EVE = "eve@client.example"


async def company(scene, *people, **tenant):
    return await scene.customer(*people, policy=PRESET, **tenant)


async def authorized(scene, somebody, *people, **wanted):
    """Its administrator agreed for everybody; nobody is connected yet."""
    customer = await company(scene, *people)
    link = await scene.consent_link(customer, "organisation", **wanted)
    somebody().agree(link["url"], customer.address("root"), "organisation")
    return customer


async def joined(customer, *people):
    """Connected by name."""
    for who in people:
        answer = await customer.api("POST", "/calendars", json={"mailbox": customer.address(who)})
        assert answer.status_code == 202, answer.text
    for who in people:
        await customer.in_state(who, "active")


async def rolled_out(customer, rollout, state="done"):
    async def look():
        found = (await customer.api("GET", f"/rollouts/{rollout['id']}")).json()
        return found if found["state"] == state else None

    return await eventually(look, f"the rollout is {state}")


async def left_out(customer, rollout, name):
    path = f"/rollouts/{rollout['id']}/mailboxes"
    wanted = {"stage": "unreachable", "class": name}
    found = (await customer.api("GET", path, params=wanted)).json()["mailboxes"]
    return [(one["mailbox"], one["cause"]) for one in found]


async def test_k1_k14_everybody_is_connected_in_one_step(scene, somebody):
    """Whoever has a mailbox in Microsoft 365, and nobody is mailed. Better: who has none, or has
    it on own servers, is listed with the reason.
    """
    customer = await authorized(scene, somebody, "megan", "oldham", "lynne")
    await customer.books("megan", "Plan", attendees=guests(EVE))
    facts = {"oldham": {"mailbox": "onprem"}, "lynne": {"licensed": False, "mailbox": "none"}}
    for who, fact in facts.items():
        await scene.control("PATCH", f"/people/{customer.address(who)}", fact)
    asked = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    done = await rolled_out(customer, asked.json())
    stages = {name: count for name, count in done["mailboxes"]["by_stage"].items() if count}
    told = [one for one in await customer.changes() if one["type"].endswith("rollout.state")]

    assert stages == {"live": 2, "unreachable": 2}
    assert (done["percent"], done["seconds_left"]) == (100, 0)
    assert await left_out(customer, asked.json(), "on_premises") == [
        (customer.address("oldham"), "mailbox-on-premises")
    ]
    assert await left_out(customer, asked.json(), "no_licence") == [
        (customer.address("lynne"), "mailbox-unlicensed")
    ]
    assert told[-1]["data"]["state"] == "done"
    assert len(await customer.appointments()) == 1
    assert await mailed(customer) == mails("invitation", EVE)


async def test_k16_k17_progress_of_all_and_done(scene, somebody):
    """Not one "in progress" for hours: how many have arrived, and who has not; done when all
    have, seconds after the last.
    """
    customer = await authorized(scene, somebody, "megan", "diego")
    slow = f"/users/{customer.people['diego']}/.*calendarView/delta"
    await customer.fault({"status": 503, "retry_after": 1}, slow, "GET", times=None)
    mailboxes = [customer.address(who) for who in ("megan", "diego")]
    body = {"source": {"mailboxes": mailboxes}}
    rollout = (await customer.api("POST", "/rollouts", json=body)).json()
    await customer.in_state("megan", "active")

    async def halfway():
        found = (await customer.api("GET", f"/rollouts/{rollout['id']}")).json()
        return found if found["mailboxes"]["by_stage"]["live"] == 1 else None

    half = await eventually(halfway, "one of two is live")
    await scene.control("DELETE", "/faults")
    await scene.let_time_pass(customer)
    await scene.run("catch_up")
    done = await rolled_out(customer, rollout)

    assert (half["state"], half["percent"]) == ("connecting", 50)
    assert half["mailboxes"]["by_stage"]["connecting"] == 1
    assert (done["percent"], done["mailboxes"]["by_stage"]["live"]) == (100, 2)
    assert datetime.fromisoformat(done["done_at"]) - datetime.fromisoformat(
        done["created"]
    ) < timedelta(minutes=2)


async def test_k2_the_menu_says_why_it_is_missing(scene, somebody):
    """Better than no menu: that the organisation has not agreed, and how it comes to; with it,
    nothing is missing.
    """
    customer = await company(scene, "megan")
    before = await why_not(customer, "bulk")
    refused = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    link = await scene.consent_link(customer, "organisation")
    somebody().agree(link["url"], customer.address("root"), "organisation")

    assert (before["code"], before["reason"]) == ("organisation-not-connected", "consent")
    assert (before["fix_by"], "administrator" in before["remedy"]) == ("vendor", True)
    assert (refused.status_code, refused.json()["code"]) == (409, "organisation-not-connected")
    assert await why_not(customer, "bulk") is None


async def account_connected(scene, somebody, *people):
    """The second mode: an account of the organisation's own, by its sign-in."""
    customer = await company(scene, "agent", *people)
    link = await scene.consent_link(customer, "service_account")
    page = somebody().agree(link["url"], customer.address("agent"), "service_account")
    assert "is connected" in page.text
    (connection,) = await connections(customer)
    return customer, connection


async def share(customer, who, role):
    body = {"address": customer.address("agent"), "role": role}
    path = f"/people/{customer.address(who)}/calendar-permissions"
    await customer.scene.control("POST", path, body)


async def test_k3_k5_an_account_acts_for_others(scene, somebody):
    """The mode without the organisation's consent. Better than impersonation: it reaches what was
    shared with it and nothing more, and no password is kept anywhere.
    """
    customer, connection = await account_connected(scene, somebody, "megan", "diego")
    await share(customer, "megan", "write")
    ours = {"connection": connection["id"]}
    made = await customer.api("POST", "/mailboxes", json=ours | _mailbox(customer, "megan"))
    await customer.in_state("megan", "active")
    await customer.settled("interview", "megan")
    (event,) = await customer.events("megan", "interview")
    refused = await customer.api("POST", "/mailboxes", json=ours | _mailbox(customer, "diego"))

    assert (connection["kind"], made.status_code) == ("service_account", 202)
    assert event["organizer"]["emailAddress"]["address"] == customer.address("megan")
    assert (refused.status_code, refused.json()["code"]) == (403, "calendar-not-shared")


def _mailbox(customer, who):
    return {"mailbox": customer.address(who)}


async def test_k3_both_modes_side_by_side(scene, somebody):
    """Better: not one or the other for the whole company; only a mailbox has one of them."""
    customer, account = await account_connected(scene, somebody, "megan", "diego")
    await share(customer, "megan", "write")
    link = await scene.consent_link(customer, "organisation")
    somebody().agree(link["url"], customer.address("root"), "organisation")
    await joined(customer, "diego")
    body = {"connection": account["id"], **_mailbox(customer, "diego")}
    twice = await customer.api("POST", "/mailboxes", json=body | _mailbox(customer, "diego"))
    await customer.api("POST", "/mailboxes", json=body | _mailbox(customer, "megan"))
    await customer.in_state("megan", "active")
    kinds = sorted(one["kind"] for one in await connections(customer))

    assert kinds == ["organisation", "service_account"]
    assert twice.json()["code"] == "calendar-not-shared"
    assert len((await customer.api("GET", "/calendars")).json()["calendars"]) == 2


async def test_k4_only_when_people_are_busy_for_the_whole_company(scene, somebody):
    """One word at the consent: calendars are listed, and no event is read, kept or written."""
    customer = await authorized(scene, somebody, "megan", reach="free_busy")
    await customer.books("megan", "Layoffs")
    await joined(customer, "megan")
    refused = await customer.put("interview", "megan")
    await customer.idle()
    (connection,) = await connections(customer)

    assert refused.json()["code"] in {"calendar-read-only", "reach-too-narrow"}
    assert await customer.appointments() == []
    assert await asked_of_microsoft(customer, "calendarView") == []
    assert await why_not(customer, "free_busy") is None
    assert (await why_not(customer, "read_events"))["code"] == "reach-too-narrow"
    assert connection["reach"] == "free_busy"


async def test_k5_k7_a_group_limits_the_consent_and_a_proof_shows_it(scene, somebody):
    """Before the limit the proof says that everybody is open, and why; after the script's steps a
    mailbox inside opens and one outside is refused, and so is its calendar.
    """
    customer = await authorized(scene, somebody, "megan", "diego")
    (connection,) = await connections(customer)
    path = f"/connections/{connection['id']}"
    pair = {"inside": customer.address("megan"), "outside": customer.address("diego")}
    open_to_all = (await customer.api("POST", f"{path}/proof", json=pair)).json()
    group = await limited(customer, "megan")
    script = await customer.api("GET", f"{path}/scoping-script", params={"group": group})
    proof = (await customer.api("POST", f"{path}/proof", json=pair)).json()
    await joined(customer, "megan")
    outside = await customer.api("POST", "/calendars", json=_mailbox(customer, "diego"))
    stopped = await customer.in_state("diego", "action_required")
    (after,) = await connections(customer)

    assert (open_to_all["verdict"], proof["verdict"]) == ("not_scoped", "scoped")
    assert (outside.status_code, stopped["cause"]) == (202, "access-denied")
    assert "add up" in open_to_all["why"]
    assert group in script.text
    assert "Application Calendars.ReadWrite" in script.text
    assert after["scoped"]


async def limited(customer, *members):
    """What the script does at the customer, and the group it does it for."""
    scene, mail = customer.scene, customer.address("recruiting")
    people = [customer.address(who) for who in members]
    group = {"tenant": customer.entra, "name": "Recruiting", "mail": mail, "members": people}
    made = await scene.control("POST", "/groups", {**group, "kind": "mail_security"})
    role = {"role": "Application Calendars.ReadWrite", "group": made["id"]}
    await scene.control("POST", f"/tenants/{customer.entra}/app-roles", role)
    left = {"tenant": customer.entra, "roles": ["User.Read.All"]}
    await scene.control("PATCH", "/grants", left)
    return mail


async def test_k7_the_account_is_tested_on_ordinary_people(scene, somebody):
    """Who is no administrator: what it may do in their calendar, and, better, what its owner has
    to do where that is not enough.
    """
    customer, connection = await account_connected(scene, somebody, "megan", "diego")
    await share(customer, "megan", "read")
    found = []
    for who in ("megan", "diego"):
        path = f"/connections/{connection['id']}/rights"
        found.append((await customer.api("GET", path, params=_mailbox(customer, who))).json())
    megan, diego = found
    await share(customer, "diego", "write")
    path = f"/connections/{connection['id']}/rights"
    again = (await customer.api("GET", path, params=_mailbox(customer, "diego"))).json()

    assert (megan["can_read"], megan["can_write"]) == (True, False)
    assert "edit permission" in megan["why_not"]
    assert (diego["can_read"], diego["can_write"]) == (False, False)
    assert "can share it in Outlook" in diego["why_not"]
    assert (again["can_write"], again["why_not"]) == (True, "")


async def test_k8_an_administrators_sign_in_is_the_least(scene, somebody):
    """Somebody else who signs in at the end is refused, whoever had agreed; the product is told
    whose move it is, and the administrator finishes by the same link.
    """
    customer = await company(scene, "megan")
    link = await scene.consent_link(customer, "organisation")
    page = somebody().open(link["url"]).press("as-organisation")
    page.sign_in(customer.address("root")).press("accept")
    page.sign_in(customer.address("megan"))
    waiting, stored = await link_of(customer, link), await connections(customer)
    somebody().agree(link["url"], customer.address("root"), "organisation")

    assert page.reads("code") == "administrator-needed"
    assert "Privileged Role Administrator" in page.reads("remedy")
    assert (waiting["state"], waiting["problem"]["fix_by"]) == ("waiting", "tenant_admin")
    assert stored == []
    assert (await became(customer, link))[-1] == "granted"


async def test_k9_k10_the_button_leads_to_microsoft_and_back(scene, somebody):
    """Back in the product it is told which connection came of it. Better: also when it came to
    nothing, and why.
    """
    customer = await company(scene, "megan")
    wanted = {"return_url": RETURN_URL, "choices": ["organisation"]}
    link = await scene.consent_link(customer, "organisation", **wanted)
    declined = somebody().open(link["url"]).press("as-organisation")
    declined.sign_in(customer.address("root")).press("cancel")
    code = declined.reads("code")
    refused = await link_of(customer, link)
    page = somebody().agree(link["url"], customer.address("root"), "organisation")
    (connection,) = await connections(customer)

    assert refused["problem"]["code"] == code == "consent-declined"
    assert parse_qs(urlsplit(page.landed).query) == {
        "calbridge": ["connected"],
        "connection": [connection["id"]],
    }


async def test_k15_nobody_stands_between(scene):
    """No other party's terms to accept: from the link to the end only Microsoft and the
    product's own address are met, and the page may load nothing from anywhere else.
    """
    customer = await company(scene, "megan")
    link = await scene.consent_link(customer, "organisation")
    hosts, policies = set(), []
    with scene.browser() as client:
        client.event_hooks["request"].append(lambda sent: hosts.add(sent.url.netloc.decode()))
        client.event_hooks["response"].append(
            lambda got: policies.append((got.url, got.headers.get("content-security-policy", "")))
        )
        page = Visitor(client).agree(link["url"], customer.address("root"), "organisation")
    ours, microsoft = (urlsplit(one).netloc for one in (scene.stack.url, scene.stack.twin_url))
    of_ours = [policy for url, policy in policies if url.netloc.decode() == ours]

    assert "is connected" in page.text
    assert hosts == {ours, microsoft}
    assert "default-src 'none'" in of_ours[0]
    assert "connect-src" not in of_ours[0]


async def test_k18_one_mailbox_in_trouble_is_shown_and_stops_nobody(scene, somebody):
    """The page counts who is in which state and for what cause; better: it says who can mend
    it, the others go on, and it goes away by itself once that is done.
    """
    customer = await authorized(scene, somebody, "megan", "diego")
    await joined(customer, "megan", "diego")
    person = f"/people/{customer.address('diego')}"
    await scene.control("PATCH", person, {"apps_blocked": True})
    await _looked(customer)
    broken = await customer.in_state("diego", "action_required")
    status = (await customer.api("GET", "/status")).json()
    await customer.settled("interview", "megan")
    await scene.control("PATCH", person, {"apps_blocked": False})
    await _looked(customer)
    mended = await customer.in_state("diego", "active")

    assert status["calendars"]["by_state"] == {"active": 1, "action_required": 1}
    assert broken["cause"] == "access-denied"
    assert broken["explanation"]["fixed_by"] == "tenant_admin"
    assert broken["explanation"]["remedy"]
    assert broken["cause"] in str(status["troubles"])
    assert not broken["from_connection"]
    assert mended["cause"] == ""


async def _looked(customer):
    """The minute comes in which the calendars are looked at."""
    await customer.scene.let_time_pass(customer)
    await customer.scene.run("catch_up")


async def test_k19_disabling_ends_within_a_minute_with_a_receipt(scene, somebody):
    """Of the whole customer, not half an hour: subscriptions and secrets are gone, and then all
    that is kept; in Outlook everything stays. What Microsoft granted is the customer's to remove.
    """
    customer = await authorized(scene, somebody, "megan", "diego")
    await joined(customer, "megan", "diego")
    await customer.settled("interview", "megan")
    answer = await customer.api("DELETE", "", params={"confirm": customer.name})
    receipt = await ended(customer, answer.json())
    gone = await customer.api("GET", "")
    live = await scene.control("GET", f"/subscriptions?tenant={customer.entra}")
    took = datetime.fromisoformat(receipt["ended"]) - datetime.fromisoformat(receipt["asked"])

    assert answer.status_code == 202
    assert took < timedelta(minutes=1)
    assert (receipt["calendars"], receipt["copies"]["left"]) == (2, 1)
    assert (gone.status_code, gone.json()["code"]) == (404, "tenant-unknown")
    assert live["value"] == []
    assert len(await customer.events("megan", "interview")) == 1
