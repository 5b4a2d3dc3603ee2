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


def script_run(scene, *members):
    """What the script does in Exchange; in Entra it leaves the directory alone. The group."""
    made = scene.control("/groups", tenant=CONTOSO, name="Synced", members=list(members))
    role = {"role": "Application Calendars.ReadWrite", "group": made["id"]}
    scene.control(f"/tenants/{CONTOSO}/app-roles", **role)
    return made["id"]


def entra_grants(scene, *roles):
    body = {"tenant": CONTOSO, "roles": list(roles)}
    scene.twin.patch("/_twin/grants", json=body).raise_for_status()


def put_in(scene, group, *members):
    body = {"members": list(members)}
    scene.twin.patch(f"/_twin/groups/{group}", json=body).raise_for_status()


def roles_take(scene, seconds):
    body = {"app_role_delay_seconds": seconds}
    scene.twin.patch("/_twin/switches", json=body).raise_for_status()


async def proven(scene):
    answer = await scene.ask("POST", f"connections/{ORGANISATION}/proof", json=PROOF)
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_limit_is_proven_and_dated(scene):
    """A mailbox inside opens and one outside is refused: kept, dated, and known from then on.
    What is outside waits for the administrator, and what is inside is synced.
    """
    await scene.organisation("User.Read.All")
    script_run(scene, MEGAN)
    made = await proven(scene)
    inside, outside = await scene.connect(MEGAN), await scene.connect(DIEGO)

    listed = (await scene.ask("GET", f"connections/{ORGANISATION}/proofs")).json()["proofs"]
    connection = (await scene.ask("GET", f"connections/{ORGANISATION}")).json()
    refused = await scene.calendar(outside)
    assert (made["verdict"], made["roles"]) == ("scoped", ["User.Read.All"])
    assert (made["inside_found"], made["outside_found"]) == ("reached", "refused")
    assert listed == [made]
    assert connection["scoped"] is True
    assert (await scene.calendar(inside)).state is State.ACTIVE
    assert (refused.state, refused.cause) == (State.ACTION_REQUIRED, "access-denied")


async def test_a_grant_of_entra_defeats_the_script(scene):
    """Grants add up: both mailboxes open for as long as Entra's stands, the proof says what to
    take back, and once it is the same proof finds the limit; given again, it is found out.
    """
    await scene.organisation(*WRITE)
    script_run(scene, MEGAN)
    defeated = await proven(scene)
    entra_grants(scene, "User.Read.All")
    scoped = await proven(scene)
    entra_grants(scene, *WRITE)
    again = await proven(scene)

    connection = (await scene.ask("GET", f"connections/{ORGANISATION}")).json()
    assert [one["verdict"] for one in (defeated, scoped, again)] == [
        "not_scoped",
        "scoped",
        "not_scoped",
    ]
    assert "Entra itself has granted" in defeated["why"]
    assert "step 4" in defeated["why"]
    assert (defeated["roles"], scoped["roles"]) == (sorted(WRITE), ["User.Read.All"])
    assert connection["scoped"] is False


async def test_who_is_inside_must_be_in_the_group_itself(scene):
    """An empty group, and a group in the group, reach nobody; nor does a role that is too new.
    Neither proves nor disproves anything, and the proof says what it may be.
    """
    await scene.organisation("User.Read.All")
    group = script_run(scene)
    nobody = await proven(scene)
    scene.control("/groups", tenant=CONTOSO, name="Inner", members=[MEGAN])
    put_in(scene, group, "Inner")
    nested = await proven(scene)
    put_in(scene, group, MEGAN)
    roles_take(scene, 7200.0)
    early = await proven(scene)
    roles_take(scene, 0.0)
    direct = await proven(scene)

    assert [one["verdict"] for one in (nobody, nested, early, direct)] == [
        "not_yet",
        "not_yet",
        "not_yet",
        "scoped",
    ]
    assert "2 hours" in nobody["why"]
    assert "direct member" in nobody["why"]


async def test_a_policy_that_keeps_the_app_out_is_named(scene):
    """Neither opens though Entra has granted calendars: waiting would not help."""
    await scene.organisation(*WRITE)
    for who in (MEGAN, DIEGO):
        body = {"apps_blocked": True}
        scene.twin.patch(f"/_twin/people/{who}", json=body).raise_for_status()
    blocked = await proven(scene)

    assert blocked["verdict"] == "unclear"
    assert "application access policy" in blocked["why"]
    assert blocked["roles"] == sorted(WRITE)


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
