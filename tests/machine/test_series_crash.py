"""Stories of series, each run once for each of its effects with a crash just there."""

from dataclasses import replace

import pytest

from shared.calendar.digest import same
from shared.calendar.event import Event
from tests.machine.series_telling import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    WITH_BEN,
    cancelled,
    cancels_day,
    edits_day,
    event_id,
    in_outlook,
    later,
    moved,
    moves_day,
    named,
    ruled,
)
from tests.machine.stage import Stage, crash_points
from tests.machine.telling import delete, link_of, put
from tests.machine.test_crash_sweep import Story, crashed_at, effects_of, settled, work

RICH = cancelled(named(moved(WITH_BEN, FIRST, 3), SECOND, "Kickoff"), THIRD)
NEW_TIME = later(RICH, 1)
NEW_RULE = ruled(RICH, count=9)


async def created(stage: Stage) -> None:
    await put(stage, RICH)


async def at_rest(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await settled(stage)


async def time_changed(stage: Stage) -> None:
    await at_rest(stage)
    await put(stage, NEW_TIME)


async def days_changed(stage: Stage) -> None:
    await at_rest(stage)
    await put(stage, cancelled(replace(RICH, subject="Renamed"), FOURTH))


async def replaced_in_the_midst(stage: Stage) -> None:
    """A second wish comes before the first, which may have been written, is settled."""
    await at_rest(stage)
    stage.fuse.left, stage.fuse.after = 9, True
    await put(stage, NEW_TIME)
    await work(stage)
    stage.fuse.left = None
    await put(stage, NEW_RULE)


async def day_moved_in_outlook(stage: Stage) -> None:
    await at_rest(stage)
    moves_day(stage, await event_id(stage), FOURTH, 15)
    await stage.notify()


async def day_cancelled_in_outlook_while_the_app_edits(stage: Stage) -> None:
    await at_rest(stage)
    cancels_day(stage, await event_id(stage), FOURTH)
    await stage.notify()
    await put(stage, NEW_TIME)


async def deleted(stage: Stage) -> None:
    await at_rest(stage)
    await delete(stage)


STORIES: dict[Story, Event | None] = {
    created: RICH,
    time_changed: NEW_TIME,
    days_changed: cancelled(replace(RICH, subject="Renamed"), FOURTH),
    replaced_in_the_midst: NEW_RULE,
    day_moved_in_outlook: moved(RICH, FOURTH, 5),
    day_cancelled_in_outlook_while_the_app_edits: cancelled(NEW_TIME, FOURTH),
    deleted: None,
}
MANNERS = ({}, {"reissued_exceptions": "kept", "reissued_cancelled": "kept"})


async def check(stage: Stage, wanted: Event | None) -> None:
    events = stage.twin.world.mailboxes[stage.people["anna"].id].events
    assert len(events) == (wanted is not None)
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert await stage.memory.outbox(stage.key("anna")) == []
    assert stage.host.echoes == []
    if wanted is None:
        return
    link = await link_of(stage)
    assert link.app is not None
    assert same(wanted, link.app)
    assert same(wanted, in_outlook(stage, link.event_id))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_at_any_effect_of_the_story_does_no_harm(story: Story, after: bool):
    """Half-written series are gone on with, and taken for nobody's edit."""
    effects = await effects_of(story)
    assert effects > 3
    for effect in crash_points(effects):
        await check(await crashed_at(story, effect, after=after), STORIES[story])


@pytest.mark.parametrize("story", [time_changed, day_cancelled_in_outlook_while_the_app_edits])
async def test_lost_answers_do_no_harm(story: Story):
    """One after the other, of every request that writes."""
    for lost in range(1, 6):
        stage = Stage()
        await stage.connect("anna", "ben")
        await story(stage)
        stage.fuse.lost_answers = lost
        await work(stage)
        await stage.settle_down(polls=False)
        await check(stage, STORIES[story])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_half_written_series_is_no_edit_of_the_person_who_edits_a_day(after: bool):
    """The worker dies around the steps of a new time, some of whose days Exchange has dropped;
    a person renames another day meanwhile. All that was wanted stands.
    """
    for effect in range(60):
        stage = Stage()
        await stage.connect("anna", "ben")
        await at_rest(stage)
        await put(stage, NEW_TIME)
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        edits_day(stage, await event_id(stage), FOURTH, {"subject": "Review"})
        await stage.settle_down()
        await check(stage, named(NEW_TIME, FOURTH, "Review"))
        if over:
            return
    raise AssertionError("writing one series has no end")
