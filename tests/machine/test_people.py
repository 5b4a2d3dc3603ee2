"""Who takes part: answers, proposed times, copies that go their own way."""

from dataclasses import replace
from typing import Any

from shared.calendar.event import Attendee, Response
from shared.store.records import Contact
from tests.machine.stage import TENANT, Stage
from tests.machine.telling import WITH_BEN, begun, link_of, put, told

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
