"""A mailbox is the same by whatever name the host app calls it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from local.twin.seed import CONTOSO
from shared.store.records import State
from tests.functions.granted import ADA, APPOINTMENT, DIEGO, MEGAN, ORGANISATION, scene_on

WRITE = ("Calendars.ReadWrite", "User.Read.All")
MARRIED = "megan.berg@contoso.example"
ALIAS = "meg@contoso.example"


@pytest.fixture
async def scene(ground):
    async for made in scene_on(ground):
        yield made


def rename(scene, **names):
    scene.twin.patch(f"/_twin/people/{MEGAN}", json=names).raise_for_status()


async def test_a_mailbox_connects_by_any_of_its_addresses(scene):
    await scene.organisation(*WRITE)
    rename(scene, aliases=[ALIAS])

    by_alias = await scene.connect(ALIAS)

    assert (await scene.calendar(by_alias)).address == MEGAN
    assert await scene.connect(MEGAN) == by_alias


async def test_a_name_that_only_the_directory_knows_is_found_there(scene):
    """Before the weekly look: a write, a list, and then the calendar itself, by old and new."""
    await scene.organisation(*WRITE)
    key = await scene.connect()
    rename(scene, upn=MARRIED, mail=MARRIED)

    put = await scene.ask("PUT", "appointments/a", json=APPOINTMENT | {"mailbox": MARRIED})
    listed = await scene.ask("GET", "appointments", params={"mailbox": MARRIED})
    unknown = await scene.ask("PUT", "appointments/b", json=APPOINTMENT | {"mailbox": "x@y.z"})
    old = await scene.ask("PUT", "appointments/c", json=APPOINTMENT)
    found = [await scene.ask("GET", f"calendars/{name}") for name in (MEGAN, MARRIED)]

    assert (put.status_code, old.status_code) == (202, 202), put.text
    assert [one["id"] for one in listed.json()["appointments"]] == ["a"]
    assert (unknown.status_code, unknown.json()["code"]) == (409, "mailbox-not-connected")
    assert [one.json()["id"] for one in found] == [key.calendar] * 2
    changes = await scene.services.store.changes("acme")
    renamed = [one.data for one in changes if one.type == "calbridge.calendar.renamed"]
    assert [(one["mailbox"], one["was"]["mailbox"]) for one in renamed] == [(MARRIED, MEGAN)]


@pytest.mark.parametrize("name", [MARRIED, MEGAN])
async def test_a_right_is_asked_for_by_any_name(scene, name):
    """A new name is no way around the calendar's permissions."""
    await scene.organisation(*WRITE)
    await scene.connect()
    tenant = await scene.services.store.tenant("acme")
    assert tenant is not None
    policy = {"require_calendar_rights": True}
    await scene.services.store.put_tenant(replace(tenant, policy=policy))
    rename(scene, upn=MARRIED, mail=MARRIED)

    wanted = APPOINTMENT | {"mailbox": name, "acting_user": "diego@contoso.example"}
    put = await scene.ask("PUT", "appointments/a", json=wanted)

    assert (put.status_code, put.json()["code"]) == (403, "calendar-right-missing")


@pytest.mark.parametrize("name", [MARRIED, MEGAN, ALIAS])
async def test_rights_and_proofs_take_any_name(scene, name):
    """Today's, the one that the calendar was connected by, and an alias; nobody's stays so."""
    await scene.organisation(*WRITE)
    await scene.connect()
    rename(scene, upn=MARRIED, mail=MARRIED, aliases=[ALIAS])
    scene.twin.patch(f"/_twin/people/{DIEGO}", json={"apps_blocked": True}).raise_for_status()
    path = f"connections/{ORGANISATION}"

    rights = await scene.ask("GET", f"{path}/rights", params={"mailbox": name})
    nobody = await scene.ask("GET", f"{path}/rights", params={"mailbox": "x@contoso.example"})
    proof = {"inside": name, "outside": DIEGO}
    proven = (await scene.ask("POST", f"{path}/proof", json=proof)).json()

    assert (rights.json()["owner"], rights.json()["can_write"]) == (MARRIED, True)
    assert nobody.json()["why_not"] == "There is no such mailbox in Exchange Online."
    assert (proven["inside"], proven["verdict"]) == (name, "scoped")


async def test_a_shared_calendar_is_known_to_an_account_by_its_former_name(scene):
    """Exchange tells a person's account of no other name: ours lead to whose it is."""
    scene.control(f"/people/{MEGAN}/calendar-permissions", address=ADA, role="write")
    account = await scene.account(ADA)
    wanted = {"connection": account.id, "mailbox": MEGAN}
    key = (await scene.ask("POST", "mailboxes", json=wanted)).json()["id"]
    rename(scene, upn=MARRIED, mail=MARRIED)

    rights = await scene.ask("GET", f"connections/{account.id}/rights", params={"mailbox": MEGAN})
    again = await scene.ask("POST", "mailboxes", json=wanted)

    assert (rights.json()["owner"], rights.json()["can_write"]) == (MARRIED, True)
    assert (again.status_code, again.json()["id"]) == (202, key)


async def test_a_name_given_to_somebody_else_is_theirs(scene):
    """Whoever had it before is not opened for them."""
    await scene.organisation(*WRITE)
    await scene.connect()
    rename(scene, upn=MARRIED, mail=MARRIED)
    scene.control("/people", tenant=CONTOSO, upn=MEGAN, display_name="Megan II", id="megan-ii")

    path = f"connections/{ORGANISATION}/rights"
    rights = await scene.ask("GET", path, params={"mailbox": MEGAN})

    assert rights.json()["owner"] == MEGAN


async def test_a_replaced_mailbox_is_connected_again_by_its_address(scene):
    """A new account is a new calendar; the old one ends, and its address leads to the new."""
    await scene.organisation(*WRITE)
    old = await scene.connect()
    scene.twin.delete(f"/_twin/people/{MEGAN}").raise_for_status()
    scene.control("/people", tenant=CONTOSO, upn=MEGAN, display_name="Megan", id="new-megan")
    scene.clock.now += timedelta(minutes=5)
    replaced = await scene.round(old)
    assert (replaced.state, replaced.cause) == (State.ACTION_REQUIRED, "mailbox-replaced")

    new = await scene.connect()
    await scene.services.engine.work(old)

    assert new != old
    assert (await scene.calendar(old)).state is State.DISCONNECTED
    put = await scene.ask("PUT", "appointments/a", json=APPOINTMENT)
    assert put.status_code == 202
    assert await scene.services.store.located("acme", "a") == new
