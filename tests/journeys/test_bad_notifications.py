"""What anybody may post to the address where Graph's notifications come in."""

import asyncio
import json

import pytest

from tests.journeys.scene import eventually


def item(state, event="no-such-event", **more):
    return {
        "subscriptionId": "a-subscription",
        "clientState": state,
        "changeType": "updated",
        "resource": f"Users/x/Events/{event}",
        "resourceData": {"id": event, "@odata.etag": 'W/"1"'},
    } | more


@pytest.fixture
async def megan(scene):
    """A synced calendar at rest, with an edit in Outlook that no notification told."""
    customer = await scene.connect("megan")
    await customer.settled("visit", "megan")
    await customer.idle()
    await customer.lose_notifications("megan")
    await customer.edits("megan", "visit", subject="Visit (moved)")
    return customer


async def posted(customer, body, calendar=None, path="notifications", **params):
    key = calendar or f"{customer.name}~{customer.people['megan']}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await customer.scene.admin.post(
        f"/graph/{path}", params={"calendar": key, **params}, content=content
    )


async def state_of(customer):
    (calendar,) = await customer.scene.store.calendars(customer.name)
    return calendar.client_state


async def rounds(customer):
    return (await customer.calendar("megan"))["last_round"]


@pytest.mark.parametrize("path", ["notifications", "lifecycle"])
async def test_a_wrong_or_missing_client_state_wakes_nobody(megan, path):
    """Graph is answered 202, as always; the calendar is not touched."""
    before = await rounds(megan)
    genuine = await state_of(megan)
    wrong = [item("wrong"), item(genuine + "x"), item(genuine.encode().hex())]
    removed = item("wrong", lifecycleEvent="subscriptionRemoved")
    missing = {name: value for name, value in item("").items() if name != "clientState"}
    answer = await posted(megan, {"value": [*wrong, removed, missing, None, 7]}, path=path)
    worked = await megan.scene.has_work(megan)
    live = await megan.scene.control("GET", f"/subscriptions?user={megan.address('megan')}")

    assert answer.status_code == 202
    assert not worked
    assert await rounds(megan) == before
    assert len(live["value"]) == 1


async def test_the_genuine_one_among_them_is_heard(megan):
    """Ten thousand items, one of them genuine: one round, and the edit is told once."""
    items = [item("wrong", f"event-{n}") for n in range(9_999)]
    answer = await posted(megan, {"value": [*items, item(await state_of(megan))]})
    change = await megan.change("visit", "appointment.updated")

    assert answer.status_code == 202
    assert change["data"]["appointment"]["subject"] == "Visit (moved)"


async def test_ten_thousand_genuine_items_make_one_round(megan):
    """They are one mark; more than that in one body is refused."""
    state = await state_of(megan)
    items = [item(state, f"event-{n}") for n in range(10_000)]
    taken = await posted(megan, {"value": items})
    await megan.change("visit", "appointment.updated")
    too_many = await posted(megan, {"value": [*items, items[0]]})

    assert taken.status_code == 202
    assert (too_many.status_code, too_many.json()["code"]) == (413, "body-too-large")


async def test_an_unknown_calendar_is_ignored(scene):
    """An old subscription's, or somebody's invention: 202, so that Graph does not repeat it."""
    invented = ["nobody~nothing", "no-tilde", " ", "a~b~c", "~", "../../x", "ü~/"]
    nobody = await scene.customer("megan")
    answers = [await posted(nobody, {"value": [item("x")]}, name) for name in invented]

    assert [answer.status_code for answer in answers] == [202] * len(invented)


async def test_a_malformed_body_is_refused(megan):
    """400 with a problem document; the calendar is not touched."""
    bodies = [b"", b"{", b"[]", b"null", b'{"value": 1}', b'{"x": []}', b"\xff\xfe", b'"value"']
    answers = [await posted(megan, body) for body in bodies]
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]

    assert told == [(400, "malformed-json")] * len(bodies)
    assert not await megan.scene.has_work(megan)


@pytest.mark.parametrize("path", ["notifications", "lifecycle"])
async def test_a_validation_token_comes_back_as_plain_text(scene, path):
    """The handshake's token may hold anything; no browser takes the answer for a page."""
    megan = await scene.customer("megan")
    plain = await posted(megan, b"", path=path, validationToken="Validation: a token & more+100%")
    markup = await posted(megan, b"", path=path, validationToken="<script>alert(1)</script>")

    assert (plain.status_code, markup.status_code) == (200, 200)
    assert markup.headers["content-type"].startswith("text/plain")
    assert markup.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in markup.text


async def test_a_notification_before_the_subscription_is_stored_is_heard(scene):
    """Graph's answer to the subscription is lost: its notifications are heard all the same,
    as the secret was stored first; in the end there is one subscription.
    """
    customer = await scene.customer("megan")
    await customer.fault({"drop": True}, "/subscriptions$", "POST", phase="after")
    joining = asyncio.create_task(scene.join(customer, "megan"))

    async def subscribed():
        return (await subscriptions(customer))["value"]

    await eventually(subscribed, "Graph has the subscription")
    await customer.books("megan", "Dentist")

    async def worked():
        await scene.let_time_pass(customer)
        await scene.run("sweep")
        return joining.done()

    await eventually(worked, "the calendar is active")
    await joining
    await customer.edits("megan", "Dentist", subject="Dentist at ten")

    async def told():
        return [one["subject"] for one in await customer.appointments()] == ["Dentist at ten"]

    await eventually(told, "the edit told")
    assert len((await subscriptions(customer))["value"]) == 1


async def subscriptions(customer):
    place = f"/subscriptions?user={customer.address('megan')}"
    return await customer.scene.control("GET", place)
