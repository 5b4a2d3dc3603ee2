"""Pausing, ending and the one provider, as a host app meets them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.onboarding.ending import carry_on
from shared.store.records import DueKind, State
from shared.sync.wake import END
from tests.unit.api.stage import NOW, T

ACME = "/v1/tenants/acme"
BODY = {
    "mailbox": "ada@acme.example",
    "subject": "Review",
    "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-11-23T11:00:00", "time_zone": "Europe/Berlin"},
}


async def work_off(stage) -> None:
    """The queues, as their functions would, until nothing new comes."""
    while stage.queues.sent:
        queue, message, _ = stage.queues.sent.pop(0)
        if queue == END:
            await carry_on(stage.services, message)
        elif queue in {"sync-calendar", "write-appointment"}:
            await stage.services.engine.work(T)


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        (ACME, "tenant-paused"),
        (f"{ACME}/connections/user-ada", "connection-paused"),
        (f"{ACME}/calendars/ada", "calendar-paused"),
    ],
)
async def test_what_is_written_during_a_pause_says_what_it_waits_for(api, path, cause):
    """It is accepted; the operation is pending and names the pause until that is over."""
    paused = await api.post(f"{path}/pause")
    again = await api.post(f"{path}/pause")
    written = await api.put(f"{ACME}/appointments/a1", json=BODY)
    operation = written.json()["operation"]
    read = (await api.get(f"{ACME}/operations/{operation['id']}")).json()

    assert (paused.status_code, paused.json()["state"]) == (202, "paused")
    assert paused.json()["cause"] == cause
    assert again.json()["since"] == paused.json()["since"]
    assert (written.status_code, read["state"]) == (202, "pending")
    assert operation["waits_for"]["code"] == read["waits_for"]["code"] == cause

    resumed = await api.post(f"{path}/resume")
    read = (await api.get(f"{ACME}/operations/{operation['id']}")).json()
    states = [
        one["data"]["state"]
        for one in (await api.get(f"{ACME}/changes")).json()["changes"]
        if one["type"].endswith(".state")
    ]
    assert resumed.json()["state"] in {"active", "provisioning"}
    assert read["waits_for"] is None
    assert states == ["paused", resumed.json()["state"]]


async def test_another_provider_keeps_microsoft_out(api, stage):
    """Declared while Microsoft is synced it is refused, with the reason; once that is paused it
    holds, and nothing is connected or resumed.
    """
    early = await api.put(f"{ACME}/provider", json={"active": "google"})
    await api.post(f"{ACME}/calendars/ada/pause")
    late = await api.put(f"{ACME}/provider", json={"active": "google"})
    link = await api.post(f"{ACME}/consent-links", json={"kind": "user"})
    resumed = await api.post(f"{ACME}/calendars/ada/resume")

    assert (early.status_code, early.json()["code"]) == (409, "microsoft-connected")
    assert early.json()["pointer"] == "/active"
    assert late.json() == {"active": "google"}
    for refused in (link, resumed):
        assert (refused.status_code, refused.json()["code"]) == (409, "other-provider-active")
        assert "google" in refused.json()["detail"]
    assert (await api.put(f"{ACME}/provider", json={"active": None})).json() == {"active": None}
    assert (await api.post(f"{ACME}/calendars/ada/resume")).status_code == 202


async def test_another_provider_of_one_person_keeps_only_them_out(api):
    """Others of the same customer go on as they are."""
    ada = {"addresses": ["ada@acme.example"], "provider": "google"}
    bob = {"addresses": ["bob@acme.example"], "provider": "google"}
    synced = await api.put(f"{ACME}/people/ada", json=ada)
    free = await api.put(f"{ACME}/people/bob", json=bob)
    many = await api.post(f"{ACME}/people", json={"people": [{"id": "x", **ada}]})
    hint = {"kind": "user", "login_hint": "bob@acme.example"}
    refused = await api.post(f"{ACME}/consent-links", json=hint)
    open_to_all = await api.post(f"{ACME}/consent-links", json={"kind": "user"})

    assert (synced.status_code, synced.json()["code"]) == (409, "microsoft-connected")
    assert (free.status_code, free.json()["provider"]) == (201, "google")
    assert many.json()["people"][0]["problem"]["code"] == "microsoft-connected"
    assert (refused.status_code, refused.json()["code"]) == (409, "other-provider-active")
    assert open_to_all.status_code == 201


async def test_a_calendar_ends_with_a_receipt(api, stage):
    """Its connection stays; asked again the receipt is the same, and it can be read for good."""
    ended = await api.delete(f"{ACME}/calendars/ada?copies=remove")
    again = await api.delete(f"{ACME}/calendars/ada")
    await work_off(stage)
    receipt = (await api.get(f"/v1/receipts/{ended.json()['id']}")).json()

    assert (ended.status_code, ended.json()["state"]) == (202, "disconnecting")
    assert again.json()["id"] == ended.json()["id"]
    assert (receipt["what"], receipt["state"], receipt["calendars"]) == (
        "calendar",
        "disconnected",
        1,
    )
    assert receipt["copies"]["wanted"] == "remove"
    connection = (await api.get(f"{ACME}/connections/user-ada")).json()
    assert connection["state"] == "active"
    assert (await api.get("/v1/receipts/none")).json()["code"] == "receipt-unknown"


async def test_a_connection_ends_with_a_receipt(api, stage):
    """Which counts the secret that was destroyed with it."""
    ended = await api.delete(f"{ACME}/connections/user-ada")
    await work_off(stage)
    receipt = (await api.get(f"/v1/receipts/{ended.json()['id']}")).json()

    assert (receipt["state"], receipt["calendars"]) == ("disconnected", 1)
    assert receipt["secrets"] == {"destroyed": 1, "purged": 1, "purge_by": None}


async def test_an_end_that_had_begun_is_carried_on(api, stage):
    """The request died before any calendar was told: the reminder is enough."""
    store = stage.services.store
    ended = await api.delete(f"{ACME}/connections/user-ada")
    calendar = await store.calendar(T)
    await store.put_calendar(replace(calendar, state=State.ACTIVE, receipt=""))
    stage.queues.sent.clear()
    (due,) = await store.due(DueKind.END, NOW.replace(hour=23))

    await carry_on(stage.services, due.name)
    await work_off(stage)
    await carry_on(stage.services, due.name)

    receipt = (await api.get(f"/v1/receipts/{ended.json()['id']}")).json()
    assert (receipt["state"], receipt["calendars"]) == ("disconnected", 1)
    assert await store.due(DueKind.END, NOW.replace(hour=23)) == []


async def test_erasing_a_customer_takes_its_name(api):
    """A slip of the hand erases nobody."""
    bare = await api.delete(ACME)
    wrong = await api.delete(f"{ACME}?confirm=acne")

    assert (bare.status_code, bare.json()["code"]) == (400, "tenant-not-confirmed")
    assert wrong.json()["code"] == "tenant-not-confirmed"
    assert (await api.get(ACME)).status_code == 200


async def test_an_erased_customer_leaves_a_receipt(api, stage):
    """Until it is gone it answers that it is going; then it is unknown, its secrets are
    destroyed, and the receipt names nobody.
    """
    await api.put(f"{ACME}/people/ada", json={"addresses": ["eve@acme.example"]})
    await api.put(f"{ACME}/appointments/a1", json=BODY)
    hook = {"url": "https://127.0.0.1/hook"}
    endpoint = (await api.post(f"{ACME}/webhook-endpoints", json=hook)).json()["id"]
    await api.post(f"{ACME}/webhook-endpoints/{endpoint}/rotate-secret")
    secrets = len(stage.vault.secrets)
    ended = await api.delete(f"{ACME}?confirm=acme")
    going = await api.get(f"{ACME}/status")
    put = await api.put(ACME, json={"name": "Acme"})
    again = await api.delete(f"{ACME}?confirm=acme")
    await work_off(stage)
    answer = await api.get(f"/v1/receipts/{ended.json()['id']}")
    receipt = answer.json()

    assert secrets == 2
    assert (going.status_code, going.json()["code"]) == (409, "tenant-disconnecting")
    assert (going.json()["state"], going.json()["receipt"]) == ("disconnecting", receipt["id"])
    assert (put.status_code, again.json()["id"]) == (409, receipt["id"])
    assert (receipt["what"], receipt["state"], receipt["calendars"]) == (
        "tenant",
        "disconnected",
        1,
    )
    assert (receipt["secrets"]["destroyed"], receipt["refused_writes"]) == (3, 1)
    assert stage.vault.secrets == {}
    for name in ("acme", "ada", "Review"):
        assert name not in answer.text
    assert (await api.get(ACME)).json()["code"] == "tenant-unknown"
    assert (await api.put(ACME, json={"name": "Acme"})).status_code == 201
    assert (await api.get(f"{ACME}/changes")).json()["changes"] == []


async def test_a_reconnect_link_is_for_the_same_person(api, stage):
    """It names the connection it mends, and whom it is for; nobody need know their address."""
    store = stage.services.store
    connection = await store.connection("acme", "user-ada")
    found = replace(connection, user_id="oid-ada", address="ada@acme.example")
    await store.put_connection(found)
    made = await api.post(f"{ACME}/connections/user-ada/reconnect")
    link = made.json()
    kept = await store.consent_link("acme", link["id"])

    assert (made.status_code, link["reconnects"], link["expected"]) == (
        201,
        "user-ada",
        "oid-ada",
    )
    assert (link["kind"], kept.login_hint) == ("user", "ada@acme.example")
    assert (await api.post(f"{ACME}/connections/x/reconnect")).status_code == 404


async def test_what_a_late_sign_in_stores_of_an_erased_tenant_is_erased_too(api, stage):
    """Its process died before it could look again; a last look ten minutes later finds it."""
    store = stage.services.store
    connection = await store.connection("acme", "user-ada")
    ended = await api.delete(f"{ACME}?confirm=acme")
    assert ended.status_code == 202
    await work_off(stage)
    assert await store.tenant("acme") is None
    await store.put_connection(replace(connection, etag=""))
    await store.claim_entra("late", "acme")
    (due,) = await store.due(DueKind.END, NOW.replace(hour=23))
    assert due.at >= NOW + timedelta(minutes=10)
    assert "acme" not in due.name
    stage.queues.sent.append(("end-tenant-poison", "acme~r1", 0))

    stage.clock.now += timedelta(minutes=11)
    await carry_on(stage.services, due.name)

    assert await store.tenant("acme") is None
    assert stage.queues.sent == []
    assert await store.connections("acme") == []
    assert await store.claim_entra("late", "other") == "other"
    assert await store.due(DueKind.END, NOW.replace(hour=23)) == []
