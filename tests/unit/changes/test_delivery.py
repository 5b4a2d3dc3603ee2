import asyncio
import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.changes.delivery import LEASE, SCHEDULE, deliver, parse_name
from shared.changes.endpoints import create_endpoint, enable_endpoint
from shared.store.records import Change, DueKind, EndpointState
from tests.unit.api.stage import NOW
from tests.unit.changes.receiver import always, receiving

A_DAY_LATER = NOW + timedelta(days=1, hours=6)


async def logged(stage, count, start=1):
    changes = [
        Change(f"change-{n}", "calbridge.appointment.updated", f"visit-{n}", NOW, {"n": n})
        for n in range(start, start + count)
    ]
    await stage.services.store.log("acme", changes)


async def ready(stage, receiver, after=0):
    created = await create_endpoint(stage.services, "acme", receiver.url, after=after)
    stage.queues.sent.clear()
    return created.endpoint.id


async def state(stage, endpoint):
    return await stage.services.store.endpoint("acme", endpoint)


async def test_changes_arrive_in_order_and_once(stage):
    """All that is behind the cursor is posted in the log's order, and nothing twice."""
    async with receiving(always(204)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 130)

        await deliver(stage.services, "acme", endpoint)
        await deliver(stage.services, "acme", endpoint)

    kept = await state(stage, endpoint)
    assert receiver.sequences == list(range(1, 131))
    assert (kept.cursor, kept.busy_until, kept.state) == (130, None, EndpointState.ACTIVE)


async def test_a_delivery_is_a_signed_cloud_event(stage):
    """A delivery is a CloudEvent 1.0 whose signature is HMAC-SHA256 over id, time and body."""
    async with receiving(always(200)) as receiver:
        created = await create_endpoint(stage.services, "acme", receiver.url, after=0)
        await logged(stage, 1)
        await deliver(stage.services, "acme", created.endpoint.id)

    (got,) = receiver.got
    key = b64decode(created.secret.reveal().removeprefix("whsec_"))
    signed = f"acme-1.{int(NOW.timestamp())}.{got.body}".encode()
    expected = b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert got.headers["webhook-id"] == "acme-1"
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert got.event == {
        "specversion": "1.0",
        "id": "change-1",
        "source": "/v1/tenants/acme",
        "type": "calbridge.appointment.updated",
        "subject": "visit-1",
        "time": "2026-11-20T09:00:00+00:00",
        "sequence": "1",
        "sequencetype": "Integer",
        "datacontenttype": "application/json",
        "data": {"n": 1},
    }


async def test_a_failure_stops_and_is_tried_again_later(stage):
    """What is not confirmed holds up what follows, and the try after the pause goes on there."""

    async def answer(nth):
        return 500 if nth == 2 else 200

    async with receiving(answer) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 3)
        await deliver(stage.services, "acme", endpoint)
        failing = await state(stage, endpoint)
        await deliver(stage.services, "acme", endpoint)
        seen_before_the_pause = list(receiver.sequences)
        stage.clock.now = failing.next_try
        await deliver(stage.services, "acme", endpoint)

    assert (failing.state, failing.cursor, failing.failures) == (EndpointState.FAILING, 1, 1)
    assert timedelta(seconds=5) <= failing.next_try - NOW <= timedelta(seconds=6)
    assert seen_before_the_pause == [1, 2]
    assert receiver.sequences == [1, 2, 2, 3]
    healed = await state(stage, endpoint)
    assert (healed.state, healed.cursor, healed.failures) == (EndpointState.ACTIVE, 3, 0)


