"""Series read as a whole, as the twin plays Graph."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.calendar.digest import differing
from shared.calendar.series import with_cancelled, with_override
from shared.graph.seen import Kind
from shared.graph.series_writes import CancelOccurrence, steps
from tests.contract.graph.series import (
    FOURTH,
    MONDAY,
    MOVED,
    READ,
    SECOND,
    SPECIAL,
    THIRD,
    WEEKLY,
    Scene,
    at,
)


async def test_a_series_comes_back_whole(stage):
    """With its rule, in its zone, across the change of the clocks."""
    scene = await Scene.begin(stage)

    seen = await scene.look()

    assert (seen.kind, seen.tag) == (Kind.MASTER, "order-1")
    assert differing(WEEKLY, seen.event) == ()
    assert seen.event.when.start.zone == "Europe/Berlin"
    starts = [one["start"]["dateTime"][:16] for one in scene.occurrences()]
    assert starts == [
        "2026-10-12T08:00",
        "2026-10-19T08:00",
        "2026-10-26T09:00",
        "2026-11-02T09:00",
        "2026-11-09T09:00",
    ]


async def test_what_creating_answers_is_the_series(stage):
    """One request; its answer can be settled with."""
    scene = await Scene.begin(stage)

    assert scene.calls() == ["POST /events"]
    assert differing(WEEKLY, scene.shown.event) == ()
    assert scene.shown.etag == (await scene.look()).etag


async def test_reading_by_id_takes_a_second_look_at_a_series(stage):
    """Unless it is known to be one."""
    scene = await Scene.begin(stage)

    seen = await stage.mailbox.event(scene.id)

    assert differing(WEEKLY, seen.event) == ()
    assert scene.calls()[1:] == [READ, READ]


async def test_a_single_event_may_be_read_as_a_series(stage):
    """It may have been one."""
    single = replace(WEEKLY, series=None)
    created = await stage.mailbox.create(single, "order-1")

    seen = await stage.mailbox.event(created.event_id, series=True)

    assert differing(single, seen.event) == ()
    assert (seen.kind, seen.tag, seen.etag) == (Kind.SINGLE, "order-1", created.etag)


async def test_an_occurrence_read_by_id_names_its_series(stage):
    """It is no event of its own."""
    scene = await Scene.begin(stage)

    seen = await stage.mailbox.event(scene.occurrences()[1]["id"])

    assert (seen.kind, seen.event) == (Kind.OCCURRENCE, None)
    assert seen.series_master == scene.id


async def test_what_ada_does_to_occurrences_is_read(stage):
    """One moved, one renamed, one deleted: by the day the rule has them."""
    scene = await Scene.begin(stage)
    _, second, third, fourth, _ = scene.occurrences()
    when = {"dateTime": "2026-10-21T15:00:00", "timeZone": "W. Europe Standard Time"}
    end = when | {"dateTime": "2026-10-21T16:00:00"}
    stage.outlook.update_event(second["id"], {"start": when, "end": end})
    stage.outlook.update_event(third["id"], {"subject": "Special"})
    stage.outlook.delete_event(fourth["id"])

    seen = await scene.look()

    expected = with_cancelled(with_override(with_override(WEEKLY, MOVED), SPECIAL), FOURTH)
    assert differing(expected, seen.event) == ()
    assert [day for day, _, _ in seen.instances] == [SECOND, THIRD]


@pytest.mark.parametrize("zone", ["series", "utc"])
@pytest.mark.parametrize("hour", [0, 10, 23])
async def test_a_cancelled_day_is_known_in_whatever_zone_it_is_told(stage, zone, hour):
    """A late evening in New York is the next day in UTC."""
    stage.twin.switches.cancelled_day_zone = zone
    for place in ("America/New_York", "Europe/Berlin", "Australia/Sydney"):
        event = replace(WEEKLY, when=at(MONDAY, hour, place))
        created = await stage.mailbox.create(event, place)
        shown = await stage.mailbox.event(created.event_id)
        assert await stage.mailbox.write_step(created.event_id, shown, CancelOccurrence(SECOND))

        seen = await stage.mailbox.event(created.event_id)

        assert differing(with_cancelled(event, SECOND), seen.event) == ()


async def test_a_series_in_a_zone_of_its_own_keeps_its_days(stage):
    """Nobody can tell its times in winter, but its days and its first start."""
    scene = await Scene.begin(stage, replace(WEEKLY, when=at(MONDAY, 1)))
    (master,) = stage.twin.world.mailboxes[stage.ada.id].events.values()
    master.original_start_zone = master.original_end_zone = "tzone://Microsoft/Custom"
    master.series.recurrence["range"]["recurrenceTimeZone"] = "tzone://Microsoft/Custom"

    seen = await scene.look()

    assert seen.event.when.start.instant == WEEKLY.when.start.instant - timedelta(hours=9)
    assert seen.event.when.start.wall.date() == MONDAY
    assert steps(seen.event, seen.event) == ()


async def test_a_series_is_found_by_its_tag_whole(stage):
    """A create whose answer was lost is settled by what it has become."""
    scene = await Scene.begin(stage)
    stage.outlook.update_event(scene.occurrences()[2]["id"], {"subject": "Special"})

    (found,) = await stage.mailbox.find_by_tag("order-1")

    assert differing(with_override(WEEKLY, SPECIAL), found.event) == ()
    assert found.tag == "order-1"


async def test_exceptions_on_more_than_one_page(stage):
    """All of them are read before the series is one."""
    stage.twin.switches.exceptions_page = 2
    scene = await Scene.begin(stage)
    for one in scene.occurrences():
        stage.outlook.update_event(one["id"], {"subject": one["originalStart"][:10]})

    seen = await scene.look()

    assert len(seen.instances) == len(seen.event.series.overrides) == 5
