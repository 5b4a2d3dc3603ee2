"""Clear Review: who is not connected any more, how a connection is mended, and how it ends.

R26's nine months are not waited for: what keeps a grant from growing old is played.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import Contended
from shared.store.records import Due, DueKind
from tests.journeys.scene import LONG_AGO, at, eventually, graph_at
from tests.scenarios.clear_review import PRESET, company, connected, link_for, person
from tests.scenarios.connecting import asked_of_microsoft, connections, ended
from tests.scenarios.scene import guests, invited, mailed, mails

EVE = "eve@client.example"


async def test_r20_who_has_not_connected_is_named(scene, somebody):
    """The banner over the calendar: of each attendee the product knows whether their calendar is
    connected. Better: also that it broke, why, and who can mend it.
    """
    customer = await connected(scene, somebody, "diego")
    for who in ("diego", "megan"):
        known = {"addresses": [customer.address(who)], "kind": "employee"}
        await customer.api("PUT", f"/people/{who}", json=known)
    without = (await person(customer, "megan"))["calendar"]
    well = (await person(customer, "diego"))["calendar"]
    await signed_out(customer, "diego")
    ill = (await person(customer, "diego"))["calendar"]

    assert without is None
    assert (well["state"], well["cause"]) == ("active", "")
    assert ill["state"] == "action_required"
    assert ill["explanation"]["fixed_by"] == "user"
    assert ill["next_step"].endswith("/reconnect")


async def test_r20_better_sharing_set_to_none_does_not_matter(scene, somebody):
    """It is colleagues that it keeps out; whoever connected is read and written all the same."""
    customer = await company(scene, "megan")
    address = customer.address("megan")
    nobody = {"role": "none"}
    await scene.control("POST", f"/people/{address}/calendar-permissions", nobody)
    link = await link_for(customer, "megan")
    somebody().agree(link["url"], address)
    await customer.in_state("megan", "active")
    await customer.settled("talk", "megan")
    await customer.edits("megan", "talk", location={"displayName": "Room 6"})
    change = await customer.change("talk", "appointment.updated")

    assert change["data"]["fields"] == ["location"]


async def test_r21_a_new_user_principal_name_breaks_nothing(scene, somebody):
    """No error, no disconnecting and reconnecting: who is connected is known by what never
    changes, and goes on under the new name in both directions.
    """
    customer = await connected(scene, somebody)
    await customer.settled("talk", "megan")
    new = {name: customer.address("margaret") for name in ("upn", "mail")}
    await scene.control("PATCH", f"/people/{customer.address('megan')}", new)
    customer.people["margaret"] = customer.people["megan"]
    await customer.edits("margaret", "talk", location={"displayName": "Room 6"})
    await customer.change("talk", "appointment.updated")
    await customer.patch("talk", start=at(13), end=at(14))

    async def moved():
        (event,) = await customer.events("margaret", "talk")
        return event["start"]["dateTime"][11:16] == "13:00"

    await eventually(moved, "the conversation at one o'clock")
    (connection,) = await connections(customer)
    assert (connection["state"], connection["cause"]) == ("active", "")


async def signed_out(customer, who):
    """An administrator resets the password, which ends sessions; and the service looks."""
    await customer.scene.control("POST", f"/people/{customer.address(who)}/reset-password")
    (connection,) = await connections(customer)
    await customer.api("POST", f"/connections/{connection['id']}/check")
    return connection


async def test_r26_a_grant_does_not_grow_old(scene, somebody):
    """Nine months or ninety days, whatever it is that ends one that is not used: each is used
    once in thirty days, also where nothing is synced, and nobody is asked anything.
    """
    customer = await connected(scene, somebody)
    await customer.idle()
    (connection,) = await connections(customer)
    told, asked = await customer.changes(), await asked_of_microsoft(customer, "/token")
    await thirty_days_later(customer, connection["id"])
    again = await asked_of_microsoft(customer, "/token")
    kept = await scene.store.connection(customer.name, connection["id"])

    assert len(again) == len(asked) + 1
    assert kept.exercised > datetime.now(UTC) - timedelta(minutes=1)
    assert kept.check_due > datetime.now(UTC) + timedelta(days=29)
    assert await customer.changes() == told


async def thirty_days_later(customer, name):
    """The grant was used last a month ago, and the timer's minute comes."""
    store, now = customer.scene.store, datetime.now(UTC)

    async def aged():
        found = await store.connection(customer.name, name)
        month = now - timedelta(days=31)
        try:
            await store.put_connection(replace(found, exercised=month, check_due=now - LONG_AGO))
        except Contended:
            return False
        return True

    await eventually(aged, "the connection's row could be written")
    await store.remind(Due(DueKind.CHECK, now - LONG_AGO, f"{customer.name}~{name}"))
    await customer.scene.run("catch_up")


