"""How notifications reach an endpoint, and what happens to those that do not."""

import asyncio
from datetime import timedelta

import pytest

from local.twin.seed import CONTOSO
from tests.twin.notify.receiver import ORIGIN


@pytest.fixture
async def watched(graph):
    return await graph.subscribe(lifecycleNotificationUrl=f"{ORIGIN}/lifecycle")


async def _pass_time(twin):
    """The clock jumps whenever somebody waits for it, until nothing is left to send."""
    async with asyncio.timeout(10):
        while not twin.notifier.idle:
            if twin.clock.awaited:
                twin.clock.advance(600)
            await asyncio.sleep(0)


async def test_a_change_is_told_as_graph_tells_it(watched, megan, receiver, meeting, twin):
    """The item names subscription, tenant, kind and event, and carries the state."""
    event = megan.create_event(meeting)
    await receiver.posted(1)

    megan_id = twin.world.person(CONTOSO, "megan@contoso.example").id
    resource = f"Users/{megan_id}/Events/{event['id']}"
    assert receiver.items == [
        {
            "subscriptionId": watched["id"],
            "subscriptionExpirationDateTime": watched["expirationDateTime"],
            "clientState": "secret-state",
            "tenantId": CONTOSO,
            "changeType": "created",
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": resource,
                "@odata.etag": event["@odata.etag"],
                "id": event["id"],
            },
        }
    ]


async def test_ids_are_immutable_when_the_subscription_asked_for_it(
    graph, megan, receiver, meeting
):
    await graph.subscribe(prefer='IdType="ImmutableId"')
    event = megan.create_event(meeting)
    await receiver.posted(1)

    told = receiver.items[0]["resourceData"]["id"]
    assert told != event["id"]
    path = f"/users/megan@contoso.example/events/{told}"
    assert (await graph.ask("GET", path)).json()["subject"] == "Plan"


async def test_changes_close_together_share_a_post(watched, megan, receiver, meeting, twin):
    first = megan.create_event(meeting)
    megan.update_event(first["id"], {"subject": "Plan B"})
    megan.delete_event(first["id"])
    await receiver.posted(1)
    await twin.notifier.settled(5)

    assert len(receiver.posts) == 1
    assert [i["changeType"] for i in receiver.items] == ["created", "updated", "deleted"]


async def test_only_the_kinds_asked_for_are_told(graph, megan, receiver, meeting, twin):
    await graph.subscribe(changeType="deleted")
    event = megan.create_event(meeting)
    megan.delete_event(event["id"])
    await receiver.posted(1)
    await twin.notifier.settled(5)

    assert [i["changeType"] for i in receiver.items] == ["deleted"]


async def test_one_edit_may_be_told_several_times(watched, megan, receiver, meeting, twin):
    twin.switches.notifications_per_change = 3
    megan.create_event(meeting)
    await receiver.posted(1)

    assert [i["changeType"] for i in receiver.items] == ["created", "updated", "updated"]


@pytest.mark.parametrize("first", [500, 404, 302, 0])
async def test_a_failed_delivery_is_tried_again(watched, megan, receiver, meeting, twin, first):
    """Anything but 2xx within three seconds; the second attempt waits on the twin's clock."""
    receiver.statuses = [first, 202]
    megan.create_event(meeting)
    await receiver.posted(1)
    await _pass_time(twin)

    assert receiver.posts[0] == receiver.posts[1]
    assert [d.outcome for d in twin.notifier.deliveries] == ["retrying", "delivered"]


async def test_after_four_hours_a_notification_is_lost(watched, megan, receiver, meeting, twin):
    receiver.statuses = [503]
    megan.create_event(meeting)
    await receiver.posted(1)
    began = twin.clock.now()
    await _pass_time(twin)

    lost = twin.notifier.deliveries[-1]
    assert lost.outcome == "dropped"
    assert timedelta(hours=4) <= lost.at - began < timedelta(hours=5)


async def test_nothing_is_tried_again_for_a_deleted_subscription(
    watched, graph, megan, receiver, meeting, twin
):
    receiver.statuses = [500, 202]
    megan.create_event(meeting)
    await receiver.posted(1)
    await graph.ask("DELETE", f"/subscriptions/{watched['id']}")
    twin.clock.advance(3600)
    await twin.notifier.settled(5)

    assert len(receiver.posts) == 1


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
async def test_lifecycle_notifications_have_no_resource(watched, receiver, twin, event):
    """They go to the lifecycle URL with lifecycleEvent instead of changeType."""
    assert twin.notifier.lifecycle(watched["id"], event)
    await receiver.posted(1)

    assert receiver.items == [
        {
            "subscriptionId": watched["id"],
            "subscriptionExpirationDateTime": watched["expirationDateTime"],
            "clientState": "secret-state",
            "tenantId": CONTOSO,
            "lifecycleEvent": event,
        }
    ]
    assert twin.notifier.deliveries[0].url == f"{ORIGIN}/lifecycle"


