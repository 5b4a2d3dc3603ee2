"""Stories that once ended badly, told from the first edit to the rest that follows."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.calendar.event import Attendee, Event, Timed, Zoned
from shared.errors import Refused
from shared.store.records import (
    AppointmentStatus,
    Link,
    OperationState,
    State,
)
from shared.sync.accept import Accepted, Wanted, delete_appointment, put_appointment
from shared.sync.timers import sweep
from tests.machine.stage import TENANT, Crash, Stage, as_told, replace_policy

START = datetime(2026, 3, 10, 9)  # noqa: DTZ001 - a wall time
LUNCH = Event(
    "Lunch",
    Timed(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin")),
)
WITH_BEN = replace(LUNCH, attendees=(Attendee("ben@contoso.test"),))
COFFEE = {
    "subject": "Coffee",
    "start": {"dateTime": "2026-03-11T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-03-11T11:00:00", "timeZone": "UTC"},
}


async def begun(*names: str, **policy: Any) -> Stage:
    stage = Stage()
    await stage.connect(*names, policy={"backfill": "window", **policy})
    return stage


async def put(
    stage: Stage, event: Event, name: str = "lunch", mailbox: str = "anna", **more: Any
) -> Accepted:
    accepted = await put_appointment(
        stage.store,  # type: ignore[arg-type]
        stage.wake,
        await stage.tenant(),
        name,
        Wanted(event, f"{mailbox}@contoso.test", **more),
        stage.now,
    )
    stage.host.wrote(name, accepted.link.version, as_told(accepted.link))
    return accepted


async def delete(stage: Stage, name: str = "lunch", *, cancel: bool = False) -> Accepted:
    accepted = await delete_appointment(
        stage.store,  # type: ignore[arg-type]
        stage.wake,
        await stage.tenant(),
        name,
        now=stage.now,
        cancel=cancel,
    )
    if not cancel:
        stage.host.deleted(name, accepted.link.version)
    return accepted


async def link_of(stage: Stage, name: str = "lunch", mailbox: str = "anna") -> Link:
    link = await stage.memory.link(stage.key(mailbox), name)
    assert link is not None
    return link


async def outcome(stage: Stage, accepted: Accepted, mailbox: str = "anna") -> OperationState:
    operation = await stage.memory.operation(
        stage.key(mailbox), accepted.operation.appointment, accepted.operation.version
    )
    assert operation is not None
    return operation.state


async def told(stage: Stage) -> list[Any]:
    return await stage.memory.changes(TENANT, 0, 1000)


async def set_policy(stage: Stage, **policy: Any) -> None:
    await stage.memory.put_tenant(replace_policy(await stage.tenant(), **policy))


def shown(stage: Stage, mailbox: str = "anna") -> list[str]:
    events = stage.twin.world.mailboxes[stage.people[mailbox].id].events.values()
    return sorted(event.subject for event in events)


# Directions.


async def test_nothing_made_in_outlook_reaches_the_app_when_all_goes_to_outlook():
    stage = await begun("anna", direction="to_outlook")
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    assert stage.host.appointments == {}


@pytest.mark.parametrize("cancel", [False, True])
async def test_a_deletion_comes_to_an_end_when_all_goes_to_outlook(cancel: bool):
    stage = await begun("anna", "ben", direction="to_outlook")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    deletion = await delete(stage, cancel=cancel)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.APPLIED
    assert shown(stage) == []


async def test_a_deletion_of_what_outlook_deleted_ends_when_all_goes_to_outlook():
    stage = await begun("anna", direction="to_outlook")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    deletion = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.APPLIED


async def test_no_deletion_is_accepted_when_all_goes_to_the_app():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    await set_policy(stage, direction="to_app")
    with pytest.raises(Refused):
        await delete(stage)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]


@pytest.mark.parametrize("edit", ["put", "delete"])
async def test_what_waits_when_the_direction_turns_to_the_app_is_refused(edit: str):
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    if edit == "put":
        accepted = await put(stage, replace(LUNCH, subject="Late lunch"))
    else:
        accepted = await delete(stage)
    await set_policy(stage, direction="to_app")
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, accepted) is OperationState.REFUSED


# Owners.


async def test_an_edit_of_a_field_that_outlook_owns_does_not_cross():
    stage = await begun("anna", owners={"subject": "outlook"})
    await put(stage, LUNCH)
    await stage.settle_down()
    edit = await put(stage, replace(LUNCH, subject="Mine", location="Canteen"))
    await stage.settle_down()
    link = await link_of(stage)
    assert shown(stage) == ["Lunch"]
    assert link.outlook is not None
    assert link.outlook.location == "Canteen"
    assert stage.host.appointments["lunch"]["subject"] == "Lunch"
    assert await outcome(stage, edit) is OperationState.APPLIED
    assert any(change.data.get("conflicts") for change in await told(stage))


async def test_every_edit_of_a_field_that_the_app_owns_is_reported():
    stage = await begun("anna", owners={"subject": "app"})
    await put(stage, LUNCH)
    await stage.settle_down()
    for subject in ("Brunch", "Dinner"):
        stage.outlook("anna").update_event((await link_of(stage)).event_id, {"subject": subject})
        await stage.settle_down()
    reported = [c["outlook"] for x in await told(stage) for c in x.data.get("conflicts", ())]
    assert reported == ["Brunch", "Dinner"]


# Deleting and wanting it back.


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("event", [WITH_BEN, replace(WITH_BEN, location="Canteen")])
async def test_what_was_deleted_by_a_dead_worker_and_put_again_is_back(event: Event, cancel: bool):
    """The worker died between Graph's answer and the settling."""
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    stage.queues.sent.clear()
    await delete(stage, cancel=cancel)
    await worker_dies_once_deleted(stage)
    assert shown(stage) == []
    again = await put(stage, event)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, again) is OperationState.APPLIED
    assert stage.host.appointments["lunch"] == as_told(await link_of(stage))


