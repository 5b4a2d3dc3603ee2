"""The subscriptions resource: who may watch what, how long, and proven by which endpoint."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from local.twin.seed import CONTOSO
from tests.twin.notify.receiver import ORIGIN


def _error(answer):
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_subscription_is_created_after_both_urls_proved_themselves(graph, receiver):
    """One handshake for each URL, then 201 with the resource as given."""
    made = await graph.subscribe(lifecycleNotificationUrl=f"{ORIGIN}/lifecycle?key=1")

    assert receiver.validations == ["/notify", "/lifecycle"]
    assert made["resource"] == "/users/megan@contoso.example/events"
    assert made["clientState"] == "secret-state"
    assert made["@odata.context"].endswith("#subscriptions/$entity")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (PlainTextResponse("no", 401), "must respond with 200 OK"),
        (Response(status_code=202), "must respond with 200 OK"),
        (PlainTextResponse("Validation%3a+encoded"), "decoded token"),
        (HTMLResponse("<p>hello</p>"), "text/plain"),
    ],
)
async def test_an_endpoint_that_does_not_prove_itself_is_refused(graph, receiver, answer, message):
    """400, and nothing was created."""
    receiver.validation = answer

    refused = await graph.ask("POST", "/subscriptions", **graph.wanted())

    assert _error(refused) == (400, "ValidationError")
    assert message in refused.json()["error"]["message"]
    assert (await graph.ask("GET", "/subscriptions")).json()["value"] == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"changeType": "moved"}, (400, "InvalidRequest")),
        ({"changeType": None}, (400, "InvalidRequest")),
        ({"notificationUrl": "http://app.example/notify"}, (400, "InvalidRequest")),
        ({"notificationUrl": "/notify"}, (400, "InvalidRequest")),
        ({"lifecycleNotificationUrl": "ftp://x.example"}, (400, "InvalidRequest")),
        ({"clientState": "x" * 129}, (400, "InvalidRequest")),
        ({"expirationDateTime": "soon"}, (400, "InvalidRequest")),
        ({"expirationDateTime": "2020-01-01T00:00:00Z"}, (400, "InvalidRequest")),
        ({"resource": "/users/megan@contoso.example/messages"}, (400, "ExtensionError")),
        ({"resource": "/users/nobody@contoso.example/events"}, (404, "ResourceNotFound")),
        ({"resource": "/users/lynne@contoso.example/events"}, (404, "ExtensionError")),
        ({"resource": "/me/events"}, (400, "BadRequest")),
        ({"includeResourceData": True}, (501, "NotImplemented")),
    ],
)
async def test_a_bad_request_is_refused(graph, changes, refusal):
    answer = await graph.ask("POST", "/subscriptions", **graph.wanted(**changes))

    assert _error(answer) == refusal


async def test_the_same_watch_twice_is_a_conflict(graph):
    """Also when one names the mailbox by address and the other by id."""
    made = await graph.subscribe()
    user = (
        await graph.ask("GET", "/users/megan@contoso.example", rights=("User.Read.All",))
    ).json()

    again = await graph.ask(
        "POST", "/subscriptions", **graph.wanted(resource=f"users/{user['id']}/events")
    )

    assert _error(again)[0] == 409
    assert made["id"] in again.json()["error"]["message"]


async def test_a_person_watches_only_the_own_mailbox(graph):
    """A shared-calendar permission never counts."""
    own = await graph.ask(
        "POST",
        "/subscriptions",
        person="megan@contoso.example",
        **graph.wanted(resource="/me/events"),
    )
    other = await graph.ask(
        "POST",
        "/subscriptions",
        person="diego@contoso.example",
        rights=("Calendars.ReadWrite", "Calendars.ReadWrite.Shared"),
        **graph.wanted(),
    )

    assert own.status_code == 201
    assert _error(other) == (403, "ErrorAccessDenied")


async def test_whether_write_permission_alone_suffices_is_a_switch(graph, twin):
    twin.switches.writes_alone_permit_subscriptions = False

    refused = await graph.ask("POST", "/subscriptions", **graph.wanted())

    assert _error(refused) == (403, "ErrorAccessDenied")


async def test_a_subscription_lives_between_45_minutes_and_seven_days(graph, twin):
    """Shorter is raised, longer refused."""
    now = twin.clock.now()
    short = await graph.subscribe(
        expirationDateTime=(now + timedelta(minutes=5)).isoformat(), changeType="created"
    )
    long = await graph.ask(
        "POST",
        "/subscriptions",
        **graph.wanted(expirationDateTime=(now + timedelta(minutes=10_090)).isoformat()),
    )

    raised = datetime.fromisoformat(short["expirationDateTime"]) - now
    assert timedelta(minutes=44) < raised < timedelta(minutes=46)
    assert _error(long) == (400, "ExtensionError")
    assert "10080 minutes" in long.json()["error"]["message"]


async def test_renewing_moves_the_end_and_an_expired_one_is_gone(graph, twin):
    made = await graph.subscribe()
    later = (twin.clock.now() + timedelta(days=6)).isoformat()
    path = f"/subscriptions/{made['id']}"

    renewed = await graph.ask("PATCH", path, expirationDateTime=later)
    twin.clock.advance(timedelta(days=5).total_seconds())
    alive = await graph.ask("GET", path)
    twin.clock.advance(timedelta(days=2).total_seconds())

    assert renewed.json()["expirationDateTime"] == later.replace("+00:00", "Z")
    assert alive.status_code == 200
    assert _error(await graph.ask("PATCH", path, expirationDateTime=later))[0] == 404


async def test_a_deleted_subscription_is_gone(graph):
    path = f"/subscriptions/{(await graph.subscribe())['id']}"

    assert (await graph.ask("DELETE", path)).status_code == 204
    assert _error(await graph.ask("GET", path)) == (404, "ResourceNotFound")
    assert _error(await graph.ask("POST", f"{path}/reauthorize")) == (404, "ResourceNotFound")


async def test_other_fields_cannot_be_patched(graph):
    path = f"/subscriptions/{(await graph.subscribe())['id']}"

    refused = await graph.ask("PATCH", path, lifecycleNotificationUrl=f"{ORIGIN}/lifecycle")

    assert _error(refused) == (400, "InvalidRequest")


async def test_a_mailbox_has_at_most_a_thousand(graph, twin):
    """The next one is refused, whichever app asks."""
    made = await graph.subscribe()
    first = twin.notifier.subscriptions.get(made["id"], twin.clock.now())
    for number in range(999):
        copy = replace(first, id=f"copy-{number}", app_id=f"app-{number}")
        twin.notifier.subscriptions.put(copy)

    refused = await graph.ask("POST", "/subscriptions", **graph.wanted(changeType="deleted"))

    assert refused.status_code == 403
    assert "1000" in refused.json()["error"]["message"]


async def test_lists_are_throttled(graph):
    """25 in 20 seconds for one app in one tenant."""
    answers = [await graph.ask("GET", "/subscriptions") for _ in range(26)]

    assert {a.status_code for a in answers[:25]} == {200}
    assert answers[25].status_code == 429
    assert answers[25].headers["retry-after"] == "20"


async def test_calendars_of_a_mailbox_can_be_watched_one_by_one(
    graph, twin, megan, receiver, meeting
):
    """What happens in another calendar stays untold."""
    other = megan.create_calendar("Other")
    await graph.subscribe(resource=f"/users/megan@contoso.example/calendars/{other}/events")

    megan.create_event(meeting)
    inside = megan.create_event(meeting, other)
    await receiver.posted(1)
    await twin.notifier.settled(5)

    assert [i["resourceData"]["id"] for i in receiver.items] == [inside["id"]]
    assert receiver.items[0]["tenantId"] == CONTOSO


async def test_writes_of_subscriptions_have_a_quota_of_twenty_seconds(graph, twin):
    """Over it they are refused until the window has passed."""
    twin.clock.freeze()
    twin.switches.subscription_write_limit = 2
    made = await graph.subscribe()
    path = f"/subscriptions/{made['id']}"
    later = {"expirationDateTime": made["expirationDateTime"]}
    first = await graph.ask("PATCH", path, **later)

    refused = await graph.ask("PATCH", path, **later)
    read = await graph.ask("GET", path)
    twin.clock.advance(20)
    again = await graph.ask("PATCH", path, **later)

    assert [a.status_code for a in (first, refused, read, again)] == [200, 429, 200, 200]


async def test_a_role_in_exchange_may_be_enough_to_subscribe(graph, twin):
    """Or not: the switch says which."""
    role = {"role": "Application Calendars.Read", "people": ["megan@contoso.example"]}
    given = await graph.http.post("/_twin/tenants/contoso.example/app-roles", json=role)
    none = {"rights": ("User.Read.All",)}

    first = await graph.ask("POST", "/subscriptions", **none, **graph.wanted())
    other = graph.wanted(resource="/users/diego@contoso.example/events")
    outside = await graph.ask("POST", "/subscriptions", **none, **other)
    twin.switches.app_roles_permit_subscriptions = False
    again = await graph.ask("POST", "/subscriptions", **none, **graph.wanted(changeType="deleted"))

    assert given.status_code == 200
    assert [a.status_code for a in (first, outside, again)] == [201, 403, 403]


async def test_a_mailbox_on_the_move_cannot_be_watched_now(graph, twin):
    twin.directory.person("megan@contoso.example").mailbox = "moving"

    refused = await graph.ask("POST", "/subscriptions", **graph.wanted())

    assert _error(refused) == (503, "ErrorMailboxMoveInProgress")