async def test_r26_better_reconnecting_early_needs_no_disconnecting(scene, somebody):
    """Whoever wants to be ahead of it: a link, the same account, the connection keeps its id, and
    sync goes on meanwhile.
    """
    customer = await connected(scene, somebody)
    await customer.settled("talk", "megan")
    (connection,) = await connections(customer)
    made = await customer.api("POST", f"/connections/{connection['id']}/reconnect")
    await customer.settled("other", "megan", start=at(13), end=at(14))
    somebody().agree(made.json()["url"], customer.address("megan"))
    await customer.edits("megan", "talk", location={"displayName": "Room 6"})
    await customer.change("talk", "appointment.updated")
    (after,) = await connections(customer)

    assert (after["id"], after["state"]) == (connection["id"], "active")
    assert len(await customer.events("megan")) == 2


async def test_r26_r27_the_product_is_told_and_one_link_mends_it(scene, somebody):
    """A password that an administrator resets ends the sign-in: told at once, with the cause, who
    can fix it and the request that helps. One page later what happened meanwhile is there, and
    nobody was mailed for it.
    """
    customer = await connected(scene, somebody)
    await customer.settled("talk", "megan", attendees=invited(EVE))
    async with customer.host_app() as host:
        connection = await signed_out(customer, "megan")
        told = await host.hears(connection["id"], "connection.state")
    (broken,) = await connections(customer)
    await customer.edits("megan", "talk", start=graph_at(8))
    sent = await mailed(customer)
    step = broken["next_step"].removeprefix("POST ").partition(f"/tenants/{customer.name}")[2]
    link = (await customer.api("POST", step)).json()
    somebody().agree(link["url"], customer.address("megan"))
    change = await customer.change("talk", "appointment.updated")
    (mended,) = await connections(customer)

    assert told["data"]["state"] == "action_required"
    assert told["data"]["cause"] == broken["cause"] == "sign-in-again"
    assert broken["explanation"]["fixed_by"] == "user"
    assert change["data"]["fields"] == ["when"]
    assert (mended["id"], mended["state"]) == (connection["id"], "active")
    assert await mailed(customer) == sent


async def test_r27_better_who_changes_their_own_password_notices_nothing(scene, somebody):
    """Microsoft keeps the grant then, and so does the service."""
    customer = await connected(scene, somebody)
    person = customer.address("megan")
    await scene.control("POST", f"/people/{person}/reset-password", {"by": "self"})
    (connection,) = await connections(customer)
    looked = await customer.api("POST", f"/connections/{connection['id']}/check")

    assert looked.json()["state"] == "active"


async def test_r27_better_nobodys_password_matters_to_the_organisations_consent(scene):
    """Under it nobody has signed in for their calendar."""
    customer = await scene.connect("megan", policy=PRESET)
    for who in ("megan", "root"):
        await scene.control("POST", f"/people/{customer.address(who)}/reset-password")
    (connection,) = await connections(customer)
    looked = await customer.api("POST", f"/connections/{connection['id']}/check")
    await customer.settled("talk", "megan")

    assert looked.json()["state"] == "active"
    assert len(await customer.events("megan", "talk")) == 1


@pytest.mark.parametrize("copies", ["leave", "mark", "remove"])
async def test_r28_r30_disconnecting_touches_only_the_products_own(scene, somebody, copies):
    """Connecting, mending and ending leave what people made exactly as it was. R30's events stay;
    better: the product may have its own marked or removed, and no attendee is mailed for it.
    """
    customer = await company(scene, "megan")
    theirs = await customer.books("megan", "Dentist", attendees=guests(EVE))
    link = await link_for(customer, "megan")
    somebody().agree(link["url"], customer.address("megan"))
    await customer.in_state("megan", "active")
    await customer.settled("talk", "megan")
    await customer.idle()
    (connection,) = await connections(customer)
    path = f"/connections/{connection['id']}"
    answer = await customer.api("DELETE", path, params={"copies": copies})
    receipt = await ended(customer, answer.json())
    after = {one["subject"]: one for one in await customer.events("megan")}

    assert answer.status_code == 202
    assert after["Dentist"]["changeKey"] == theirs["changeKey"]
    assert receipt["copies"]["wanted"] == copies
    assert receipt["copies"][{"leave": "left", "mark": "marked", "remove": "removed"}[copies]] == 1
    assert ("talk" in after) is (copies != "remove")
    assert copies == "remove" or bool(after["talk"]["categories"]) is (copies == "mark")
    assert await mailed(customer) == mails("invitation", EVE)


async def test_r30_disconnecting_stops_sync(scene, somebody):
    """Neither side hears of the other any more; the events stay in Outlook, and the receipt says
    that the grant is destroyed.
    """
    customer = await connected(scene, somebody)
    await customer.settled("talk", "megan")
    (connection,) = await connections(customer)
    receipt = (await customer.api("DELETE", f"/connections/{connection['id']}")).json()
    done = await ended(customer, receipt)
    told = await customer.changes()
    await customer.edits("megan", "talk", location={"displayName": "Room 6"})
    refused = await customer.patch("talk", subject="Other")
    live = await scene.control("GET", f"/subscriptions?user={customer.address('megan')}")
    await customer.idle()

    assert (refused.status_code, refused.json()["code"]) == (409, "mailbox-not-connected")
    assert (done["subscriptions"]["deleted"], live["value"]) == (1, [])
    assert done["secrets"]["destroyed"] >= 1
    assert await customer.changes() == told
    assert [one["subject"] for one in await customer.events("megan")] == ["talk"]