async def worker_dies_once_deleted(stage: Stage) -> None:
    """Right behind the request that removes the event, before anything is settled."""
    mailbox = stage.twin.world.mailboxes[stage.people["anna"].id]
    before = stage.fuse.afterwards

    def dies() -> None:
        if not mailbox.events:
            stage.fuse.blown = True
            raise Crash
        before()

    stage.fuse.afterwards = dies  # type: ignore[method-assign]
    await stage.take_message()


async def test_a_deletion_that_microsoft_refused_can_be_followed_by_an_edit():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.twin.faults.add(
        {"match": {"method": "DELETE"}, "action": {"status": 400, "code": "ErrorInvalidRequest"}}
    )
    deletion = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.REFUSED
    stage.outlook("anna").update_event((await link_of(stage)).event_id, {"subject": "Brunch"})
    await stage.settle_down()
    assert stage.host.appointments["lunch"]["subject"] == "Brunch"


async def test_a_deletion_that_microsoft_refused_can_be_asked_for_again():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.twin.faults.add(
        {"match": {"method": "DELETE"}, "action": {"status": 400, "code": "ErrorInvalidRequest"}}
    )
    await delete(stage)
    await stage.settle_down()
    again = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, again) is OperationState.APPLIED
    assert shown(stage) == []


# One id, one home.


async def test_a_refused_first_put_does_not_bind_the_appointment_to_a_mailbox():
    stage = await begun("anna", "ben")
    with pytest.raises(Refused):
        await put(stage, LUNCH, if_version=3)
    await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert shown(stage, "ben") == ["Lunch"]


async def test_what_was_deleted_in_one_mailbox_can_be_put_in_another():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    deletion = await delete(stage)
    await stage.settle_down()
    moved = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert moved.link.version > deletion.link.version
    assert (shown(stage), shown(stage, "ben")) == ([], ["Lunch"])
    ids = [change.id for change in await told(stage)]
    assert f"{moved.operation.id}.applied" in ids


async def test_an_older_revision_is_refused_even_if_the_newer_one_changed_nothing():
    stage = await begun("anna")
    await put(stage, LUNCH, revision=1)
    await stage.settle_down()
    await put(stage, LUNCH, revision=3)
    with pytest.raises(Refused):
        await put(stage, replace(LUNCH, subject="Late lunch"), revision=2)


async def test_a_new_status_alone_reaches_outlook_in_no_way():
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN, status=AppointmentStatus.TENTATIVE)
    await stage.settle_down()
    mails = len(stage.twin.exchange.outbox)
    accepted = await put(stage, WITH_BEN)
    await stage.settle_down()
    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert len(stage.twin.exchange.outbox) == mails


# Disconnecting.


async def disconnect(stage: Stage) -> None:
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await stage.engine.disconnect(connection)


async def state_of(stage: Stage, name: str) -> State:
    calendar = await stage.memory.calendar(stage.key(name))
    assert calendar is not None
    return calendar.state


async def test_what_waits_when_its_calendar_is_disconnected_gets_an_outcome():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    edit = await put(stage, replace(LUNCH, subject="Late lunch"))
    stage.queues.sent.clear()
    await disconnect(stage)
    await stage.settle_down()
    assert await outcome(stage, edit) is OperationState.REFUSED
    assert not await stage.engine.has_work(stage.key("anna"))


async def test_a_disconnected_calendar_accepts_no_deletion():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    await disconnect(stage)
    await stage.settle_down()
    with pytest.raises(Refused):
        await delete(stage)


async def test_a_disconnection_ends_whenever_it_comes_in_a_round():
    for effect in range(200):
        stage = Stage()
        await stage.connect()
        await stage.memory.put_calendar(stage._calendar("anna"))  # pyright: ignore[reportPrivateUsage]
        await stage.wake.dirty(stage.key("anna"), stage.now)
        if not await disconnected_at(stage, effect):
            return
        await stage.settle_down()
        assert await state_of(stage, "anna") is State.DISCONNECTED, effect
        connection = await stage.memory.connection(TENANT, "grant")
        assert connection is not None
        assert connection.state is State.DISCONNECTED
    raise AssertionError("a round has no end")


