"""Nonsense and mistakes from the host app: a clear answer, and nothing changed."""

import pytest

from tests.journeys.scene import DAY, at


async def refused(answer, status, code, field=""):
    """A problem document that names the field and says what to do."""
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem.get("pointer", "") == field
    assert problem["detail"]
    assert problem["remedy"]
    return problem


GUESTS = [{"address": f"guest{n}@partner.example"} for n in range(501)]

WRONG = {
    "end before start": ({"start": at(10), "end": at(9)}, "/end"),
    "unknown zone": ({"start": at(9, zone="Mars/Base")}, "/start/time_zone"),
    "Windows zone": ({"start": at(9, zone="W. Europe Standard Time")}, "/start/time_zone"),
    "mixed forms": ({"start": {"date": str(DAY)}}, "/end"),
    "empty day": ({"start": {"date": str(DAY)}, "end": {"date": str(DAY)}}, "/end/date"),
    "501 attendees": ({"attendees": GUESTS}, "/attendees"),
    "no address": ({"attendees": [{"address": "ann"}]}, "/attendees/0/address"),
    "70 KB body": ({"body": {"content": "x" * 70_000}}, "/body/content"),
    "long subject": ({"subject": "x" * 256}, "/subject"),
    "negative reminder": ({"reminder_minutes": -1}, "/reminder_minutes"),
}


@pytest.fixture(scope="module")
def shared_customer():
    return {}


@pytest.fixture
async def customer(scene, shared_customer):
    """One for all of this file, as nothing here comes through; its scene is the test's."""
    if "made" not in shared_customer:
        shared_customer["made"] = await scene.connect("megan")
        await shared_customer["made"].settled("visit", "megan", revision=5)
    shared_customer["made"].scene = scene
    return shared_customer["made"]


@pytest.mark.parametrize("name", WRONG)
async def test_an_appointment_no_calendar_can_hold_is_refused_by_field(customer, name):
    """The field is named, and neither side has a new appointment."""
    fields, pointer = WRONG[name]
    answer = await customer.put("wrong", "megan", **fields)

    assert (await refused(answer, 400, "invalid-appointment", pointer))["fix_by"] == "vendor"
    assert await customer.get("wrong") is None
    assert await customer.events("megan", "wrong") == []


async def test_an_older_revision_is_refused(customer):
    """Messages of the host app that overtook each other do no harm."""
    answer = await customer.put("visit", "megan", subject="Older", revision=4)

    await refused(answer, 409, "stale-revision", "/revision")
    assert (await customer.get("visit"))["subject"] == "visit"


async def test_a_version_that_is_gone_is_refused(customer):
    """If-Match of a version that is no longer current: 412, and the current one is named."""
    before = await customer.get("visit")
    answer = await customer.api(
        "PATCH", "/appointments/visit", json={"subject": "x"}, headers={"If-Match": '"99"'}
    )

    await refused(answer, 412, "version-conflict")
    assert answer.json()["version"] == before["version"]
    assert await customer.get("visit") == before


@pytest.mark.parametrize("key", ["", "wrong", "the-key-of-the-host-ap", "schlüssel"])
async def test_a_wrong_key_opens_nothing(customer, key):
    """401 on every path but health, whatever the key looks like."""
    headers = {"X-Api-Key": key.encode()}
    answers = [
        await customer.api("GET", path, headers=headers)
        for path in ("", "/appointments/visit", "/changes", "/no-such-thing")
    ]
    health = await customer.scene.api.get("/health", headers=headers)

    for answer in answers:
        await refused(answer, 401, "key-missing-or-wrong")
    assert health.status_code == 200


async def test_the_older_of_two_keys_still_opens(customer):
    """Keys are rotated by listing both."""
    headers = {"X-Api-Key": "", "Authorization": "Bearer its-older-key"}
    answer = await customer.api("GET", "", headers=headers)

    assert answer.status_code == 200


async def test_an_unknown_tenant_is_not_found(customer):
    """Also where the path goes on, and for a write."""
    read = await customer.scene.api.get("/tenants/nobody/appointments/visit")
    written = await customer.scene.api.put("/tenants/nobody/appointments/x", json={})

    await refused(read, 404, "tenant-unknown")
    assert written.status_code in {400, 404}


async def test_another_tenants_appointment_is_not_found(customer):
    """The key is the product's; the path keeps its customers apart."""
    other = await customer.scene.customer()
    read = await other.api("GET", "/appointments/visit")
    written = await other.api(
        "PUT",
        "/appointments/visit",
        json={
            "mailbox": customer.address("megan"),
            "subject": "x",
            "start": at(9),
            "end": at(10),
        },
    )

    await refused(read, 404, "appointment-unknown")
    await refused(written, 409, "mailbox-not-connected", "/mailbox")


BODIES = {
    "not JSON": (b'{"mailbox": ', "application/json", 400, "malformed-json"),
    "a list": (b"[]", "application/json", 400, "invalid-request"),
    "not UTF-8": (b'{"subject": "\xff"}', "application/json", 400, "malformed-json"),
    "a form": (b"subject=x", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
    "two megabytes": (b" " * 2_000_000 + b"{}", "application/json", 413, "body-too-large"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_none_is_refused(customer, name):
    """Each with the status that HTTP has for it, and a problem document."""
    content, kind, status, code = BODIES[name]
    headers = {"Content-Type": kind}
    answer = await customer.api("PUT", "/appointments/x", content=content, headers=headers)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem


async def test_an_unknown_mailbox_is_refused(customer):
    """It is neither connected nor can it be."""
    put = await customer.put("x", "nobody")
    connected = await customer.api(
        "POST", "/calendars", json={"mailbox": customer.address("nobody")}
    )

    await refused(put, 409, "mailbox-not-connected", "/mailbox")
    assert connected.json()["code"] == "mailbox-missing"
    assert 400 <= connected.status_code < 500


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://169.254.169.254/", "ftp://x/", "x"])
async def test_an_endpoint_inside_is_refused(customer, url):
    """Deliveries go to public addresses, or to hosts the operator has listed."""
    answer = await customer.api("POST", "/webhook-endpoints", json={"url": url})

    await refused(answer, 400, "endpoint-url-refused", "/url")
