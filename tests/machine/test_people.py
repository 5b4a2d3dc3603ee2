"""Who takes part: answers, proposed times, copies that go their own way."""

from dataclasses import replace
from typing import Any

import pytest

from shared.calendar.event import Attendee, AttendeeKind, Response
from shared.store.records import Contact, State
from tests.machine.stage import TENANT, Stage
from tests.machine.telling import WITH_BEN, begun, link_of, put, state_of, told

EVE = Contact("c-1", TENANT, "contact", "Eve", ("eve@client.test",))
LATER = {
    "start": {"dateTime": "2026-03-10T13:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-03-10T14:00:00", "timeZone": "UTC"},
}


def only_event(stage: Stage, who: str) -> Any:
    (event,) = stage.twin.world.mailboxes[stage.people[who].id].events.values()
    return event


async def invited(stage: Stage) -> Any:
    """Ben's copy of a lunch that the host app has put into Anna's calendar."""
    await put(stage, WITH_BEN)
    await stage.settle_down()
    return only_event(stage, "ben")


async def test_a_proposed_time_is_told_kept_and_taken_back():
    """It is told as an answer; edits of the host app keep it; a plain answer ends it."""
    stage = await begun("anna", "ben", import_new="none")
    copy = await invited(stage)
    stage.outlook("ben").respond(copy.id, "tentative", proposed=LATER)
    await stage.settle_down()
    change = (await told(stage))[-1]
    (guest,) = change.data["appointment"]["attendees"]

    assert change.data["fields"] == ["responses"]
    assert guest["proposed"]["start"] == {
        "date_time": "2026-03-10T13:00:00",
        "time_zone": "UTC",
    }
    await put(stage, replace(WITH_BEN, location="Room 1"))
    await stage.settle_down()
    (kept,) = (await link_of(stage)).app.attendees  # type: ignore[union-attr]
    assert (kept.response, kept.proposed is not None) == (Response.TENTATIVE, True)

    stage.outlook("ben").respond(only_event(stage, "ben").id, "accept")
    await stage.settle_down()
    change = (await told(stage))[-1]
    (guest,) = change.data["appointment"]["attendees"]
    assert change.data["fields"] == ["responses"]
    assert (guest["response"], guest["proposed"]) == ("accepted", None)


async def test_who_came_and_who_left_is_told_with_who_they_are():
    """A guest whom Anna adds in Outlook, known to the host app or not."""
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    await stage.memory.put_contacts(TENANT, [EVE])
    guests = [
        {"emailAddress": {"address": address}} for address in ("Eve@client.test", "x@else.test")
    ]
    stage.outlook("anna").update_event(only_event(stage, "anna").id, {"attendees": guests})
    await stage.settle_down()
    change = (await told(stage))[-1]
    eve = {"id": "c-1", "kind": "contact"}

    assert change.data["fields"] == ["attendees"]
    assert change.data["attendees_added"] == [
        {"address": "Eve@client.test", "known": True, "person": eve},
        {"address": "x@else.test", "known": False, "person": None},
    ]
    assert change.data["attendees_removed"] == [
        {"address": "ben@contoso.test", "known": False, "person": None}
    ]
    shown = change.data["appointment"]["attendees"]
    assert [(one["person"], one["external"]) for one in shown] == [(eve, False), (None, True)]


async def test_outlook_gets_the_name_of_whom_the_host_app_knows():
    """The host app sent an address alone."""
    stage = await begun("anna")
    await stage.memory.put_contacts(TENANT, [EVE])
    await put(stage, replace(WITH_BEN, attendees=(Attendee("eve@client.test"),)))
    await stage.settle_down()

    (guest,) = only_event(stage, "anna").attendees
    assert guest["emailAddress"] == {"address": "eve@client.test", "name": "Eve"}


async def differences(stage: Stage) -> list[tuple[str, list[str], str]]:
    """Whose copy was told to differ, in which fields, at which version of the appointment."""
    return [
        (
            change.data["copy"]["mailbox"],
            change.data["fields"],
            change.data["appointment"]["version"],
        )
        for change in await told(stage)
        if change.type == "calbridge.appointment.copy_differs"
    ]


