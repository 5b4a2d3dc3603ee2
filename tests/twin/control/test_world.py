"""Setting the scene through /_twin."""

from datetime import UTC, datetime

import httpx
import pytest

from local.twin.app import Twin, create_app

MEGAN = "megan@contoso.example"


async def test_reset_empties_the_world(http, twin):
    """Only the vendor's tenant is left; the demo is one word away."""
    twin.clock.advance(86_400)

    empty = (await http.post("/_twin/reset", json={})).json()
    demo = (await http.post("/_twin/reset", json={"seed": "demo"})).json()

    assert (empty["tenants"], empty["people"]) == (1, 0)
    assert (demo["tenants"], demo["people"]) == (4, 15)
    assert abs((datetime.now(UTC) - twin.clock.now()).total_seconds()) < 5


async def test_tenants_people_and_rooms_are_made_and_found(http):
    tenant = {"domain": "new.example", "name": "New", "consent_policy": "admins_only"}
    made = (await http.post("/_twin/tenants", json=tenant)).json()
    person = {
        "tenant": "new.example",
        "upn": "a@new.example",
        "display_name": "A",
        "is_admin": True,
    }
    await http.post("/_twin/people", json=person)
    room = {"tenant": made["id"], "mail": "r@new.example", "capacity": 4}
    await http.post("/_twin/rooms", json=room)

    people = (await http.get("/_twin/people", params={"tenant": "new.example"})).json()["value"]

    assert made["consent_policy"] == "admins_only"
    assert [(p["upn"], p["kind"]) for p in people] == [
        ("a@new.example", "user"),
        ("r@new.example", "room"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/people", {"upn": "x@x.example"}, 400, "'tenant'"),
        ("/people", {"tenant": "x.example", "upn": "x@x.example"}, 404, "x.example"),
        ("/people", {"tenant": "contoso.example", "upn": MEGAN}, 409, "taken"),
        (
            "/people",
            {"tenant": "contoso.example", "upn": "n@c.example", "kind": "cat"},
            400,
            "kind",
        ),
        ("/people", {"tenant": "contoso.example", "upn": "n@c.example", "age": 5}, 400, "age"),
        ("/tenants", {"domain": "contoso.example"}, 409, "exists"),
        ("/tenants", {"domain": "x.example", "consent_policy": "no"}, 400, "admin_workflow"),
        ("/reset", {"seed": "big"}, 400, "demo"),
        ("/clock/advance", {"seconds": "ten"}, 400, "number"),
        ("/clock/freeze", {"at": "2026-01-01T00:00:00"}, 400, "offset"),
        ("/faults", {"action": {}}, 400, "exactly one"),
        ("/faults", {"action": {"status": 429}, "match": {"path": "("}}, 400, "match.path"),
        ("/faults", {"action": {"status": 429}, "phase": "during"}, 400, "before or after"),
        ("/notification-faults", {"kind": "burn"}, 400, "reorder"),
        ("/subscriptions/lifecycle", {"event": "gone"}, 400, "missed"),
        ("/apps", {"client_id": "x", "colour": "red"}, 400, "colour"),
    ],
)
async def test_a_mistake_is_explained(http, path, body, status, words):
    answer = await http.post(f"/_twin{path}", json=body)

    assert answer.status_code == status
    assert words in answer.json()["error"]


async def test_only_this_machine_may_control(twin):
    transport = httpx.ASGITransport(create_app(twin), client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as http:
        assert (await http.get("/_twin/state")).status_code == 403
        assert (await http.get("/_twin/")).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), ("null", 403), ("http://localhost:8080", 200)],
)
async def test_a_web_page_from_elsewhere_may_not_control(http, origin, status):
    answer = await http.post("/_twin/reset", headers={"Origin": origin})

    assert answer.status_code == status


@pytest.mark.parametrize(
    "change", [{"mailbox": "onprem"}, {"mailbox": "none"}, {"licensed": False}]
)
async def test_a_mailbox_can_be_taken_away(http, auth, change):
    """Graph answers 404 MailboxNotEnabledForRESTAPI from then on."""
    await http.patch(f"/_twin/people/{MEGAN}", json=change)

    answer = await http.get(f"/v1.0/users/{MEGAN}/events", headers=auth)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "MailboxNotEnabledForRESTAPI"


async def test_an_access_policy_keeps_apps_out_of_a_mailbox(http, auth):
    await http.patch(f"/_twin/people/{MEGAN}", json={"apps_blocked": True})

    answer = await http.get(f"/v1.0/users/{MEGAN}/events", headers=auth)

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Access to OData is disabled."


