"""Subscriptions and sessions ended from outside, as the control API does it."""

from datetime import timedelta

import httpx
import pytest

from local.twin.app import Twin, create_app
from tests.twin.notify.receiver import ORIGIN, Receiver

MEGAN = "megan@contoso.example"


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
async def twin(receiver):
    twin = Twin(transport=receiver.transport, seed="demo")
    twin.switches.notification_delay_ms = 10
    yield twin
    await twin.close()


@pytest.fixture
async def http(twin):
    transport = httpx.ASGITransport(create_app(twin))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as http:
        yield http


@pytest.fixture
async def subscription(http, auth, twin):
    wanted = {
        "changeType": "created,updated,deleted",
        "notificationUrl": f"{ORIGIN}/notify",
        "lifecycleNotificationUrl": f"{ORIGIN}/lifecycle",
        "resource": f"/users/{MEGAN}/events",
        "expirationDateTime": (twin.clock.now() + timedelta(days=1)).isoformat(),
    }
    answer = await http.post("/v1.0/subscriptions", json=wanted, headers=auth)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_subscriptions_expire_on_demand(http, auth, subscription):
    """Without a word: Graph simply no longer knows them."""
    other = await http.post("/_twin/subscriptions/expire", json={"tenant": "fabrikam.example"})
    ours = await http.post("/_twin/subscriptions/expire", json={"user": MEGAN})

    assert other.json() == {"expired": []}
    assert ours.json() == {"expired": [subscription]}
    gone = await http.get(f"/v1.0/subscriptions/{subscription}", headers=auth)
    assert gone.status_code == 404


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
async def test_lifecycle_notifications_are_sent_on_demand(http, subscription, receiver, event):
    """To one subscription, and to all of a tenant."""
    body = {"event": event, "tenant": "contoso.example"}
    answer = await http.post("/_twin/subscriptions/lifecycle", json=body)
    await receiver.posted(1)

    assert answer.json() == {"sent": [subscription]}
    assert [i["lifecycleEvent"] for i in receiver.items] == [event]


async def test_one_subscription_is_told_by_its_id(http, subscription, receiver):
    path = f"/_twin/subscriptions/{subscription}/lifecycle"

    sent = await http.post(path, json={"event": "missed"})
    unknown = await http.post("/_twin/subscriptions/none/lifecycle", json={"event": "missed"})

    assert (sent.json(), unknown.json()) == ({"sent": True}, {"sent": False})
    await receiver.posted(1)


async def test_deliveries_can_be_read_and_waited_for(http, subscription, meeting):
    """/idle answers once nothing is left to be sent."""
    await http.post(f"/_twin/people/{MEGAN}/events", json=meeting)
    idle = await http.get("/_twin/idle", params={"timeout": "5"})

    told = (await http.get("/_twin/deliveries")).json()["value"]

    assert idle.json() == {"idle": True}
    assert [(d["outcome"], d["status"]) for d in told] == [("delivered", 202)]
    assert [s["id"] for s in (await http.get("/_twin/subscriptions")).json()["value"]] == [
        subscription
    ]


@pytest.mark.parametrize(
    ("kind", "heard"), [("lose", 0), ("duplicate", 2), ("delay", 0), ("reorder", 1)]
)
async def test_each_notification_fault_is_set_over_http(
    http, subscription, meeting, receiver, twin, kind, heard
):
    rule = {"kind": kind, "seconds": 3600, "user": MEGAN}
    assert (await http.post("/_twin/notification-faults", json=rule)).status_code == 200

    await http.post(f"/_twin/people/{MEGAN}/events", json=meeting)
    await twin.notifier.settled(5)

    assert len(receiver.items) == heard