@pytest.mark.parametrize("policy", [{}, {"import_new": "none"}])
async def test_a_copy_that_goes_its_own_way_is_told_once(policy):
    """Not again when something else of it changes; again after it had come back."""
    stage = await begun("anna", "ben", **policy)
    copy = await invited(stage)
    version = (await link_of(stage)).version
    outlook = stage.outlook("ben")
    outlook.update_event(copy.id, {"location": {"displayName": "My desk"}})
    await stage.settle_down()
    once = [("ben@contoso.test", ["location"], version)]

    assert await differences(stage) == once
    outlook.update_event(copy.id, {"categories": ["Red"]})
    await stage.settle_down()
    assert await differences(stage) == once
    outlook.update_event(copy.id, {"location": {"displayName": ""}})
    await stage.settle_down()
    outlook.update_event(copy.id, {"subject": "Mine", "location": {"displayName": "My desk"}})
    await stage.settle_down()
    assert await differences(stage) == [
        *once,
        ("ben@contoso.test", ["subject", "location"], version),
    ]
    assert only_event(stage, "anna").subject == "Lunch"
    assert stage.host.echoes == []


async def test_the_copy_of_a_room_never_counts_as_different():
    """Exchange gives it another subject; it is a resource of the meeting."""
    stage = await begun("anna", "ben")
    room = Attendee("ben@contoso.test", kind=AttendeeKind.RESOURCE)
    await put(stage, replace(WITH_BEN, attendees=(room,)))
    await stage.settle_down()
    stage.outlook("ben").update_event(only_event(stage, "ben").id, {"subject": "Anna"})
    await stage.settle_down()

    assert await differences(stage) == []


async def test_an_update_of_the_organiser_is_no_attendees_edit():
    """Ben's copy is seen before Anna's calendar is: she is looked at, and nothing is said."""
    stage = await begun("anna", "ben")
    await invited(stage)
    stage.outlook("anna").update_event(only_event(stage, "anna").id, {"subject": "Dinner"})
    stage.deaf.heard.clear()
    await stage.wake.dirty(stage.key("ben"), stage.now)
    await stage.take_message()

    assert await stage.memory.marked(stage.key("anna")) is not None
    await stage.settle_down(polls=False)
    assert (await told(stage))[-1].data["fields"] == ["subject"]
    assert await differences(stage) == []


async def test_what_may_still_be_on_its_way_is_not_told():
    """Anna's update is settled, but only just: what Ben's copy shows may be an earlier one."""
    stage = await begun("anna", "ben")
    copy = await invited(stage)
    stage.outlook("anna").update_event(only_event(stage, "anna").id, {"subject": "Dinner"})
    stage.twin.clock.advance(60)
    stage.outlook("ben").update_event(copy.id, {"subject": "Breakfast"})
    await stage.settle_down()

    assert await differences(stage) == []


async def test_what_waits_to_be_written_is_not_taken_for_an_attendees_edit():
    """The host app's edit is accepted, not yet in Outlook: Ben's round says nothing."""
    stage = await begun("anna", "ben")
    copy = await invited(stage)
    stage.outlook("ben").update_event(copy.id, {"subject": "Breakfast"})
    await put(stage, replace(WITH_BEN, subject="Dinner"))
    stage.queues.sent.clear()
    await stage.wake.dirty(stage.key("ben"), stage.now)
    await stage.take_message()
    await stage.settle_down()

    assert await differences(stage) == []
    assert only_event(stage, "ben").subject == "Dinner"


async def test_a_mailbox_of_the_organisers_that_cannot_be_read_stops_nobody():
    """Nothing is said, and the attendee's calendar goes on as it was."""
    stage = await begun("anna", "ben")
    copy = await invited(stage)
    stage.outlook("ben").update_event(copy.id, {"subject": "Breakfast"})
    stage.deaf.heard.clear()
    path = f"/users/{stage.people['anna'].id}/events/"
    stage.twin.faults.add(
        {"match": {"path": path}, "action": {"status": 403}, "phase": "before", "times": 1}
    )
    await stage.wake.dirty(stage.key("ben"), stage.now)
    await stage.take_message()

    assert await differences(stage) == []
    assert await state_of(stage, "ben") is State.ACTIVE


@pytest.mark.parametrize("after", [False, True])
async def test_a_difference_is_told_once_whenever_the_worker_dies(after: bool):
    """Before or after any effect of the round that finds it."""
    for effect in range(40):
        stage = await begun("anna", "ben")
        copy = await invited(stage)
        stage.outlook("ben").update_event(copy.id, {"subject": "Breakfast"})
        stage.deaf.heard.clear()
        await stage.wake.dirty(stage.key("ben"), stage.now)
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        await stage.settle_down()

        assert [fields for _, fields, _ in await differences(stage)] == [["subject"]], effect
        if over:
            return
    raise AssertionError("a round has no end")