async def test_a_person_can_be_deleted_for_good(http, auth, twin):
    """Graph and Entra no longer know them."""
    person = (await http.get(f"/_twin/people/{MEGAN}")).json()["id"]

    assert (await http.delete(f"/_twin/people/{MEGAN}")).status_code == 204

    answer = await http.get(f"/v1.0/users/{MEGAN}/events", headers=auth)
    assert answer.status_code == 404
    assert person not in twin.world.mailboxes


async def test_a_person_works_in_outlook(http, meeting):
    """Creates, sees, changes, answers and deletes; the invitation is in the outbox."""
    invited = {
        **meeting,
        "attendees": [{"emailAddress": {"address": "diego@contoso.example"}, "type": "required"}],
    }
    made = (await http.post(f"/_twin/people/{MEGAN}/events", json=invited)).json()
    window = {"start": "2026-11-30T00:00:00Z", "end": "2026-12-03T00:00:00Z"}
    diego = "/_twin/people/diego@contoso.example/events"
    copy = (await http.get(diego, params=window)).json()["value"][0]

    await http.post(f"{diego}/{copy['id']}/respond", json={"kind": "accept"})
    change = {"subject": "Plan B"}
    changed = await http.patch(f"/_twin/people/{MEGAN}/events/{made['id']}", json=change)
    mails = (await http.get("/_twin/outbox")).json()["value"]
    await http.delete(f"/_twin/people/{MEGAN}/events/{made['id']}")
    left = await http.get(f"/_twin/people/{MEGAN}/events", params=window)

    assert copy["iCalUId"] == made["iCalUId"]
    assert changed.json()["attendees"][0]["status"]["response"] == "accepted"
    assert [m["kind"] for m in mails] == ["invitation", "response", "update"]
    assert {m["cause"] for m in mails} == {"person"}
    assert left.json()["value"] == []


async def test_a_second_calendar_is_made_and_used(http, meeting):
    made = await http.post(f"/_twin/people/{MEGAN}/calendars", json={"name": "Team"})
    calendar = made.json()["id"]
    events = f"/_twin/people/{MEGAN}/events"
    await http.post(events, params={"calendar": calendar}, json=meeting)
    window = {"start": "2026-11-30T00:00:00Z", "end": "2026-12-03T00:00:00Z"}

    inside = await http.get(events, params={**window, "calendar": calendar})
    default = await http.get(events, params=window)

    assert (len(inside.json()["value"]), len(default.json()["value"])) == (1, 0)


async def test_it_answers_under_microsofts_names(http):
    """Issuer and endpoints are of the host that was asked; Graph takes the token."""
    await http.post("/_twin/grants", json={"tenant": "contoso.example"})
    login = "https://login.microsoftonline.com/contoso.example"
    found = (await http.get(f"{login}/v2.0/.well-known/openid-configuration")).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": "11111111-0000-4000-8000-000000000003",
        "client_secret": "local-app-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post(found["token_endpoint"], data=form)).json()["access_token"]
    auth = {"Authorization": f"Bearer {token}"}

    answer = await http.get(f"https://graph.microsoft.com/v1.0/users/{MEGAN}", headers=auth)

    assert found["issuer"].startswith("https://login.microsoftonline.com/2222")
    assert answer.json()["mail"] == MEGAN


@pytest.mark.parametrize("path", [f"/people/{MEGAN}/expire-delta-tokens", "/expire-delta-tokens"])
async def test_delta_tokens_expire_on_demand(http, auth, path):
    """The next use of a link answers 410 and a code that asks for a new round."""
    window = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z"}
    url = f"/v1.0/users/{MEGAN}/calendarView/delta"
    link = (await http.get(url, params=window, headers=auth)).json()["@odata.deltaLink"]
    assert (await http.get(link, headers=auth)).status_code == 200

    await http.post(f"/_twin{path}")
    answer = await http.get(link, headers=auth)

    assert answer.status_code == 410
    assert answer.json()["error"]["code"].lower() == "syncstatenotfound"


async def test_the_clock_stands_jumps_and_goes_on(http, twin):
    frozen = (await http.post("/_twin/clock/freeze", json={"at": "2027-01-01T00:00:00Z"})).json()
    moved = (await http.post("/_twin/clock/advance", json={"seconds": 90})).json()
    await http.post("/_twin/clock/resume")

    assert frozen == {"now": "2027-01-01T00:00:00+00:00", "frozen": True}
    assert moved["now"] == "2027-01-01T00:01:30+00:00"
    assert not twin.clock.frozen
    assert 0 <= (twin.clock.now() - datetime(2027, 1, 1, 0, 1, 30, tzinfo=UTC)).seconds < 60


