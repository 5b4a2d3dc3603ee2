"""Participants get copies: one appointment, an event for each, and no mail ever."""

from dataclasses import replace
from typing import Any

import pytest

from shared.calendar.event import Attendee
from shared.store.records import Link
from tests.machine.stage import Crash, Stage, crash_points
from tests.machine.telling import LUNCH, delete, link_of, put, shown, told
from tests.machine.telling import begun as with_policy

BEN, CAROL = Attendee("ben@contoso.test"), Attendee("Carol@contoso.test")
TEAM = replace(LUNCH, attendees=(BEN, CAROL, Attendee("dora@partner.example")))
EVERYBODY = ("anna", "ben", "carol")


async def begun(**policy: Any) -> Stage:
    return await with_policy(*EVERYBODY, participants="copies", **policy)


async def copy_of(stage: Stage, name: str) -> Link:
    return await link_of(stage, mailbox=name)


async def edit(stage: Stage, name: str, **fields: Any) -> None:
    stage.outlook(name).update_event((await copy_of(stage, name)).event_id, fields)


def shows(stage: Stage) -> list[list[str]]:
    return [shown(stage, name) for name in EVERYBODY]


async def kinds(stage: Stage) -> list[str]:
    changes = [c.type.removeprefix("calbridge.") for c in await told(stage)]
    return [kind for kind in changes if kind != "calendar.state"]


async def agrees(stage: Stage) -> None:
    """Every event there is shows what the host app has, and nothing waits."""
    home = await copy_of(stage, "anna")
    assert home.app is not None
    for name in EVERYBODY:
        assert await stage.memory.pendings(stage.key(name)) == []
        link = await stage.memory.link(stage.key(name), "lunch")
        if link is not None and link.event_id:
            event = stage.outlook(name).get_event(link.event_id)
            assert event["subject"] == home.app.subject
            assert event["location"]["displayName"] == home.app.location
            assert event["attendees"] == []
    assert stage.twin.exchange.outbox == []
    assert stage.host.echoes == []


async def test_every_connected_participant_gets_an_event_of_their_own():
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    assert shows(stage) == [["Lunch"]] * 3
    assert await kinds(stage) == ["operation.applied"]
    await agrees(stage)


async def test_copies_follow_an_edit_by_the_host_app():
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    await put(stage, replace(TEAM, subject="Tea"))
    await stage.settle_down()
    assert shows(stage) == [["Tea"]] * 3
    await agrees(stage)


async def test_copies_follow_an_edit_at_home():
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    await edit(stage, "anna", subject="Tea")
    await stage.settle_down()
    assert shows(stage) == [["Tea"]] * 3
    await agrees(stage)


async def test_an_edit_of_a_copy_is_told_once_with_whose_it_is_and_goes_everywhere():
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    await edit(stage, "ben", subject="Tea")
    await stage.settle_down()
    assert shows(stage) == [["Tea"]] * 3
    assert stage.host.appointments["lunch"]["subject"] == "Tea"
    (change,) = [c for c in await told(stage) if c.type.endswith("appointment.updated")]
    assert (change.data["copy"], change.data["fields"]) == ("ben@contoso.test", ["subject"])
    assert len(change.data["appointment"]["attendees"]) == 3
    await agrees(stage)


@pytest.mark.parametrize("field", ["subject", "location"])
async def test_two_participants_and_the_host_app_edit_at_once(field: str):
    """All end with the same; nothing goes on for ever."""
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    words = {"subject": "Bens"} if field == "subject" else {"location": {"displayName": "Bens"}}
    await edit(stage, "ben", **words)
    await edit(stage, "carol", subject="Carols")
    await put(stage, replace(TEAM, location="Garden"))
    await stage.settle_down()
    link = await copy_of(stage, "anna")
    assert link.app is not None
    assert link.app.subject in ({"Bens", "Carols"} if field == "subject" else {"Carols"})
    assert link.app.location == ("Bens" if field == "location" else "Garden")
    await agrees(stage)
    before = len(await told(stage))
    await stage.settle_down()
    assert len(await told(stage)) == before


