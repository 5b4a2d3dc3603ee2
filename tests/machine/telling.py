"""The words stories are told in: what the host app does, and what is seen of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.calendar.event import Attendee, Event, Timed, Zoned
from shared.store.records import (
    Link,
    OperationState,
    State,
)
from shared.sync.accept import Accepted, delete_appointment, put_appointment
from shared.sync.demand import Wanted
from tests.machine.stage import TENANT, Stage, as_told, replace_policy

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


async def furnish(stage: Stage) -> None:
    """Of the host app an event without guests and a meeting; one of Outlook's own."""
    await put(stage, LUNCH, "solo")
    await put(stage, WITH_BEN, "meeting")
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    stage.twin.exchange.outbox.clear()


def shown(stage: Stage, mailbox: str = "anna") -> list[str]:
    events = stage.twin.world.mailboxes[stage.people[mailbox].id].events.values()
    return sorted(event.subject for event in events)


async def disconnect(stage: Stage) -> None:
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await stage.engine.disconnect(connection)


async def state_of(stage: Stage, name: str) -> State:
    calendar = await stage.memory.calendar(stage.key(name))
    assert calendar is not None
    return calendar.state