async def test_switches_are_read_and_set(http, twin):
    """An unknown name or a wrong type changes nothing."""
    wrong = await http.patch("/_twin/switches", json={"latencies": 5})
    typed = await http.patch("/_twin/switches", json={"latency_ms": "5"})
    right = await http.patch("/_twin/switches", json={"latency_ms": 5})

    assert "no switch" in wrong.json()["error"]
    assert "type int" in typed.json()["error"]
    assert right.json()["latency_ms"] == twin.switches.latency_ms == 5


async def test_the_page_shows_the_world(http):
    page = await http.get("/_twin/")

    assert page.headers["content-type"].startswith("text/html")
    assert MEGAN in page.text


async def test_a_snapshot_brings_everything_back(http, auth, twin, meeting):
    """Events, grants, keys and the clock: the old token still opens the mailbox."""
    await http.post(f"/_twin/people/{MEGAN}/events", json=meeting)
    twin.clock.advance(120)

    again = Twin()
    again.load(twin.to_json())
    transport = httpx.ASGITransport(create_app(again))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as other:
        answer = await other.get(f"/v1.0/users/{MEGAN}/events", headers=auth)
    await again.close()

    assert [e["subject"] for e in answer.json()["value"]] == ["Plan"]
    assert abs((again.clock.now() - twin.clock.now()).total_seconds()) < 5


async def test_groups_and_the_recycle_bin_are_set_and_kept(http, twin):
    """Members are named as people know them, and a snapshot holds all of it."""
    await http.post("/_twin/groups", json={"tenant": "contoso.example", "name": "Inner"})
    outer = {"tenant": "contoso.example", "name": "Outer", "members": [MEGAN, "Inner"]}
    made = (await http.post("/_twin/groups", json=outer)).json()
    await http.post(f"/_twin/people/{MEGAN}/soft-delete")
    assert (await http.get(f"/_twin/people/{MEGAN}")).status_code == 404

    twin.load(twin.to_json())
    restored = await http.post(f"/_twin/people/{MEGAN}/restore")

    assert made["members"][0] == restored.json()["id"]
    assert [g["name"] for g in (await http.get("/_twin/groups")).json()["value"]] == [
        "Inner",
        "Outer",
    ]
    assert (await http.get(f"/_twin/people/{MEGAN}")).status_code == 200


async def test_who_was_deleted_can_be_deleted_for_good(http):
    await http.post(f"/_twin/people/{MEGAN}/soft-delete")

    await http.delete(f"/_twin/people/{MEGAN}")

    assert (await http.post(f"/_twin/people/{MEGAN}/restore")).status_code == 404


async def test_a_large_population_makes_its_events_at_first_sight(http, auth, twin):
    """Eight on a working day, told by delta as any other; a snapshot keeps what is not made."""
    crowd = {"tenant": "contoso.example", "people": 30, "events": 41, "start": "2027-01-01"}
    people = (await http.post("/_twin/population", json=crowd)).json()["people"]
    assert (await http.get("/_twin/state")).json()["events"] == 0

    twin.load(twin.to_json())
    window = "startDateTime=2027-01-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z"
    url = f"/v1.0/users/{people[29]}/calendarView/delta?{window}"
    page = await http.get(url, headers={**auth, "Prefer": "odata.maxpagesize=100"})

    starts = [event["start"]["dateTime"][:13] for event in page.json()["value"]]
    assert (people[0], people[29]) == ("p0001@contoso.example", "p0030@contoso.example")
    assert (len(starts), len(set(starts))) == (41, 41)
    assert (starts[0], starts[8], starts[40]) == (
        "2027-01-01T08",
        "2027-01-04T08",
        "2027-01-08T08",
    )
    assert (await http.get("/_twin/state")).json()["events"] == 41


async def test_an_address_that_moves_to_another_person_finds_the_new_one(http):
    """However often it was looked up before."""
    await http.get(f"/_twin/people/{MEGAN}")
    await http.patch(f"/_twin/people/{MEGAN}", json={"upn": "m@contoso.example", "mail": ""})

    change = {"aliases": [MEGAN]}
    await http.patch("/_twin/people/diego@contoso.example", json=change)

    assert (await http.get(f"/_twin/people/{MEGAN}")).json()["display_name"] == "Diego Siciliani"


async def test_roles_in_exchange_are_given_listed_kept_and_taken(http, twin):
    path = "/_twin/tenants/contoso.example/app-roles"
    role = {"role": "Application Calendars.Read", "people": [MEGAN]}
    given = (await http.post(path, json=role)).json()

    twin.load(twin.to_json())
    listed = (await http.get(path)).json()["value"]
    await http.delete(f"{path}/{given['id']}")

    assert listed == [given]
    assert (await http.get(path)).json()["value"] == []
    assert (await http.post(path, json={"role": "Calendars.Read"})).status_code == 400
    assert (await http.post(path, json={**role, "group": "none"})).status_code == 404