async def disconnected_at(stage: Stage, effect: int) -> bool:
    """By another process, behind that effect of a worker; whether the worker came that far."""
    begun: list[asyncio.Task[None]] = []
    original, first = stage.fuse.before, stage.fuse.count

    def before() -> None:
        if stage.fuse.count - first == effect and not begun:
            begun.append(asyncio.create_task(disconnect_elsewhere(stage)))
        original()

    stage.fuse.before = before  # type: ignore[method-assign]
    await stage.take_message()
    await asyncio.gather(*begun)
    return bool(begun)


async def disconnect_elsewhere(stage: Stage) -> None:
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    wake = replace(stage.wake, store=stage.memory)
    await replace(stage.engine, store=stage.memory, wake=wake).disconnect(connection)


@pytest.mark.parametrize("after", [False, True])
async def test_a_disconnection_ends_whenever_its_worker_dies(after: bool):
    for effect in range(100):
        stage = await begun("anna")
        await disconnect(stage)
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        await stage.settle_down()
        connection = await stage.memory.connection(TENANT, "grant")
        assert connection is not None
        assert connection.state is State.DISCONNECTED, effect
        if over:
            return
    raise AssertionError("a disconnection has no end")


async def test_a_calendar_that_waits_for_a_person_is_not_woken_every_minute():
    stage = await begun("anna")
    await put(stage, LUNCH)
    stage.twin.faults.add(
        {"match": {}, "action": {"status": 403, "code": "ErrorAccessDenied"}, "times": None}
    )
    await stage.take_message()
    assert await state_of(stage, "anna") is State.ACTION_REQUIRED
    woken = 0
    for _ in range(30):
        stage.now += timedelta(minutes=1)
        woken += await sweep(stage.engine, stage.now)
        while stage.queues.sent:
            await stage.take_message()
    assert woken == 0
    stage.twin.faults.clear()
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]


# One meeting in several mailboxes.


async def test_a_meeting_whose_organiser_was_disconnected_is_the_attendees():
    stage = await begun("anna", "ben")
    await stage.settle_down()
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, state=State.DISCONNECTED))
    stage.outlook("anna").create_event(
        {**COFFEE, "attendees": [{"emailAddress": {"address": "ben@contoso.test"}}]}
    )
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Coffee"]


async def test_a_meeting_is_taken_over_when_its_organiser_leaves():
    stage = await begun("anna", "ben")
    made = stage.outlook("anna").create_event(
        {**COFFEE, "attendees": [{"emailAddress": {"address": "ben@contoso.test"}}]}
    )
    await stage.settle_down()
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, state=State.DISCONNECTED))
    stage.outlook("anna").update_event(made["id"], {"subject": "Tea"})
    await stage.settle_down()
    links = [link for link in await stage.memory.links(stage.key("ben")) if link.app]
    assert [link.app.subject for link in links if link.app] == ["Tea"]


async def test_an_organiser_who_connects_later_does_not_double_the_meeting():
    stage = await begun("ben")
    stage.outlook("anna").create_event(
        {**COFFEE, "attendees": [{"emailAddress": {"address": "ben@contoso.test"}}]}
    )
    await stage.settle_down()
    await stage.memory.put_calendar(stage._calendar("anna"))  # pyright: ignore[reportPrivateUsage]
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Coffee"]


# Rounds.


async def test_an_event_of_another_calendar_of_the_mailbox_is_left_alone():
    """A subscription is the whole mailbox's, so its events are named by notifications."""
    stage = await begun("anna")
    other = stage.outlook("anna").create_calendar("Private")
    stage.outlook("anna").create_event(COFFEE, other)
    await stage.settle_down()
    assert stage.host.appointments == {}


async def test_a_calendar_is_read_while_subscriptions_fail():
    stage = await begun("anna")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, subscription="", subscription_expires=None))
    stage.twin.faults.add(
        {"match": {"path": "subscriptions"}, "action": {"status": 503}, "times": None}
    )
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Coffee"]


async def test_an_answer_that_came_with_a_lost_create_is_told():
    stage = await begun("anna")
    await put(stage, WITH_BEN)
    stage.fuse.lost_answers = 1
    await stage.take_message()
    mailbox = stage.twin.world.mailboxes[stage.people["ben"].id]
    stage.outlook("ben").respond(next(iter(mailbox.events)), "accept")
    await stage.settle_down()
    link = await link_of(stage)
    assert link.app is not None
    assert [a.response.value for a in link.app.attendees] == ["accepted"]
    answers = [
        a["response"]
        for change in await told(stage)
        for a in change.data.get("appointment", {}).get("attendees", ())
    ]
    assert answers == ["accepted"]
