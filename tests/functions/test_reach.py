"""The app works as far as the grant goes, and says what it cannot do."""

import pytest

from local.twin.seed import CONTOSO
from shared.store.records import Reach, State
from tests.functions.granted import APPOINTMENT, MEGAN, scene_on

READ = ("Calendars.Read", "User.Read.All")
WRITE = ("Calendars.ReadWrite", "User.Read.All")
BASIC = ("Calendars.ReadBasic.All", "User.Read.All")
PLAN = {
    "subject": "Plan",
    "start": {"dateTime": "2027-01-04T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2027-01-04T10:00:00", "timeZone": "UTC"},
}


@pytest.fixture
async def scene(ground):
    async for made in scene_on(ground):
        yield made


async def test_reading_only_brings_events_and_takes_none(scene):
    """With a grant to read, events come to the host app; an appointment is refused at once."""
    await scene.organisation(*READ, reach=Reach.READ)
    key = await scene.connect()
    scene.control(f"/people/{MEGAN}/events", **PLAN)

    await scene.round(key)
    refused = await scene.ask("PUT", "appointments/visit-1", json=APPOINTMENT)

    listed = (await scene.ask("GET", "appointments")).json()["appointments"]
    assert [one["subject"] for one in listed] == ["Plan"]
    assert (refused.status_code, refused.json()["code"]) == (403, "calendar-read-only")


async def test_an_event_that_was_only_read_is_not_deleted(scene):
    """What came from Outlook cannot be deleted or changed from the host app's side."""
    await scene.organisation(*READ, reach=Reach.READ)
    key = await scene.connect()
    scene.control(f"/people/{MEGAN}/events", **PLAN)
    await scene.round(key)
    (one,) = (await scene.ask("GET", "appointments")).json()["appointments"]

    refused = await scene.ask("DELETE", f"appointments/{one['id']}")

    assert refused.json()["code"] == "calendar-read-only"


async def test_free_and_busy_only_reads_no_event(scene):
    """A calendar that is there for its free and busy times is active; nothing of it is stored,
    and Graph is asked for no event.
    """
    await scene.organisation(*BASIC, reach=Reach.FREE_BUSY)
    scene.twin.delete("/_twin/requests")
    scene.control(f"/people/{MEGAN}/events", **PLAN)
    key = await scene.connect()

    calendar = await scene.round(key)

    assert (calendar.state, calendar.delta_link) == (State.ACTIVE, "")
    assert (await scene.ask("GET", "appointments")).json()["appointments"] == []
    asked = {one["path"] for one in scene.twin.get("/_twin/requests").json()["value"]}
    assert not [path for path in asked if "/events" in path or "View" in path]
    assert [path for path in asked if path.endswith("getSchedule")]


async def test_rooms_only_connects_no_calendar(scene):
    """A grant for rooms reaches nobody's calendar, and says so."""
    await scene.organisation("Place.Read.All", *BASIC, reach=Reach.ROOMS)

    refused = await scene.ask("POST", "calendars", json={"mailbox": MEGAN})

    assert (refused.status_code, refused.json()["code"]) == (403, "reach-too-narrow")


async def test_a_permission_that_is_taken_away_is_noticed(scene):
    """An administrator takes the right to write: with the next token the connection is degraded
    and says why, reading goes on, and the next appointment is refused by name.
    """
    await scene.organisation(*WRITE)
    key = await scene.connect()
    scene.allow(*READ)
    scene.services.tokens.drop_app(CONTOSO)
    await scene.ask("PUT", "appointments/visit-1", json=APPOINTMENT)
    await scene.services.engine.work(key)

    refused = await scene.ask("PUT", "appointments/visit-2", json=APPOINTMENT)
    assert await scene.told("calbridge.connection.state") == [("degraded", "scopes-missing")]
    assert refused.json()["code"] == "calendar-read-only"
    assert (await scene.round(key)).state is State.ACTIVE
