"""Stories of what sync took away, and how it comes back."""

from dataclasses import replace
from datetime import timedelta

from shared.calendar.event import Event
from shared.store.records import Kept, Loss, Origin
from shared.sync.timers import sweep
from tests.machine.stage import Stage
from tests.machine.telling import LUNCH, WITH_BEN, begun, delete, link_of, put, set_policy, shown

BRUNCH = replace(LUNCH, subject="Brunch")


async def lunch(event: Event = LUNCH, **policy: object) -> Stage:
    stage = await begun("anna", "ben", **policy)
    await put(stage, event)
    await stage.settle_down()
    return stage


async def kept(stage: Stage) -> list[Kept]:
    return await stage.memory.kept(stage.key("anna"), "lunch")


async def in_outlook(stage: Stage, **fields: object) -> None:
    stage.outlook("anna").update_event((await link_of(stage)).event_id, fields)


async def test_what_outlook_deleted_is_kept():
    stage = await lunch()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    await stage.settle_down()

    [one] = await kept(stage)
    assert (one.side, one.loss, one.by) == (Origin.APP, Loss.DELETED, "outlook")
    assert (one.before, one.version) == (LUNCH, (await link_of(stage)).version)


async def test_what_outlook_overwrote_is_kept():
    """As the host app had it, each time."""
    stage = await lunch()
    for subject in ("Brunch", "Dinner"):
        await in_outlook(stage, subject=subject)
        await stage.settle_down()

    assert [one.before.subject for one in await kept(stage)] == ["Brunch", "Lunch"]
    assert {one.loss for one in await kept(stage)} == {Loss.OVERWRITTEN}


async def test_what_the_app_overwrote_in_a_conflict_is_kept():
    stage = await lunch(winner="app")
    await in_outlook(stage, subject="Theirs")
    await put(stage, replace(LUNCH, subject="Ours"))
    await stage.settle_down()

    [one] = await kept(stage)
    assert (one.side, one.by, one.before.subject) == (Origin.OUTLOOK, "app", "Theirs")
    assert shown(stage) == ["Ours"]


async def test_an_edit_that_a_deletion_overruled_is_kept():
    stage = await lunch(edit_against_deletion="delete_outlook")
    await in_outlook(stage, subject="Theirs")
    await delete(stage)
    await stage.settle_down()

    [one] = await kept(stage)
    assert (one.side, one.loss, one.before.subject) == (Origin.OUTLOOK, Loss.DELETED, "Theirs")
    assert shown(stage) == []


async def test_what_nobody_lost_is_not_kept():
    """The host app's own edits and deletions, their echoes, and attendees' answers."""
    stage = await lunch(WITH_BEN)
    await put(stage, replace(WITH_BEN, location="Canteen"))
    await stage.settle_down()
    meeting = next(iter(stage.twin.world.mailboxes[stage.people["ben"].id].events))
    stage.outlook("ben").respond(meeting, "accepted")
    await stage.settle_down()
    await delete(stage)
    await stage.settle_down()

    assert await kept(stage) == []


async def test_nothing_is_kept_where_undo_is_off():
    stage = await lunch(undo_days=0)
    await in_outlook(stage, subject="Brunch")
    await stage.settle_down()

    assert await kept(stage) == []


async def test_a_deleted_appointment_comes_back_with_what_was_kept():
    """As a new event: the old one stays deleted."""
    stage = await lunch()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    await stage.settle_down()
    [one] = await kept(stage)
    await put(stage, one.before)
    await stage.settle_down()

    assert shown(stage) == ["Lunch"]
    assert (await link_of(stage)).life == 2


async def test_what_was_kept_is_dropped_after_its_time():
    """And not before."""
    stage = await lunch(undo_days=3)
    await in_outlook(stage, subject="Brunch")
    await stage.settle_down()
    stage.now += timedelta(days=2, hours=12)
    await sweep(stage.engine, stage.now)
    assert len(await kept(stage)) == 1

    stage.now += timedelta(days=2)
    await sweep(stage.engine, stage.now)
    assert await kept(stage) == []


async def test_much_that_is_old_goes_in_several_passes():
    stage = await lunch(undo_days=1)
    for number in range(120):
        await in_outlook(stage, subject=f"x{number}")
        while stage.deaf.heard:
            await stage.notify()
        while stage.queues.sent:
            await stage.take_message()
    assert len(await kept(stage)) == 120
    stage.now += timedelta(days=3)
    left = []
    for _ in range(3):
        await sweep(stage.engine, stage.now)
        left.append(len(await kept(stage)))

    assert left == [21, 0, 0]


async def test_a_shorter_time_counts_from_now_on():
    stage = await lunch(undo_days=30)
    await in_outlook(stage, subject="Brunch")
    await stage.settle_down()
    await set_policy(stage, undo_days=1)
    stage.now += timedelta(days=32)
    await sweep(stage.engine, stage.now)

    assert await kept(stage) == []
