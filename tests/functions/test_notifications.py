import json
from dataclasses import replace

import azure.functions as func
import pytest

from functions._http import answers_json
from functions._notices import take_notices
from functions.notifications import _taken
from shared.errors import Unavailable
from shared.services import provide
from shared.store.memory import MemoryStore
from shared.sync.wake import DELETED, ROUND
from tests.unit.api.stage import NOW, T


def item(state="the-client-state", event="event-1", etag='W/"1"', **more):
    return {
        "subscriptionId": "sub-1",
        "clientState": state,
        "changeType": "updated",
        "resource": f"Users/oid-ada/Events/{event}",
        "resourceData": {"id": event, "@odata.etag": etag},
    } | more


async def notify(body, calendar=str(T)):
    """As the host calls the function."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    req = func.HttpRequest(
        "POST",
        "https://sync.example.org/graph/notifications",
        params={"calendar": calendar},
        headers={},
        body=body,
    )
    return await answers_json(_taken)(req)


@pytest.fixture
async def subscribed(stage):
    """The stage with a calendar whose subscription carries `the-client-state`."""
    calendar = await stage.services.store.calendar(T)
    subscribed = replace(calendar, client_state="the-client-state", subscription="sub-1")
    await stage.services.store.put_calendar(subscribed)
    return stage


async def test_a_notification_marks_the_calendar(subscribed):
    """A genuine item marks the calendar dirty with its hint and wakes a worker."""
    answer = await notify({"value": [item()]})

    mark = await subscribed.services.store.marked(T)
    assert answer.status_code == 202
    assert mark.hints == (("event-1", 'W/"1"'),)
    assert subscribed.queues.sent == [("sync-calendar", "acme~ada", 0)]


async def test_many_items_make_one_mark(subscribed):
    """However many items come, the worker is woken once; of several etags of one event nobody
    knows the newest, so it has none.
    """
    items = [item(etag=f'W/"{n}"') for n in range(3)] + [item(event="event-2")]

    await notify({"value": items})
    await notify({"value": items})

    mark = await subscribed.services.store.marked(T)
    assert dict(mark.hints) == {"event-1": "", "event-2": 'W/"1"'}
    assert len(subscribed.queues.sent) == 1


@pytest.mark.parametrize(
    ("items", "calendar"),
    [
        ([item(state="forged")], str(T)),
        ([item(state="")], str(T)),
        ([item(state=None)], str(T)),
        ([item(state="w\u00f6rong")], str(T)),
        ([item()], "acme~nobody"),
        ([item()], "nonsense"),
        ([item()], ""),
        ([], str(T)),
        ([None, 7, "x", []], str(T)),
    ],
)
async def test_what_is_not_genuine_is_ignored(subscribed, items, calendar):
    """A wrong clientState or calendar changes nothing and is answered like any other."""
    answer = await notify({"value": items}, calendar)

    assert answer.status_code == 202
    assert subscribed.queues.sent == []
    assert await subscribed.services.store.marked(T) is None


async def test_a_calendar_without_client_state_takes_nothing(stage):
    """Before a subscription is asked for, an empty clientState must not pass as equal."""
    await notify({"value": [item(state="")]})

    assert await stage.services.store.marked(T) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"value": {}}', b'{"x": 1}', b"null"])
async def test_malformed_bodies_are_refused(subscribed, body):
    """What Graph would never send is a 400."""
    assert (await notify(body)).status_code == 400


async def test_ten_thousand_items_are_taken(subscribed):
    """A large batch is read in one go and makes one round due; 10,001 items are refused."""
    taken = await notify({"value": [item(event=f"event-{n}") for n in range(10_000)]})
    refused = await notify({"value": [item()] * 10_001})

    assert (taken.status_code, refused.status_code) == (202, 413)
    assert (await subscribed.services.store.marked(T)).hints == (ROUND,)


async def test_a_deletion_never_passes_for_known(subscribed):
    """A deletion comes with the etag of the event before, which must not count as seen."""
    await notify({"value": [item(changeType="deleted")]})

    assert (await subscribed.services.store.marked(T)).hints == (("event-1", DELETED),)


@pytest.mark.parametrize(
    ("happened", "kept"),
    [("subscriptionRemoved", ""), ("missed", "sub-1"), ("reauthorizationRequired", "sub-1")],
)
async def test_lifecycle_events_make_a_round_due(subscribed, happened, kept):
    """A lifecycle event marks the calendar; a removed subscription is forgotten."""
    await notify({"value": [{"clientState": "the-client-state", "lifecycleEvent": happened}]})

    calendar = await subscribed.services.store.calendar(T)
    assert calendar.subscription == kept
    assert await subscribed.services.store.marked(T)


class AwayStore(MemoryStore):
    async def calendar(self, key):
        raise Unavailable(5, "storage does not answer")


async def test_when_storage_is_away_graph_shall_try_again(stage):
    """What could not be kept is not confirmed: 503, and Graph sends it again."""
    provide(replace(stage.services, store=AwayStore()))

    answer = await notify({"value": [item()]})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


async def test_a_first_notification_may_be_early(subscribed):
    """The subscription's id need not be known yet: the clientState alone proves the item."""
    await take_notices(
        subscribed.services,
        str(T),
        json.dumps({"value": [item(subscriptionId="not-yet-stored")]}).encode(),
    )

    assert (await subscribed.services.store.marked(T)).since == NOW
