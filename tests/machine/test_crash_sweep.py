"""Each story is run once to count its effects, then once for each with a crash just there.

An effect is a write to storage or a request to Graph; the process dies before it or after it,
and another one starts. Whatever the moment, both sides end as if nothing had happened.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.calendar.digest import differing
from shared.calendar.event import Attendee, Event, Timed, Zoned
from shared.graph.mapping import seen_from_graph
from shared.store.records import AppointmentStatus
from shared.sync.accept import delete_appointment, put_appointment
from shared.sync.demand import Wanted
from tests.machine.stage import TENANT, Crash, Stage, as_told, crash_points

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 10, 9)  # noqa: DTZ001 - a wall time
LUNCH = Event(
    "Lunch",
    Timed(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin")),
    attendees=(Attendee("ben@contoso.test"),),
)
Story = Callable[[Stage], Awaitable[None]]


async def put(stage: Stage, event: Event, **more: Any) -> None:
    wanted = Wanted(event, "anna@contoso.test", **more)
    accepted = await put_appointment(
        stage.store, stage.wake, await stage.tenant(), "lunch", wanted, stage.now
    )
    stage.host.wrote("lunch", accepted.link.version, as_told(accepted.link))


async def event_id(stage: Stage) -> str:
    link = await stage.memory.link(stage.key("anna"), "lunch")
    assert link is not None
    return link.event_id


async def created(stage: Stage) -> None:
    await put(stage, LUNCH)


async def edited(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await put(stage, replace(LUNCH, location="Canteen"))


async def replaced_before_written(stage: Stage) -> None:
    await created(stage)
    await put(stage, replace(LUNCH, subject="Late lunch"))


async def edited_in_outlook(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await settled(stage)
    stage.outlook("anna").update_event(await event_id(stage), {"subject": "Brunch"})
    await stage.notify()


async def edited_on_both_sides(stage: Stage) -> None:
    await edited_in_outlook(stage)
    await put(stage, replace(LUNCH, location="Garden"))


async def deleted(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await settled(stage)
    await delete_appointment(stage.store, stage.wake, await stage.tenant(), "lunch", now=stage.now)


async def cancelled(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await settled(stage)
    await put(stage, LUNCH, status=AppointmentStatus.CANCELLED)


async def deleted_in_outlook(stage: Stage) -> None:
    await created(stage)
    await work(stage)
    await settled(stage)
    stage.outlook("anna").delete_event(await event_id(stage))
    await stage.notify()


async def made_in_outlook(stage: Stage) -> None:
    stage.outlook("anna").create_event(
        {
            "subject": "Coffee",
            "start": {"dateTime": "2026-03-11T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-11T11:00:00", "timeZone": "UTC"},
        }
    )
    await stage.notify()


STORIES: dict[Story, tuple[set[str], int]] = {
    # What both sides show in the end, and how many mails Exchange sends for it.
    created: ({"Lunch"}, 1),
    edited: ({"Lunch"}, 2),
    replaced_before_written: ({"Late lunch"}, 2),
    edited_in_outlook: ({"Brunch"}, 2),
    edited_on_both_sides: ({"Brunch"}, 3),
    deleted: (set(), 2),
    cancelled: (set(), 2),
    deleted_in_outlook: (set(), 2),
    made_in_outlook: ({"Coffee"}, 0),
}


async def work(stage: Stage) -> None:
    while stage.queues.sent:
        await stage.take_message()


async def settled(stage: Stage) -> None:
    """What the story begins with has come to rest, so that the crash hits its end."""
    stage.deaf.heard.clear()


async def effects_of(story: Story) -> int:
    stage = await begun(story)
    stage.fuse.count = 0
    await work(stage)
    return stage.fuse.count


async def begun(story: Story) -> Stage:
    stage = Stage()
    await stage.connect("anna", "ben")
    await story(stage)
    return stage


async def crashed_at(story: Story, effect: int, *, after: bool) -> Stage:
    stage = await begun(story)
    stage.fuse.left, stage.fuse.after = effect, after
    try:
        await work(stage)
    except Crash:
        stage.crash()
    await stage.settle_down(polls=False)
    return stage


async def check(stage: Stage, subjects: set[str], mails: int) -> None:
    shown = [
        seen_from_graph(item, TENANT) for item in stage.outlook("anna").list_events(FIRST, LAST)
    ]
    links = [link for link in await stage.memory.links(stage.key("anna")) if link.event_id]
    assert sorted(s.event.subject for s in shown if s.event) == sorted(subjects)
    assert {link.app.subject for link in links if link.app} == subjects
    for link in links:
        assert link.app is not None
        assert any(s.event and not differing(s.event, link.app) for s in shown)
    assert await stage.memory.pendings(stage.key("anna")) == []
    assert await stage.memory.outbox(stage.key("anna")) == []
    assert stage.host.echoes == []
    assert len(stage.twin.exchange.outbox) <= mails


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_at_any_effect_of_the_story_does_no_harm(story: Story, after: bool):
    """Both sides are as the story ends, told once, mailed no more than without the crash; and
    no poll is needed for it.
    """
    subjects, mails = STORIES[story]
    effects = await effects_of(story)
    assert effects > 3
    for effect in crash_points(effects):
        await check(await crashed_at(story, effect, after=after), subjects, mails)
