import httpx
import pytest

from shared.errors import Unavailable
from shared.store.memory import MemoryStore
from shared.store.records import Connection, ConnectionKind, State
from tests.unit.api.stage import NOW, build_stage


async def test_a_tenant_is_created_once(api):
    """The first PUT creates (201), the next changes (200) and keeps what it does not name."""
    first = await api.put("/v1/tenants/new", json={"name": "New", "policy": {"winner": "app"}})
    second = await api.put("/v1/tenants/new", json={"name": "Newer"})

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["name"] == "Newer"
    assert second.json()["policy"]["winner"] == "app"
    assert second.json()["state"] == "not_connected"


async def test_a_wrong_policy_is_named(api):
    """A policy that cannot be is refused with a pointer, and nothing is stored."""
    answer = await api.put("/v1/tenants/new", json={"name": "New", "policy": {"winner": "dice"}})

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["pointer"]) == (
        "invalid-policy",
        "/policy/winner",
    )
    assert (await api.get("/v1/tenants/new")).status_code == 404


async def test_an_unknown_tenant_is_a_problem_everywhere(api):
    """Whatever is asked of a tenant that does not exist, it is told so."""
    for path in ("", "/status", "/connections", "/calendars", "/changes", "/appointments/x"):
        answer = await api.get(f"/v1/tenants/nobody{path}")

        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-unknown")


async def test_the_status_counts(api):
    """The status tells how many of what are in which state."""
    status = (await api.get("/v1/tenants/acme/status")).json()

    assert status["connections"] == {"total": 1, "by_state": {"active": 1}}
    assert status["calendars"] == {"total": 1, "by_state": {"active": 1}}
    assert status["log"] == {"head": 0}


async def test_tenants_are_listed_in_pages(api):
    """Following `next` gives every tenant."""
    for name in ("a", "b"):
        await api.put(f"/v1/tenants/{name}", json={"name": name})

    first = (await api.get("/v1/tenants?limit=2")).json()
    second = (await api.get(f"/v1/tenants?limit=2&after={first['next']}")).json()

    assert [t["id"] for t in first["tenants"] + second["tenants"]] == ["a", "acme", "b"]


async def test_a_calendar_and_a_connection_can_be_read(api):
    """What is listed can be read by its id; anything else is unknown."""
    calendars = (await api.get("/v1/tenants/acme/calendars")).json()["calendars"]
    connections = (await api.get("/v1/tenants/acme/connections")).json()["connections"]

    calendar = await api.get(f"/v1/tenants/acme/calendars/{calendars[0]['id']}")
    connection = await api.get(f"/v1/tenants/acme/connections/{connections[0]['id']}")

    assert calendar.json()["mailbox"] == "ada@acme.example"
    assert connection.json()["kind"] == "user"
    assert (await api.get("/v1/tenants/acme/calendars/x")).json()["code"] == "calendar-unknown"
    assert (await api.get("/v1/tenants/acme/connections/x")).json()["code"] == (
        "connection-unknown"
    )


async def test_disconnecting_begins_at_once(api, stage):
    """A deleted connection is disconnecting, and its calendars' workers are woken."""
    answer = await api.delete("/v1/tenants/acme/connections/user-ada")

    assert (answer.status_code, answer.json()["state"]) == (202, "disconnecting")
    assert ("sync-calendar", "acme~ada", 0) in stage.queues.sent


async def test_a_mailbox_takes_an_organisation(api):
    """Without an administrator's consent no mailbox can be connected by name."""
    answer = await api.post("/v1/tenants/acme/calendars", json={"mailbox": "bob@acme.example"})

    assert (answer.status_code, answer.json()["code"]) == (409, "organisation-not-connected")


class AwayStore(MemoryStore):
    async def tenant(self, tenant):
        raise Unavailable(7, "storage does not answer")


async def test_storage_that_does_not_answer_is_told():
    """When storage is away the answer is 503 and says when to come again."""
    stage = build_stage(AwayStore())
    async with stage.client() as client:
        answer = await client.get("/v1/tenants/acme")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://app.example.org/settings", 201),
        ("https://app.example.org/settings/calendar?x=1", 201),
        ("https://app.example.org/settingsx", 400),
        ("https://app.example.org/settings/../admin", 400),
        ("https://app.example.org.evil.example/settings", 400),
        ("https://app.example.org@evil.example/settings", 400),
        ("http://app.example.org/settings", 400),
        ("javascript:alert(1)", 400),
        ("//app.example.org/settings", 400),
    ],
)
async def test_only_listed_return_urls_are_taken(api, url, status):
    """A person is sent back only to a listed address or below it."""
    answer = await api.post(
        "/v1/tenants/acme/consent-links", json={"kind": "user", "return_url": url}
    )

    assert answer.status_code == status


async def test_a_consent_link_can_be_read(api):
    """A consent link has a URL of its own, and is found by id and in the list."""
    made = (await api.post("/v1/tenants/acme/consent-links", json={"kind": "user"})).json()

    read = (await api.get(f"/v1/tenants/acme/consent-links/{made['id']}")).json()
    listed = (await api.get("/v1/tenants/acme/consent-links")).json()["consent_links"]

    tenant, link, _ = httpx.URL(made["url"]).params["link"].split(".")
    assert (tenant, link) == ("acme", made["id"])
    assert read == made
    assert listed == [made]


async def test_a_consent_link_that_never_was_is_a_problem(api):
    """An unknown id is told as such."""
    answer = await api.get("/v1/tenants/acme/consent-links/x")

    assert (answer.status_code, answer.json()["code"]) == (404, "consent-link-unknown")


async def test_a_connection_without_calendars_ends_at_once(api, stage):
    """Nobody has to be waited for: it is disconnected, and so is a tenant without another."""
    made = Connection("alone", "new", ConnectionKind.ORGANISATION, State.ACTIVE, NOW, "entra")
    await api.put("/v1/tenants/new", json={"name": "New"})
    await stage.services.store.put_connection(made)

    ended = await api.delete("/v1/tenants/new/connections/alone")
    again = await api.delete("/v1/tenants/new/connections/alone")

    tenant = (await api.get("/v1/tenants/new")).json()
    changes = (await api.get("/v1/tenants/new/changes")).json()["changes"]
    assert (ended.json()["state"], again.json()["state"]) == ("disconnected", "disconnected")
    assert (tenant["state"], tenant["cause"]) == ("not_connected", "disconnected-by-app")
    assert [one["data"]["state"] for one in changes] == ["disconnected", "not_connected"]


async def test_a_connection_that_never_was_cannot_end(api):
    """An unknown id is told as such."""
    answer = await api.delete("/v1/tenants/acme/connections/x")

    assert (answer.status_code, answer.json()["code"]) == (404, "connection-unknown")


@pytest.mark.parametrize("mailbox", ["bob", "a/b@acme.example", "a@b?c", "a b@c", "@", "%2e@x"])
async def test_what_can_name_no_mailbox_is_refused(api, mailbox):
    """What would not stay one segment of Graph's URL is not sent there; the problem says what
    would be right.
    """
    answer = await api.post("/v1/tenants/acme/calendars", json={"mailbox": mailbox})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/mailbox")
    assert answer.json()["detail"] == (
        "mailbox: must be a user principal name or an Entra object id."
    )