async def test_a_removed_subscription_is_gone(watched, graph, twin):
    twin.notifier.lifecycle(watched["id"], "subscriptionRemoved")

    answer = await graph.ask("GET", f"/subscriptions/{watched['id']}")

    assert answer.status_code == 404


async def test_changes_during_a_pause_are_lost_until_reauthorized(
    watched, graph, megan, receiver, meeting, twin
):
    twin.notifier.lifecycle(watched["id"], "reauthorizationRequired", pause=True)
    await receiver.posted(1)

    megan.create_event(meeting)
    answer = await graph.ask("POST", f"/subscriptions/{watched['id']}/reauthorize")
    heard = megan.create_event(meeting)
    await receiver.posted(2)
    await twin.notifier.settled(5)

    assert answer.status_code == 204
    assert [i["resourceData"]["id"] for i in receiver.items[1:]] == [heard["id"]]


async def test_reauthorization_is_asked_before_the_end_by_switch(graph, receiver, twin):
    twin.switches.reauthorize_before_expiry_minutes = 60
    await graph.subscribe(lifecycleNotificationUrl=f"{ORIGIN}/lifecycle")

    twin.clock.advance(timedelta(hours=47, minutes=1).total_seconds())
    await receiver.posted(1)

    assert [i["lifecycleEvent"] for i in receiver.items] == ["reauthorizationRequired"]


async def test_an_authorization_runs_out_unless_renewed(graph, megan, receiver, meeting, twin):
    """Asked for ten minutes before the end; renewed it lasts anew, forgotten it pauses."""
    twin.switches.authorization_lasts_minutes = 60
    made = await graph.subscribe(lifecycleNotificationUrl=f"{ORIGIN}/lifecycle")
    twin.clock.advance(51 * 60)
    await receiver.posted(1)
    await graph.ask("POST", f"/subscriptions/{made['id']}/reauthorize")

    twin.clock.advance(15 * 60)
    heard = megan.create_event(meeting)
    await receiver.posted(2)
    twin.clock.advance(46 * 60)
    await receiver.posted(3)
    megan.create_event(meeting)
    await twin.notifier.settled(5)

    told = [i.get("lifecycleEvent") or i["resourceData"]["id"] for i in receiver.items]
    assert told == ["reauthorizationRequired", heard["id"], "reauthorizationRequired"]


async def test_a_lost_notification_never_arrives(watched, megan, receiver, meeting, twin):
    twin.faults.add_notification_rule({"kind": "lose", "times": 1})
    megan.create_event(meeting)
    second = megan.create_event(meeting)
    await receiver.posted(1)
    await twin.notifier.settled(5)

    assert [i["resourceData"]["id"] for i in receiver.items] == [second["id"]]


async def test_a_duplicated_notification_arrives_twice(watched, megan, receiver, meeting, twin):
    twin.faults.add_notification_rule({"kind": "duplicate"})
    megan.create_event(meeting)
    await receiver.posted(1)

    assert len(receiver.items) == 2
    assert receiver.items[0] == receiver.items[1]


async def test_a_delayed_notification_waits_on_the_clock(watched, megan, receiver, meeting, twin):
    twin.faults.add_notification_rule({"kind": "delay", "seconds": 900})
    late = megan.create_event(meeting)
    soon = megan.create_event(meeting)
    await receiver.posted(1)
    twin.clock.advance(901)
    await receiver.posted(2)

    assert [i["resourceData"]["id"] for i in receiver.items] == [soon["id"], late["id"]]


async def test_a_reordered_notification_is_overtaken(watched, megan, receiver, meeting, twin):
    twin.faults.add_notification_rule({"kind": "reorder"})
    first = megan.create_event(meeting)
    second = megan.create_event(meeting)
    await receiver.posted(2)

    assert [i["resourceData"]["id"] for i in receiver.items] == [second["id"], first["id"]]


async def test_a_fault_can_name_one_person(watched, graph, megan, receiver, meeting, twin):
    twin.faults.add_notification_rule(
        {"kind": "lose", "times": None, "user": "diego@contoso.example"}
    )
    megan.create_event(meeting)
    await receiver.posted(1)

    assert len(receiver.items) == 1


async def test_an_endpoint_that_often_answers_late_loses_notifications(
    watched, megan, receiver, meeting, twin
):
    """More than 15 % of answers over ten seconds in ten minutes: new ones are discarded."""
    twin.switches.slow_endpoints_are_punished = True
    now = twin.clock.now()
    for seconds in (11.0, 11.0, *[0.1] * 8):
        twin.notifier.endpoints.note(f"{ORIGIN}/notify", seconds, now)
    megan.create_event(meeting)
    assert twin.notifier.idle

    twin.clock.advance(601)
    heard = megan.create_event(meeting)
    await receiver.posted(1)

    assert [i["resourceData"]["id"] for i in receiver.items] == [heard["id"]]