async def test_a_failure_leaves_a_message_and_a_due_row(stage):
    """The next try is asked for twice: by a delayed message, and by the due index."""
    async with receiving(always(503)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        await deliver(stage.services, "acme", endpoint)

    ((queue, message, after),) = stage.queues.sent
    due = await stage.services.store.due(DueKind.DELIVER, A_DAY_LATER)
    assert (queue, message) == ("deliver-changes", f"acme~{endpoint}")
    assert after >= 5
    assert f"acme~{endpoint}" in {one.name for one in due}


async def test_the_pauses_are_standard_webhooks(stage):
    """Nine tries more with growing pauses, each up to a fifth longer; then it is given up."""
    pauses = []
    async with receiving(always(500)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        for _ in SCHEDULE:
            await deliver(stage.services, "acme", endpoint)
            failing = await state(stage, endpoint)
            pauses.append(failing.next_try - stage.clock.now)
            stage.clock.now = failing.next_try
        await deliver(stage.services, "acme", endpoint)

    assert all(s <= p <= s * 1.2 for s, p in zip(SCHEDULE, pauses, strict=True))
    given_up = await state(stage, endpoint)
    assert (given_up.state, given_up.cause) == (EndpointState.DISABLED, "endpoint-given-up")
    assert len(receiver.got) == 10


async def test_gone_disables_and_enabling_goes_on(stage):
    """410 disables at once; enabled again, the delivery goes on with what was not confirmed."""

    async def answer(nth):
        return 410 if nth == 1 else 200

    async with receiving(answer) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 2)
        await deliver(stage.services, "acme", endpoint)
        gone = await state(stage, endpoint)
        await deliver(stage.services, "acme", endpoint)
        await enable_endpoint(stage.services, "acme", endpoint)
        await deliver(stage.services, "acme", endpoint)

    assert (gone.state, gone.cause) == (EndpointState.DISABLED, "endpoint-gone")
    assert receiver.sequences == [1, 1, 2]


async def test_a_receiver_that_is_away_is_a_failure(stage):
    """A connection that is refused counts like any other failure."""
    async with receiving(always(200)) as receiver:
        endpoint = await ready(stage, receiver)
    await logged(stage, 1)

    await deliver(stage.services, "acme", endpoint)

    assert (await state(stage, endpoint)).failures == 1


async def test_redirects_are_not_followed(stage):
    """A redirect is no confirmation: nothing is posted anywhere else."""
    async with receiving(always(307)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        await deliver(stage.services, "acme", endpoint)

    assert len(receiver.got) == 1
    assert (await state(stage, endpoint)).state is EndpointState.FAILING


async def test_two_workers_do_not_deliver_twice(stage):
    """While one worker delivers, another one's message ends without a delivery."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_nth):
        inside.set()
        await go_on.wait()
        return 200

    async with receiving(answer) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        first = asyncio.create_task(deliver(stage.services, "acme", endpoint))
        await asyncio.wait_for(inside.wait(), 10)
        await deliver(stage.services, "acme", endpoint)
        await logged(stage, 1, start=2)
        go_on.set()
        await first

    assert receiver.sequences == [1, 2]


async def test_a_dead_worker_holds_nobody_up_for_long(stage):
    """When a worker died with the lease, the due row is there and the lease runs out."""
    async with receiving(always(200)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        held = replace(await state(stage, endpoint), busy_until=NOW + LEASE)
        await stage.services.store.put_endpoint(held)
        await deliver(stage.services, "acme", endpoint)
        before = len(receiver.got)
        stage.clock.now = NOW + LEASE
        await deliver(stage.services, "acme", endpoint)

    assert before == 0
    assert receiver.sequences == [1]


async def test_a_cursor_is_saved_on_the_way(stage):
    """After a crash at the 30th delivery no more than 20 are repeated."""

    seen = []

    async def answer(nth):
        seen.append(await state(stage, endpoint))
        return 200

    async with receiving(answer) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 45)
        await deliver(stage.services, "acme", endpoint)

    behind = [nth - kept.cursor for nth, kept in enumerate(seen, start=1)]
    assert max(behind) <= 20


async def test_a_missing_secret_disables(stage):
    """Nothing is ever sent unsigned."""
    async with receiving(always(200)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        stage.vault.secrets.clear()
        await deliver(stage.services, "acme", endpoint)

    assert receiver.got == []
    assert (await state(stage, endpoint)).cause == "endpoint-secret-missing"


async def test_the_vault_is_asked_once(stage):
    """Deliveries go on signed with what was read before, while the vault has other worries."""
    async with receiving(always(200)) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 1)
        await deliver(stage.services, "acme", endpoint)
        stage.vault.secrets.clear()
        await logged(stage, 1, start=2)
        await deliver(stage.services, "acme", endpoint)

    assert receiver.sequences == [1, 2]


async def test_a_vanished_endpoint_is_no_error(stage):
    """A message for an endpoint that was deleted ends quietly."""
    await deliver(stage.services, "acme", "vanished")

    assert not stage.queues.sent


async def test_a_long_backlog_goes_on_with_a_new_message(stage):
    """After 1,000 deliveries a worker makes room; the next message goes on where it ended."""
    async with receiving(always(204)) as receiver:
        endpoint = await ready(stage, receiver)
        for start in range(1, 1101, 25):
            await logged(stage, 25, start)
        await deliver(stage.services, "acme", endpoint)
        sent = list(stage.queues.sent)
        await deliver(stage.services, "acme", endpoint)

    assert sent == [("deliver-changes", f"acme~{endpoint}", 0)]
    assert receiver.sequences == list(range(1, 1101))


async def test_a_slow_receiver_does_not_cost_the_lease(stage):
    """Where deliveries take long the cursor is saved, and the lease renewed, by time."""
    seen = []

    async def answer(_nth):
        seen.append(await state(stage, endpoint))
        stage.clock.now += timedelta(seconds=14)
        return 200

    async with receiving(answer) as receiver:
        endpoint = await ready(stage, receiver)
        await logged(stage, 12)
        started = stage.clock.now
        await deliver(stage.services, "acme", endpoint)

    times = [started + timedelta(seconds=14 * n) for n in range(12)]
    assert all(kept.busy_until > at for kept, at in zip(seen, times, strict=True))


@pytest.mark.parametrize("name", ["", "acme", "~x", "acme~"])
def test_a_message_that_names_no_endpoint_is_a_bug(name):
    """It escapes, and ends in the poison queue."""
    with pytest.raises(ValueError, match="tenant~endpoint"):
        parse_name(name)
