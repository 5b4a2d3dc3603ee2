"""Spoiled requests: each action, before and after the request took effect."""

import asyncio
import socket
import time
from datetime import datetime, timedelta

import httpx
import pytest
import uvicorn

from tests.twin.entra.served import served
from tests.twin.notify.receiver import Receiver

MEGAN = "megan@contoso.example"
EVENTS = f"/v1.0/users/{MEGAN}/events"


async def _spoil(http, **rule):
    answer = await http.post("/_twin/faults", json=rule)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ({"status": 429, "retry_after": 7}, 429, "ApplicationThrottled"),
        ({"status": 503, "retry_after": 3}, 503, "ServiceUnavailable"),
        ({"status": 504}, 504, "GatewayTimeout"),
        ({"status": 401}, 401, "InvalidAuthenticationToken"),
        ({"status": 403, "code": "ErrorAccessDenied"}, 403, "ErrorAccessDenied"),
        ({"status": 410, "code": "resyncRequired", "message": "Again."}, 410, "resyncRequired"),
    ],
)
async def test_a_request_is_answered_with_an_error(http, auth, action, status, code):
    """Once, with Graph's shape of error; Retry-After only when the rule has one."""
    await _spoil(http, match={"path": "/events"}, action=action)

    spoiled = await http.get(EVENTS, headers=auth)
    healthy = await http.get(EVENTS, headers=auth)

    assert (spoiled.status_code, spoiled.json()["error"]["code"]) == (status, code)
    wanted = str(action["retry_after"]) if "retry_after" in action else None
    assert spoiled.headers.get("retry-after") == wanted
    assert healthy.status_code == 200


async def test_a_fault_before_prevents_the_request(http, auth, meeting):
    await _spoil(http, match={"method": "POST"}, action={"status": 503})

    await http.post(EVENTS, headers=auth, json=meeting)

    assert (await http.get(EVENTS, headers=auth)).json()["value"] == []


async def test_a_fault_after_loses_only_the_answer(http, auth, meeting):
    await _spoil(http, match={"method": "POST"}, action={"status": 504}, phase="after")

    lost = await http.post(EVENTS, headers=auth, json=meeting)

    assert lost.status_code == 504
    assert len((await http.get(EVENTS, headers=auth)).json()["value"]) == 1


@pytest.mark.parametrize(
    ("action", "error"),
    [({"timeout": 0}, httpx.ReadTimeout), ({"drop": True}, httpx.RemoteProtocolError)],
)
async def test_in_process_a_lost_connection_is_the_clients_own_error(http, auth, action, error):
    await _spoil(http, match={"path": "/events"}, action=action)

    with pytest.raises(error):
        await http.get(EVENTS, headers=auth)


async def test_a_rule_counts_and_skips(http, auth):
    """The first request passes, two fail, then all is well."""
    await _spoil(http, match={"path": "/events"}, action={"status": 503}, skip=1, times=2)

    answers = [(await http.get(EVENTS, headers=auth)).status_code for _ in range(4)]

    assert answers == [200, 503, 503, 200]


async def test_a_rule_without_count_holds_until_cleared(http, auth):
    rule = await _spoil(http, match={"path": "/events"}, action={"status": 503}, times=None)
    during = [(await http.get(EVENTS, headers=auth)).status_code for _ in range(3)]

    await http.delete(f"/_twin/faults/{rule}")

    assert during == [503, 503, 503]
    assert (await http.get(EVENTS, headers=auth)).status_code == 200


@pytest.mark.parametrize(
    "match",
    [
        {"method": "PATCH"},
        {"path": "/calendarView"},
        {"tenant": "fabrikam.example"},
        {"user": "diego@contoso.example"},
    ],
)
async def test_what_does_not_match_passes(http, auth, match):
    await _spoil(http, match=match, action={"status": 503})

    assert (await http.get(EVENTS, headers=auth)).status_code == 200


@pytest.mark.parametrize(
    "match",
    [{}, {"method": "get"}, {"tenant": "contoso.example"}, {"user": MEGAN}, {"path": "^/v1.0/u"}],
)
async def test_what_matches_is_spoiled(http, auth, match):
    await _spoil(http, match=match, action={"status": 503})

    assert (await http.get(EVENTS, headers=auth)).status_code == 503


async def test_a_person_is_matched_by_any_name(http, auth):
    """The rule says the address, the request the id."""
    person = (await http.get(f"/_twin/people/{MEGAN}")).json()
    await _spoil(http, match={"user": MEGAN.upper()}, action={"status": 503})

    answer = await http.get(f"/v1.0/users/{person['id']}/events", headers=auth)

    assert answer.status_code == 503


