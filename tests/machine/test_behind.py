"""A calendar whose work lies there, and why nobody does it cannot be known."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.store.records import State
from shared.sync.timers import sweep
from tests.machine.stage import Stage, crash_points
from tests.machine.telling import COFFEE, LUNCH, begun, put, state_of, told

MINUTE = timedelta(minutes=1)


async def swept(stage: Stage, minutes: int) -> None:
    """Timers run, and whatever a worker is woken by goes to poison."""
    for _ in range(minutes):
        stage.now += MINUTE
        stage.twin.clock.advance(60)
        await sweep(stage.engine, stage.now)
        stage.queues.sent.clear()


async def causes(stage: Stage) -> list[tuple[str, str]]:
    found = [one.data for one in await told(stage) if one.type == "calbridge.calendar.state"]
    return [(one["state"], one["cause"]) for one in found if one["state"] != "provisioning"]


async def mark(stage: Stage) -> None:
    stage.outlook("anna").create_event(COFFEE)
    await stage.notify()


async def write(stage: Stage) -> None:
    await put(stage, LUNCH)


@pytest.mark.parametrize("work", [mark, write])
async def test_work_that_nobody_does_is_told_once_and_so_is_its_end(
    work: Callable[[Stage], Awaitable[None]],
):
    """After a quarter of an hour, not before; one good round ends it."""
    stage = await begun("anna")
    before = await causes(stage)
    await work(stage)
    await swept(stage, 14)
    assert await causes(stage) == before

    await swept(stage, 10)
    assert await causes(stage) == [*before, ("degraded", "calendar-behind")]
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    assert (calendar.state, calendar.cause) == (State.DEGRADED, "calendar-behind")

    await stage.settle_down(polls=False)
    assert (await causes(stage))[len(before) :] == [
        ("degraded", "calendar-behind"),
        ("active", ""),
    ]


async def test_after_a_standstill_of_the_whole_app_workers_have_a_minute():
    """Nothing is told of calendars that are at once caught up."""
    stage = await begun("anna")
    before = await causes(stage)
    await mark(stage)
    stage.now += 60 * MINUTE
    await sweep(stage.engine, stage.now)
    assert await causes(stage) == before

    await swept(stage, 2)
    assert (await causes(stage))[len(before) :] == [("degraded", "calendar-behind")]


async def test_a_calendar_that_somebody_is_at_is_not_called_behind():
    """A worker that takes long holds the lease."""
    stage = await begun("anna")
    await mark(stage)
    key = stage.key("anna")
    for _ in range(20):
        lease = await stage.memory.acquire(key, "long", stage.now + MINUTE, 90)
        assert lease is not None
        await swept(stage, 1)
    assert await state_of(stage, "anna") is State.ACTIVE


async def test_what_rests_or_waits_for_a_person_is_not_behind():
    stage = await begun("anna", "ben")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await put(stage, LUNCH)
    await stage.memory.put_calendar(replace(calendar, state=State.PAUSED))
    await swept(stage, 20)
    assert await state_of(stage, "anna") is State.PAUSED


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_who_tells_it_may_be_cut_off(after: bool):
    """Told once all the same."""

    async def late(effect: int | None) -> Stage:
        stage = await begun("anna")
        await mark(stage)
        await swept(stage, 14)
        stage.fuse.count, stage.fuse.left, stage.fuse.after = 0, effect, after
        try:
            await swept(stage, 2)
        except BaseException:  # noqa: BLE001 - the fuse's own way to end a process
            stage.crash()
        return stage

    effects = (await late(None)).fuse.count
    for effect in crash_points(effects):
        stage = await late(effect)
        await swept(stage, 3)
        assert (await causes(stage)).count(("degraded", "calendar-behind")) == 1, effect
        await stage.settle_down(polls=False)
        assert await state_of(stage, "anna") is State.ACTIVE, effect