async def test_who_deletes_a_copy_gives_up_their_own_only():
    """It is not written again, until the host app takes them out and in again."""
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    stage.outlook("ben").delete_event((await copy_of(stage, "ben")).event_id)
    await stage.settle_down()
    await put(stage, replace(TEAM, subject="Tea"))
    await stage.settle_down()
    assert shows(stage) == [["Tea"], [], ["Tea"]]
    assert (await kinds(stage)).count("appointment.copy_removed") == 1
    await put(stage, replace(TEAM, subject="Tea", attendees=(CAROL,)))
    await stage.settle_down()
    await put(stage, replace(TEAM, subject="Tea"))
    await stage.settle_down()
    assert shows(stage) == [["Tea"]] * 3
    await agrees(stage)


async def test_who_is_no_participant_any_more_has_no_copy():
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    await put(stage, replace(TEAM, attendees=(CAROL,)))
    await stage.settle_down()
    assert shows(stage) == [["Lunch"], [], ["Lunch"]]
    await agrees(stage)


@pytest.mark.parametrize("by", ["app", "outlook"])
@pytest.mark.parametrize("deletion", ["delete", "cancel"])
async def test_without_the_appointment_there_are_no_copies(by: str, deletion: str):
    stage = await begun(deletion=deletion)
    await put(stage, TEAM)
    await stage.settle_down()
    if by == "app":
        await delete(stage, cancel=deletion == "cancel")
    else:
        stage.outlook("anna").delete_event((await copy_of(stage, "anna")).event_id)
    await stage.settle_down()
    assert shows(stage) == [[], [], []]
    assert stage.twin.exchange.outbox == []


async def test_who_is_connected_later_gets_a_copy_then():
    stage = await with_policy("anna", "ben", participants="copies")
    await put(stage, TEAM)
    await stage.settle_down()
    assert shows(stage) == [["Lunch"], ["Lunch"], []]
    await stage.memory.put_calendar(stage._calendar("carol"))
    await stage.wake.dirty(stage.key("carol"), stage.now)
    await stage.settle_down()
    assert shows(stage) == [["Lunch"]] * 3
    await agrees(stage)


async def test_copies_move_with_their_appointment():
    """Who was a participant is its owner then; the others keep their copies."""
    stage = await begun()
    await put(stage, TEAM)
    await stage.settle_down()
    await put(stage, TEAM, mailbox="ben")
    await stage.settle_down()
    assert shows(stage) == [[], ["Lunch"], ["Lunch"]]
    await put(stage, replace(TEAM, subject="Tea"), mailbox="ben")
    await stage.settle_down()
    assert shows(stage) == [[], ["Tea"], ["Tea"]]
    assert stage.twin.exchange.outbox == []


async def test_without_the_policy_there_are_no_copies():
    stage = await with_policy(*EVERYBODY)
    await put(stage, replace(LUNCH, attendees=(Attendee("dora@partner.example"),)))
    await stage.settle_down()
    assert shows(stage) == [["Lunch"], [], []]


async def added(stage: Stage) -> None:
    await put(stage, TEAM)


async def edited(stage: Stage) -> None:
    await put(stage, TEAM)
    await stage.settle_down()
    await edit(stage, "ben", location={"displayName": "Garden"})
    await stage.wake.dirty(stage.key("ben"), stage.now)


async def deleted(stage: Stage) -> None:
    await put(stage, TEAM)
    await stage.settle_down()
    await delete(stage)


STORIES = {added: [["Lunch"]] * 3, edited: [["Lunch"]] * 3, deleted: [[], [], []]}


async def crashed(story: Any, effect: int | None, *, after: bool) -> tuple[Stage, int]:
    stage = await begun()
    await story(stage)
    stage.deaf.heard.clear()
    stage.fuse.count, stage.fuse.left, stage.fuse.after = 0, effect, after
    try:
        while stage.queues.sent:
            await stage.take_message()
    except Crash:
        stage.crash()
    count = stage.fuse.count
    stage.fuse.left = None
    await stage.settle_down(polls=False)
    return stage, count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_at_any_effect_does_no_harm(story: Any, after: bool):
    """Nothing is there twice or left over, and what a person edited is told once."""
    _, effects = await crashed(story, None, after=False)
    assert effects > 10
    for effect in crash_points(effects):
        stage, _ = await crashed(story, effect, after=after)
        assert shows(stage) == STORIES[story]
        assert (await kinds(stage)).count("appointment.updated") == (story is edited)
        if story is not deleted:
            await agrees(stage)