async def test_the_token_endpoint_can_be_down(http):
    await _spoil(http, match={"path": "/token"}, action={"status": 503, "body": "<h1>down</h1>"})

    answer = await http.post("/contoso.example/oauth2/v2.0/token", data={})

    assert (answer.status_code, answer.text) == (503, "<h1>down</h1>")


async def test_batch_parts_are_spoiled_one_by_one(http, auth):
    """The outer answer is 200, the part carries the error and its Retry-After."""
    await _spoil(http, match={"user": MEGAN}, action={"status": 429, "retry_after": 9})
    requests = [
        {"id": "1", "method": "GET", "url": f"/users/{MEGAN}/events"},
        {"id": "2", "method": "GET", "url": "/users/diego@contoso.example/events"},
    ]

    answer = await http.post("/v1.0/$batch", headers=auth, json={"requests": requests})

    parts = {p["id"]: p for p in answer.json()["responses"]}
    assert answer.status_code == 200
    assert (parts["1"]["status"], parts["2"]["status"]) == (429, 200)
    assert httpx.Headers(parts["1"]["headers"])["Retry-After"] == "9"


async def test_the_log_tells_exactly_what_was_asked(http, auth, meeting):
    """In order, with mailbox, tenant and the fault that was played."""
    await http.delete("/_twin/requests")
    await _spoil(http, match={"method": "GET"}, action={"status": 429})
    await http.post(EVENTS, headers=auth, json=meeting)
    await http.get(f"{EVENTS}?$top=5", headers=auth)

    logged = (await http.get("/_twin/requests", params={"path": "^/v1.0"})).json()["value"]
    only = (await http.get("/_twin/requests", params={"status": "429"})).json()["value"]

    assert [(a["method"], a["path"], a["status"]) for a in logged] == [
        ("POST", EVENTS, 201),
        ("GET", EVENTS, 429),
    ]
    assert {a["mailbox"] for a in logged} == {MEGAN}
    assert [(a["query"], a["fault"] is None) for a in only] == [("$top=5", False)]


@pytest.fixture
def sockets(running):
    with running.client() as client:
        client.post("/_twin/reset", json={"seed": "demo"}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(tmp_path_factory.mktemp("certs")) as twin:
        yield twin


def test_over_sockets_a_dropped_connection_has_no_answer(sockets):
    rule = {"match": {"path": "openid-configuration"}, "action": {"drop": True}}
    sockets.post("/_twin/faults", json=rule).raise_for_status()
    path = "/common/v2.0/.well-known/openid-configuration"

    with pytest.raises(httpx.RemoteProtocolError):
        sockets.get(path)
    assert sockets.get(path).status_code == 200


def test_over_sockets_a_timeout_hangs_and_then_drops(sockets):
    rule = {"match": {"path": "openid-configuration"}, "action": {"timeout": 0.3}}
    sockets.post("/_twin/faults", json=rule).raise_for_status()
    began = time.monotonic()

    with pytest.raises(httpx.RemoteProtocolError):
        sockets.get("/common/v2.0/.well-known/openid-configuration")

    assert time.monotonic() - began >= 0.3


async def test_a_notification_reaches_a_real_socket(running, sockets, meeting):
    """Plain http to this machine, from a twin served over TLS."""
    receiver = Receiver()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(receiver.app, log_level="warning"))
    serving = asyncio.create_task(server.serve([listening]))

    await asyncio.to_thread(_subscribe_and_create, sockets, port, meeting)
    await receiver.posted(1)
    server.should_exit = True
    await serving

    assert receiver.items[0]["changeType"] == "created"


def _subscribe_and_create(client, port, meeting):
    client.post("/_twin/grants", json={"tenant": "contoso.example"}).raise_for_status()
    form = {
        "grant_type": "client_credentials",
        "client_id": "11111111-0000-4000-8000-000000000003",
        "client_secret": "local-app-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = client.post("/contoso.example/oauth2/v2.0/token", data=form).json()["access_token"]
    wanted = {
        "changeType": "created",
        "notificationUrl": f"http://127.0.0.1:{port}/notify?code=x",
        "resource": f"/users/{MEGAN}/events",
        "expirationDateTime": _in_a_day(client),
    }
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/v1.0/subscriptions", json=wanted, headers=headers).raise_for_status()
    client.post(f"/_twin/people/{MEGAN}/events", json=meeting).raise_for_status()


def _in_a_day(client):
    now = datetime.fromisoformat(client.get("/_twin/clock").json()["now"])
    return (now + timedelta(days=1)).isoformat()
