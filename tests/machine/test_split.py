"""A series that goes on as another appointment from a day on, and a crash at each of its effects."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shared.calendar.digest import same
from shared.calendar.event import Event, Timed
from shared.calendar.split import split
from shared.errors import Refused
from shared.store.records import Link, OperationState
from shared.sync.accept import Accepted
from shared.sync.demand import Wanted
from shared.sync.split import split_appointment
from tests.machine.series_telling import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    WEEKLY,
    WITH_BEN,
    at,
    cancelled,
    cancels_day,
    edits_day,
    event_id,
    in_outlook,
    later,
    moved,
    named,
    seen_whole,
)
from tests.machine.stage import Crash, Stage, as_told, crash_points
from tests.machine.telling import begun, link_of, outcome, put, shown, told
from tests.machine.test_crash_sweep import work

RICH = cancelled(named(moved(WITH_BEN, FIRST, 3), SECOND, "Kickoff"), THIRD)
RICH = cancelled(named(RICH, FOURTH, "Review"), SECOND)
HEAD, TAIL = split(RICH, THIRD)
Story = Callable[[Stage], Awaitable[None]]


async def splits(stage: Stage, day: date = THIRD, **changes: Any) -> tuple[Accepted, Accepted]:
    """The host app asks for it, and wants the changes of what follows."""

    def wanted(link: Link, tail: Event) -> Wanted:
        del link
        return Wanted(replace(tail, **changes), "anna@contoso.test")

    parts = await split_appointment(
        stage.store,  # type: ignore[arg-type]
        stage.wake,
        await stage.tenant(),
        "lunch",
        day,
        "rest",
        wanted,
        stage.now,
    )
    for part in parts:
        stage.host.wrote(part.link.appointment, part.link.version, as_told(part.link))
    return parts


async def settled(event: Event = RICH, **policy: Any) -> Stage:
    stage = await begun("anna", "ben", **policy)
    await put(stage, event)
    await stage.settle_down()
    return stage


async def agrees(stage: Stage, name: str, wanted: Event) -> None:
    link = await link_of(stage, name)
    assert link.app is not None
    assert same(wanted, link.app)
    assert same(wanted, in_outlook(stage, link.event_id))


async def at_rest(stage: Stage) -> None:
    events = stage.twin.world.mailboxes[stage.people["anna"].id].events
    links = [one for one in await stage.memory.links(stage.key("anna")) if one.event_id]
    assert {one.event_id for one in links} == {seen_whole(e).event_id for e in events.values()}
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert await stage.memory.outbox(stage.key("anna")) == []
    assert stage.host.echoes == []


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"reissued_exceptions": "kept", "reissued_cancelled": "kept"},
        {"exceptions_follow_master": False, "exception_bumps_master": False},
    ],
    ids=lambda s: "-".join(s) or "plain",
)
async def test_both_halves_are_in_outlook(switches):
    """Each day's cancellation and exception with its own; what follows is told apart by name."""
    stage = await settled()
    stage.twin.switches.patch(switches)
    parts = await splits(stage, subject="Smaller")
    await stage.settle_down()

    await agrees(stage, "lunch", HEAD)
    await agrees(stage, "rest", replace(TAIL, subject="Smaller"))
    await at_rest(stage)
    assert shown(stage) == ["Jour fixe", "Smaller"]
    assert [await outcome(stage, part) for part in parts] == [OperationState.APPLIED] * 2
    assert (await link_of(stage, "rest")).follows == "lunch"


async def test_what_follows_may_be_at_another_time():
    stage = await settled()
    tail = later(TAIL, 2)
    await splits(stage, when=tail.when)
    await stage.settle_down()

    await agrees(stage, "rest", tail)
    await at_rest(stage)


async def test_a_split_told_of_before_the_series_is_written():
    """Neither half is in Outlook yet; the series is written as it ends."""
    stage = await begun("anna", "ben")
    await put(stage, RICH)
    await splits(stage)
    await stage.settle_down()

    await agrees(stage, "lunch", HEAD)
    await agrees(stage, "rest", TAIL)
    await at_rest(stage)


async def test_a_person_edits_a_day_before_the_split_meanwhile():
    stage = await settled()
    edits_day(stage, await event_id(stage), FIRST, {"subject": "Late"})
    await splits(stage)
    await stage.settle_down()

    await agrees(stage, "lunch", named(HEAD, FIRST, "Late"))
    await agrees(stage, "rest", TAIL)
    await at_rest(stage)


async def test_an_edit_of_a_day_behind_the_split_meanwhile_does_no_harm():
    """The host app's split ends the series; the two sides agree all the same."""
    stage = await settled()
    edits_day(stage, await event_id(stage), FOURTH, {"subject": "Late"})
    await splits(stage)
    await stage.settle_down()

    await agrees(stage, "lunch", HEAD)
    await at_rest(stage)


async def test_what_follows_lives_by_itself():
    """A person cancels a day of it, and the first half hears nothing."""
    stage = await settled()
    await splits(stage)
    await stage.settle_down()
    before = await link_of(stage)
    cancels_day(stage, await event_id(stage, "rest"), FOURTH)
    await stage.settle_down()

    await agrees(stage, "rest", cancelled(TAIL, FOURTH))
    assert (await link_of(stage)).version == before.version
    await at_rest(stage)


