"""Stories of calendars that come, go and come back, and of whose a meeting is."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.calendar.event import AllDay
from shared.errors import Refused
from shared.store.records import (
    OperationState,
    State,
)
from shared.sync.timers import sweep
from tests.machine.stage import ENTRA, TENANT, Stage
from tests.machine.telling import (
    COFFEE,
    LUNCH,
    WITH_BEN,
    begun,
    delete,
    disconnect,
    link_of,
    outcome,
    put,
    shown,
    state_of,
    told,
)

# Disconnecting.


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
        states = [c.data["state"] for c in await told(stage) if "connection.state" in c.type]
        assert states == ["disconnected"], effect
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


# Organisers that nobody can sync.


async def invited_by_carol(stage: Stage) -> tuple[Any, str]:
    stage.people["carol"] = stage.twin.world.create_person(ENTRA, "carol@contoso.test", "Carol")
    guests = [{"emailAddress": {"address": f"{name}@contoso.test"}} for name in ("anna", "ben")]
    made = stage.outlook("carol").create_event({**COFFEE, "attendees": guests})
    await stage.settle_down()
    return stage.outlook("carol"), made["id"]


def copy_of(stage: Stage, mailbox: str) -> str:
    return next(iter(stage.twin.world.mailboxes[stage.people[mailbox].id].events))


async def test_a_meeting_of_two_attendees_is_one_appointment_whoever_leaves_it():
    stage = await begun("anna", "ben")
    carol, event_id = await invited_by_carol(stage)
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Coffee"]
    holder = "anna" if await stage.memory.links(stage.key("anna")) else "ben"
    stage.outlook(holder).delete_event(copy_of(stage, holder))
    await stage.settle_down()
    assert stage.host.appointments == {}
    carol.update_event(event_id, {"subject": "Tea"})
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Tea"]
    assert stage.host.echoes == []


@pytest.mark.parametrize("copies", ["mark", "remove"])
async def test_a_meeting_that_its_organiser_cancelled_is_told_once(copies: str):
    stage = await begun("anna", "ben")
    stage.twin.switches.cancelled_copies = copies
    carol, event_id = await invited_by_carol(stage)
    carol.cancel_event(event_id)
    await stage.settle_down()
    kinds = [c.type.rpartition(".")[2] for c in await told(stage) if "appointment" in c.type]
    assert kinds == ["created", "cancelled" if copies == "mark" else "deleted"]
    assert stage.host.echoes == []


# Coming back.


async def test_what_happened_while_disconnected_is_told_once_when_connected_again():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    await disconnect(stage)
    await stage.settle_down()
    stage.outlook("anna").update_event((await link_of(stage)).event_id, {"subject": "Brunch"})
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    connection = await stage.memory.connection(TENANT, "grant")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert connection is not None
    assert calendar is not None
    await stage.memory.put_connection(replace(connection, state=State.ACTIVE, since=stage.now))
    await stage.memory.put_calendar(replace(calendar, state=State.PROVISIONING, since=stage.now))
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.settle_down()
    subjects = sorted(a["subject"] for a in stage.host.appointments.values())
    assert subjects == ["Brunch", "Coffee"]
    kinds = [c.type.rpartition(".")[2] for c in await told(stage) if ".appointment." in c.type]
    assert sorted(kinds) == ["created", "updated"]
    edit = await put(stage, replace(LUNCH, subject="Dinner"))
    await stage.settle_down()
    assert await outcome(stage, edit) is OperationState.APPLIED


async def test_a_window_that_slides_tells_nothing_but_what_happened():
    stage = await begun("anna")
    await put(stage, LUNCH)
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    before = len(await told(stage))
    stage.now += timedelta(days=9)
    stage.twin.clock.advance(9 * 86_400)
    await stage.settle_down()
    assert len(await told(stage)) == before
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    stage.deaf.heard.clear()
    stage.now += timedelta(days=9)
    stage.twin.clock.advance(9 * 86_400)
    await stage.settle_down()
    assert [c.type for c in (await told(stage))[before:]] == ["calbridge.appointment.deleted"]


async def test_what_was_there_before_is_left_alone_until_somebody_edits_it():
    stage = Stage()
    made = stage.outlook("anna").create_event(COFFEE)
    await stage.connect("anna", policy={"backfill": "none"})
    mailbox = stage.twin.world.mailboxes[stage.people["anna"].id]
    mailbox.generation += 1
    await stage.settle_down()
    assert stage.host.appointments == {}
    stage.outlook("anna").update_event(made["id"], {"subject": "Tea"})
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Tea"]


@pytest.mark.parametrize("deletion", ["delete", "cancel", "detach", "keep_protected"])
async def test_what_outlook_deleted_can_be_put_again(deletion: str):
    stage = await begun("anna", "ben", deletion=deletion)
    await put(stage, WITH_BEN)
    await stage.settle_down()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    await stage.settle_down()
    assert shown(stage) == []
    again = await put(stage, replace(WITH_BEN, location="Canteen"))
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, again) is OperationState.APPLIED
    deletion_of = await delete(stage)
    await stage.settle_down()
    assert shown(stage) == []
    assert await outcome(stage, deletion_of) is OperationState.APPLIED


async def test_an_all_day_event_crosses_both_ways():
    stage = await begun("anna")
    day = datetime(2026, 3, 10).date()  # noqa: DTZ001 - a date
    await put(stage, replace(LUNCH, when=AllDay(day, day + timedelta(days=1))))
    await stage.settle_down()
    before = len(await told(stage))
    link = await link_of(stage)
    stage.outlook("anna").update_event(
        link.event_id,
        {
            "isAllDay": True,
            "start": {"dateTime": "2026-03-12T00:00:00", "timeZone": "W. Europe Standard Time"},
            "end": {"dateTime": "2026-03-14T00:00:00", "timeZone": "W. Europe Standard Time"},
        },
    )
    await stage.settle_down()
    link = await link_of(stage)
    assert link.app is not None
    moved = datetime(2026, 3, 12).date()  # noqa: DTZ001 - a date
    assert link.app.when == AllDay(moved, moved + timedelta(days=2))
    assert len(await told(stage)) == before + 1


# What the host app is told of calendars and connections.


@pytest.mark.parametrize("after", [False, True])
async def test_a_state_is_told_once_whenever_the_worker_dies(after: bool):
    for effect in range(100):
        stage = await begun("anna")
        stage.twin.faults.add({"match": {}, "action": {"status": 401}, "times": None})
        await stage.wake.dirty(stage.key("anna"), stage.now)
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        await stage.settle_down()
        states = [(c.type, c.data["state"]) for c in await told(stage) if "state" in c.data]
        # The tenant's state is looked at by a timer, which may come before the calendar's sweep.
        assert sorted(states) == [
            ("calbridge.calendar.state", "active"),
            ("calbridge.connection.state", "action_required"),
            ("calbridge.tenant.state", "action_required"),
        ], effect
        if over:
            return
    raise AssertionError("a round has no end")
