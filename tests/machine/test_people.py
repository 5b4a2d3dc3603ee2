"""Who takes part: answers, proposed times, copies that go their own way."""

from dataclasses import replace
from typing import Any

from shared.calendar.event import Response
from tests.machine.stage import Stage
from tests.machine.telling import WITH_BEN, begun, link_of, put, told

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