async def test_a_refused_split_leaves_all_as_it_was():
    stage = await settled()
    with pytest.raises(Refused):
        await splits(stage, FIRST)
    await stage.settle_down()

    await agrees(stage, "lunch", RICH)
    await at_rest(stage)


async def test_what_follows_gets_the_length_and_the_names_as_a_put_does():
    """An end that is the start has the policy's length."""
    stage = await settled(WEEKLY, default_minutes=45)
    when = TAIL.when
    _, rest = await splits(stage, when=replace(when, end=when.start))

    assert rest.link.app is not None
    assert isinstance(rest.link.app.when, Timed)
    assert rest.link.app.when.end.instant - when.start.instant == timedelta(minutes=45)


# Crashes.


async def split_at_rest(stage: Stage) -> None:
    await put(stage, RICH)
    await work(stage)
    stage.deaf.heard.clear()
    await splits(stage, location="Yard")


async def split_while_a_day_is_edited(stage: Stage) -> None:
    await put(stage, RICH)
    await work(stage)
    stage.deaf.heard.clear()
    edits_day(stage, await event_id(stage), FIRST, {"subject": "Late"})
    await stage.notify()
    await splits(stage, location="Yard")


YARD = replace(TAIL, location="Yard")
STORIES: dict[Story, Event] = {
    split_at_rest: HEAD,
    split_while_a_day_is_edited: named(HEAD, FIRST, "Late"),
}


async def told_story(story: Story) -> Stage:
    stage = await begun("anna", "ben")
    await story(stage)
    stage.fuse.count = 0
    return stage


async def ended(stage: Stage, head: Event) -> None:
    await stage.settle_down(polls=False)
    await agrees(stage, "lunch", head)
    await agrees(stage, "rest", YARD)
    await at_rest(stage)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_at_any_effect_of_writing_both_does_no_harm(story: Story, after: bool):
    """Both halves stand, once, and nobody is mailed more than without the crash."""
    calm = await told_story(story)
    await work(calm)
    effects = calm.fuse.count
    await ended(calm, STORIES[story])
    assert effects > 5
    for effect in crash_points(effects):
        stage = await told_story(story)
        stage.fuse.left, stage.fuse.after = effect, after
        try:
            await work(stage)
        except Crash:
            stage.crash()
        await ended(stage, STORIES[story])
        assert len(stage.twin.exchange.outbox) <= len(calm.twin.exchange.outbox)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_while_a_split_is_accepted_leaves_both_halves_or_none(after: bool):
    """Asked again, both are there, whatever the first request came to."""
    for effect in range(20):
        stage = await settled()
        stage.fuse.left, stage.fuse.after = effect, after
        try:
            await splits(stage, location="Yard")
            over = True
        except Crash:
            stage.crash()
            over = False
        stage.fuse.left = None
        rest = await stage.memory.link(stage.key("anna"), "rest")
        assert (rest is not None) == same(HEAD, (await link_of(stage)).app)
        await splits(stage, location="Yard")
        await ended(stage, HEAD)
        if over:
            return
    raise AssertionError("accepting one split has no end")


# Done in Outlook.


def cuts(stage: Stage, master: str) -> None:
    """A person changes this and following: first the series ends."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    span = {"type": "endDate", "startDate": str(FIRST), "endDate": str(SECOND)}
    recurrence = {"pattern": pattern, "range": span}
    stage.outlook("anna").update_event(master, {"recurrence": recurrence})


def goes_on(stage: Stage) -> None:
    """Then another begins."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    span = {"type": "numbered", "startDate": str(THIRD), "numberOfOccurrences": 4}
    event = {"subject": "Jour fixe", **at(THIRD, 14)}
    stage.outlook("anna").create_event(event | {"recurrence": {"pattern": pattern, "range": span}})


async def followed(stage: Stage) -> list[str]:
    return sorted(link.follows for link in await stage.memory.links(stage.key("anna")))


async def test_what_a_person_goes_on_with_follows_though_a_round_came_in_between():
    """Outlook makes two writes of it, and a worker may be as fast."""
    stage = await settled(WEEKLY)
    cuts(stage, await event_id(stage))
    await stage.notify()
    await work(stage)
    goes_on(stage)
    while stage.deaf.heard:
        await stage.notify()
    await work(stage)
    await stage.settle_down()
    created = [c for c in await told(stage) if c.type.endswith("appointment.created")]

    assert await followed(stage) == ["", "lunch"]
    assert [c.data["appointment"]["follows"] for c in created] == ["lunch"]


async def test_a_series_of_the_same_name_made_much_later_follows_nothing():
    stage = await settled(WEEKLY)
    cuts(stage, await event_id(stage))
    await stage.settle_down()
    goes_on(stage)
    await stage.settle_down()

    assert await followed(stage) == ["", ""]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_while_a_person_splits_a_series_does_no_harm(after: bool):
    """The second appointment says what it follows, and is told of once."""
    for effect in range(60):
        stage = await settled(WEEKLY)
        cuts(stage, await event_id(stage))
        goes_on(stage)
        await stage.notify()
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        try:
            await work(stage)
        except Crash:
            stage.crash()
        over = not fuse.blown
        await stage.settle_down(polls=False)
        created = [c for c in await told(stage) if c.type.endswith("appointment.created")]
        assert await followed(stage) == ["", "lunch"]
        assert [c.data["appointment"]["follows"] for c in created] == ["lunch"]
        await at_rest(stage)
        if over:
            return
    raise AssertionError("one round has no end")
