from typing import Any

import pytest

from tests.twin.stage import Stage, meeting, weekly

VIEW = "/users/ada@contoso.test/calendarView?startDateTime=2027-02-01&endDateTime=2027-06-01"


async def _starts(stage: Stage) -> list[str]:
    found = await stage.get(f"{VIEW}&$top=100")
    return [event["start"]["dateTime"][:16] for event in found["value"]]


async def _instances(stage: Stage, master: dict[str, Any]) -> list[dict[str, Any]]:
    found = await stage.get(
        f"/users/ada@contoso.test/events/{master['id']}/instances"
        "?startDateTime=2027-02-01&endDateTime=2027-06-01&$top=100"
    )
    return found["value"]


async def test_a_series_reads_back_with_irrelevant_fields_filled(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", weekly())

    assert made["type"] == "seriesMaster"
    assert made["recurrence"]["pattern"] == {
        "type": "weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "sunday",
        "index": "first",
    }
    assert made["recurrence"]["range"] == {
        "type": "numbered",
        "startDate": "2027-03-01",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": "UTC",
        "numberOfOccurrences": 4,
    }


async def test_calendar_view_shows_occurrences_and_never_the_master(stage: Stage) -> None:
    made = await stage.post("/users/ada@contoso.test/events", weekly())

    found = (await stage.get(VIEW))["value"]

    assert {event["type"] for event in found} == {"occurrence"}
    assert {event["seriesMasterId"] for event in found} == {made["id"]}
    assert len({event["iCalUId"] for event in found} | {made["iCalUId"]}) == 5
    assert found[0]["originalStart"] == "2027-03-01T10:00:00Z"


async def test_a_series_keeps_its_wall_clock_time_over_the_change_of_the_clocks(
    stage: Stage,
) -> None:
    zone = "W. Europe Standard Time"
    start = {"dateTime": "2027-03-22T09:00:00", "timeZone": zone}
    end = {"dateTime": "2027-03-22T10:00:00", "timeZone": zone}
    await stage.post(
        "/users/ada@contoso.test/events", weekly("2027-03-22", 2, start=start, end=end)
    )

    assert await _starts(stage) == ["2027-03-22T08:00", "2027-03-29T07:00"]


async def test_patching_an_occurrence_makes_an_exception(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())
    second = (await _instances(stage, master))[1]

    changed = await stage.patch(
        f"/users/ada@contoso.test/events/{second['id']}", {"subject": "Special"}
    )
    await stage.patch(
        f"/users/ada@contoso.test/events/{master['id']}",
        {"subject": "All", "location": {"displayName": "Hall"}},
    )

    assert changed["type"] == "exception"
    assert changed["id"] == second["id"]
    again = await stage.get(f"/users/ada@contoso.test/events/{second['id']}")
    assert again["subject"] == "Special"
    assert again["location"]["displayName"] == "Hall"
    assert again["originalStart"] == "2027-03-08T10:00:00Z"


async def test_an_occurrence_does_not_cross_its_neighbours(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())
    second = (await _instances(stage, master))[1]
    path = f"/users/ada@contoso.test/events/{second['id']}"

    refused = await stage.refused("PATCH", path, meeting(day="2027-03-15"))
    moved = await stage.patch(path, meeting("Weekly", day="2027-03-14"))

    assert refused == (400, "ErrorOccurrenceCrossingBoundary")
    assert moved["start"]["dateTime"] == "2027-03-14T10:00:00.0000000"


async def test_a_deleted_occurrence_is_named_on_the_master(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())
    first, second, *_ = await _instances(stage, master)
    path = f"/users/ada@contoso.test/events/{master['id']}"
    await stage.request("DELETE", f"/users/ada@contoso.test/events/{first['id']}")
    await stage.patch(f"/users/ada@contoso.test/events/{second['id']}", {"subject": "Special"})

    read = await stage.get(
        f"{path}?$select=subject,exceptionOccurrences,cancelledOccurrences"
        "&$expand=exceptionOccurrences"
    )

    assert read["cancelledOccurrences"] == [f"OID.{master['id']}.2027-03-01"]
    assert [one["id"] for one in read["exceptionOccurrences"]] == [second["id"]]
    assert "cancelledOccurrences" not in await stage.get(path)
    assert len(await _instances(stage, master)) == 3
    assert (await stage.refused("GET", f"/users/ada@contoso.test/events/{first['id']}"))[0] == 404


async def test_a_new_pattern_gives_new_occurrence_ids_and_drops_exceptions(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())
    old = await _instances(stage, master)
    await stage.patch(f"/users/ada@contoso.test/events/{old[1]['id']}", {"subject": "Special"})
    recurrence = master["recurrence"]
    recurrence["range"]["numberOfOccurrences"] = 2

    await stage.patch(f"/users/ada@contoso.test/events/{master['id']}", {"recurrence": recurrence})

    new = await _instances(stage, master)
    assert [one["subject"] for one in new] == ["Weekly", "Weekly"]
    assert not {one["id"] for one in old} & {one["id"] for one in new}


async def test_writing_the_same_pattern_back_keeps_the_exceptions(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())
    second = (await _instances(stage, master))[1]
    await stage.patch(f"/users/ada@contoso.test/events/{second['id']}", {"subject": "Special"})

    await stage.patch(
        f"/users/ada@contoso.test/events/{master['id']}", {"recurrence": master["recurrence"]}
    )

    assert [one["subject"] for one in await _instances(stage, master)].count("Special") == 1


async def test_moving_the_master_moves_its_range(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly(times=2))

    changed = await stage.patch(
        f"/users/ada@contoso.test/events/{master['id']}", meeting("Weekly", day="2027-03-08")
    )

    assert changed["recurrence"]["range"]["startDate"] == "2027-03-08"
    assert await _starts(stage) == ["2027-03-08T10:00", "2027-03-15T10:00"]


async def test_recurrence_null_makes_a_single_event(stage: Stage) -> None:
    master = await stage.post("/users/ada@contoso.test/events", weekly())

    changed = await stage.patch(
        f"/users/ada@contoso.test/events/{master['id']}", {"recurrence": None}
    )

    assert changed["type"] == "singleInstance"
    assert await _starts(stage) == ["2027-03-01T10:00"]


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": {"interval": 0}},
        {"pattern": {"daysOfWeek": []}},
        {"range": {"startDate": "2027-03-02"}},
        {"range": {"type": "endDate", "endDate": "2026-01-01"}},
        {"range": {"numberOfOccurrences": 0}},
        {"range": {"startDate": "someday"}},
    ],
)
async def test_bad_recurrences_are_refused(
    stage: Stage, change: dict[str, dict[str, Any]]
) -> None:
    body = weekly()
    for part, fields in change.items():
        body["recurrence"][part] |= fields

    refused = await stage.refused("POST", "/users/ada@contoso.test/events", body)

    assert refused == (400, "ErrorPropertyValidationFailure")


async def test_a_window_over_1825_days_is_refused(stage: Stage) -> None:
    path = "/users/ada@contoso.test/calendarView?startDateTime=2020-01-01&endDateTime=2025-01-01"

    assert await stage.refused("GET", path) == (400, "ErrorInvalidRequest")


async def test_calendar_view_without_a_window_is_refused(stage: Stage) -> None:
    assert (await stage.refused("GET", "/users/ada@contoso.test/calendarView"))[0] == 400
