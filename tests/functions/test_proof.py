"""An organisation's grant that is limited, and an account that acts for others."""

import pytest

from local.twin.seed import CONTOSO
from shared.store.records import CalendarKey, Reach, State
from tests.functions.granted import ADA, APPOINTMENT, DIEGO, MEGAN, ORGANISATION, scene_on

WRITE = ("Calendars.ReadWrite", "User.Read.All")
PROOF = {"inside": MEGAN, "outside": DIEGO}


@pytest.fixture
async def scene(ground):
    async for made in scene_on(ground):
        yield made


async def test_a_limit_is_proven_and_dated(scene):
    """A mailbox inside opens and one outside is refused: kept, dated, and known from then on."""
    await scene.organisation(*WRITE)
    blocked = {"apps_blocked": True}
    scene.twin.patch(f"/_twin/people/{DIEGO}", json=blocked).raise_for_status()

    made = await scene.ask("POST", f"connections/{ORGANISATION}/proof", json=PROOF)

    listed = (await scene.ask("GET", f"connections/{ORGANISATION}/proofs")).json()["proofs"]
    connection = (await scene.ask("GET", f"connections/{ORGANISATION}")).json()
    assert made.json()["verdict"] == "scoped"
    assert listed == [made.json()]
    assert connection["scoped"] is True


async def test_a_grant_over_all_mailboxes_is_named(scene):
    """With Entra's grant both open, and the proof says what defeats the scope."""
    await scene.organisation(*WRITE)

    made = (await scene.ask("POST", f"connections/{ORGANISATION}/proof", json=PROOF)).json()

    assert made["verdict"] == "not_scoped"
    assert "step 4" in made["why"]
    assert made["roles"] == sorted(WRITE)


async def test_the_script_names_the_organisations_own_application(scene):
    """The object id in the script is that of the enterprise application in this organisation."""
    await scene.organisation(*WRITE)
    installed = scene.twin.get("/_twin/grants").json()["value"]
    principal = next(one["object_id"] for one in installed if one["tenant_id"] == CONTOSO)

    path = f"connections/{ORGANISATION}/scoping-script"
    script = await scene.ask("GET", path, params={"group": "o'neill@contoso.example"})
    refused = await scene.ask("GET", path, params={"group": "x'; Remove-Mailbox"})

    assert script.headers["content-type"].startswith("text/plain")
    assert f"$ObjectId = '{principal}'" in script.text
    assert "$Group = 'o''neill@contoso.example'" in script.text
    assert (refused.status_code, refused.json()["pointer"]) == (400, "/group")


async def test_an_account_reaches_what_is_shared_with_it(scene):
    """Somebody's calendar is connected by an account that acts for others, and polled."""
    scene.control(f"/people/{MEGAN}/calendar-permissions", address=ADA, role="write")
    account = await scene.account(ADA)
    rights = await scene.ask("GET", f"connections/{account.id}/rights", params={"mailbox": MEGAN})

    made = await scene.ask("POST", "mailboxes", json={"connection": account.id, "mailbox": MEGAN})
    key = CalendarKey("acme", made.json()["id"])
    await scene.services.engine.work(key)
    await scene.ask("PUT", "appointments/visit-1", json=APPOINTMENT)
    await scene.services.engine.work(key)

    calendar = await scene.calendar(key)
    (event,) = scene.twin.get(
        f"/_twin/people/{MEGAN}/events?start=2027-01-04T00:00:00Z&end=2027-01-05T00:00:00Z"
    ).json()["value"]
    assert rights.json()["can_write"] is True
    assert (calendar.state, calendar.subscription) == (State.ACTIVE, "")
    assert event["organizer"]["emailAddress"]["address"] == MEGAN


async def test_capabilities_say_why_not(scene):
    """What the picked reach leaves out is named, with who can change it."""
    await scene.organisation("Calendars.Read", "User.Read.All", reach=Reach.READ)

    found = (await scene.ask("GET", "capabilities")).json()["capabilities"]
    told = {one["feature"]: one["why_not"] and one["why_not"]["code"] for one in found}

    assert told == {
        "write_appointments": "reach-too-narrow",
        "read_events": None,
        "free_busy": None,
        "rooms": "reach-too-narrow",
        "teams": "reach-too-narrow",
        "bulk": None,
    }


async def test_what_one_project_may_do_can_be_used(scene):
    """Off for the tenant and on for one project: writing is there, reading is nowhere."""
    await scene.organisation(*WRITE)
    document = {"direction": "off", "projects": {"befriending": {"direction": "to_outlook"}}}
    await scene.ask("PUT", "policy", json=document)

    found = (await scene.ask("GET", "capabilities")).json()["capabilities"]
    told = {one["feature"]: one["why_not"] and one["why_not"]["code"] for one in found}

    assert told["write_appointments"] is None
    assert told["read_events"] == "sync-off"


async def test_nobody_has_consented_yet(scene):
    """Without a connection everything waits for consent, and a connection tells in plain words."""
    found = (await scene.ask("GET", "capabilities")).json()["capabilities"]
    await scene.organisation("Calendars.Read", "User.Read.All")
    connection = (await scene.ask("GET", f"connections/{ORGANISATION}")).json()

    assert {one["why_not"]["reason"] for one in found} == {"consent"}
    assert "Read events from Outlook and tell of their changes." in connection["can"]
    assert any("has not granted Calendars.ReadWrite" in one for one in connection["cannot"])
