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


EVENTS = "/users/ada@contoso.test/events"
WHOLE = (
    "?$select=subject,start,originalStart,recurrence,exceptionOccurrences,cancelledOccurrences"
    "&$expand=exceptionOccurrences"
)


async def _whole(stage: Stage, master: dict[str, Any]) -> dict[str, Any]:
    return await stage.get(f"{EVENTS}/{master['id']}{WHOLE}")


async def _with_exceptions(stage: Stage, **more: Any) -> dict[str, Any]:
    """The second renamed, the third moved to 16:00, the fourth deleted."""
    master = await stage.post(EVENTS, weekly(**more))
    _, second, third, fourth = await _instances(stage, master)
    await stage.patch(f"{EVENTS}/{second['id']}", {"subject": "Special"})
    times = {
        name: {"dateTime": f"2027-03-15T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", 16), ("end", 17))
    }
    await stage.patch(f"{EVENTS}/{third['id']}", times)
    await stage.request("DELETE", f"{EVENTS}/{fourth['id']}")
    return master


LATER = {
    name: {"dateTime": f"2027-03-01T{hour}:00:00", "timeZone": "UTC"}
    for name, hour in (("start", 12), ("end", 13))
}


async def test_a_new_time_may_keep_exceptions_and_cancelled_days(stage: Stage) -> None:
    """Under new ids; what had no time of its own has the new one."""
    stage.switches.patch({"reissued_exceptions": "kept", "reissued_cancelled": "kept"})
    master = await _with_exceptions(stage)
    old = {one["id"] for one in (await _whole(stage, master))["exceptionOccurrences"]}

    await stage.patch(f"{EVENTS}/{master['id']}", LATER)

    whole = await _whole(stage, master)
    shown = [(one["subject"], one["start"]["dateTime"][:16]) for one in _exceptions(whole)]
    assert shown == [("Special", "2027-03-08T12:00"), ("Weekly", "2027-03-15T16:00")]
    assert not old & {one["id"] for one in whole["exceptionOccurrences"]}
    assert whole["cancelledOccurrences"] == [f"OID.{master['id']}.2027-03-22"]


async def test_a_new_time_may_drop_them(stage: Stage) -> None:
    master = await _with_exceptions(stage)

    await stage.patch(f"{EVENTS}/{master['id']}", LATER)

    whole = await _whole(stage, master)
    assert (whole["exceptionOccurrences"], whole["cancelledOccurrences"]) == ([], [])


async def test_what_the_pattern_has_no_more_is_not_kept(stage: Stage) -> None:
    stage.switches.patch({"reissued_exceptions": "kept", "reissued_cancelled": "kept"})
    master = await _with_exceptions(stage)
    recurrence = master["recurrence"]
    recurrence["range"]["numberOfOccurrences"] = 2

    await stage.patch(f"{EVENTS}/{master['id']}", {"recurrence": recurrence})

    whole = await _whole(stage, master)
    assert [one["subject"] for one in whole["exceptionOccurrences"]] == ["Special"]
    assert whole["cancelledOccurrences"] == []


async def test_cancelled_days_may_stick(stage: Stage) -> None:
    """Even where the pattern did not have them for a while."""
    stage.switches.reissued_cancelled = "sticky"
    master = await _with_exceptions(stage)
    for times in (2, 4):
        recurrence = master["recurrence"]
        recurrence["range"]["numberOfOccurrences"] = times
        await stage.patch(f"{EVENTS}/{master['id']}", {"recurrence": recurrence})

    assert len(await _instances(stage, master)) == 3


def _exceptions(whole: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(whole["exceptionOccurrences"], key=lambda one: one["originalStart"])


async def test_writing_the_same_pattern_may_make_occurrences_anew(stage: Stage) -> None:
    stage.switches.same_recurrence_reissues = True
    master = await _with_exceptions(stage)

    await stage.patch(f"{EVENTS}/{master['id']}", {"recurrence": master["recurrence"]})

    assert [one["subject"] for one in await _instances(stage, master)] == ["Weekly"] * 4


async def test_leaving_the_pattern_out_never_does(stage: Stage) -> None:
    stage.switches.same_recurrence_reissues = True
    master = await _with_exceptions(stage)

    await stage.patch(f"{EVENTS}/{master['id']}", {"location": {"displayName": "Hall"}})

    assert len(await _instances(stage, master)) == 3


async def test_exceptions_may_stay_as_they_were(stage: Stage) -> None:
    stage.switches.exceptions_follow_master = False
    master = await _with_exceptions(stage)

    await stage.patch(f"{EVENTS}/{master['id']}", {"subject": "New"})

    shown = [one["subject"] for one in _exceptions(await _whole(stage, master))]
    assert shown == ["Special", "Weekly"]


@pytest.mark.parametrize("bumps", [True, False])
async def test_an_occurrence_may_leave_the_master_s_etag_alone(stage: Stage, bumps: bool) -> None:
    """Delta tells the series again either way."""
    stage.switches.exception_bumps_master = bumps
    master = await stage.post(EVENTS, weekly())
    _, link = await stage.round(VIEW.replace("calendarView?", "calendarView/delta?"))
    _, second, third, _ = await _instances(stage, master)

    await stage.patch(f"{EVENTS}/{second['id']}", {"subject": "Special"})
    await stage.request("DELETE", f"{EVENTS}/{third['id']}")

    found, _ = await stage.round(link)
    (shown,) = [one for one in found if one["type"] == "seriesMaster"]
    (special,) = [one for one in found if one["type"] == "exception"]
    assert (shown["@odata.etag"] != master["@odata.etag"]) is bumps
    assert special["@odata.etag"] != second["@odata.etag"]
    assert [one["type"] for one in found].count("occurrence") == 2


async def test_the_last_telling_of_a_series_is_the_newest(stage: Stage) -> None:
    """A series that changes while a round is read is told twice in it."""
    series = await stage.post(EVENTS, weekly(times=6))
    await stage.post(EVENTS, meeting())
    first = VIEW.replace("calendarView?", "calendarView/delta?")
    page = await stage.get(first, "odata.maxpagesize=4")
    await stage.patch(f"{EVENTS}/{series['id']}", {"subject": "late"})

    rest, _ = await stage.round(page["@odata.nextLink"], "odata.maxpagesize=4")

    told = [*page["value"], *rest]
    masters = [one["subject"] for one in told if one["type"] == "seriesMaster"]
    assert masters == ["Weekly", "late"]


@pytest.mark.parametrize("manner", ["ignored", "refused"])
async def test_recurrence_null_may_leave_the_series(stage: Stage, manner: str) -> None:
    stage.switches.recurrence_null = manner
    master = await stage.post(EVENTS, weekly())

    answer = await stage.request("PATCH", f"{EVENTS}/{master['id']}", {"recurrence": None})

    assert answer.status_code == (200 if manner == "ignored" else 400)
    assert (await stage.get(f"{EVENTS}/{master['id']}"))["type"] == "seriesMaster"


@pytest.mark.parametrize(("manner", "named"), [("series", "2027-03-02"), ("utc", "2027-03-01")])
async def test_cancelled_days_are_told_in_either_zone(
    stage: Stage, manner: str, named: str
) -> None:
    """Early on a Tuesday in Berlin it is Monday in UTC."""
    stage.switches.cancelled_day_zone = manner
    zone = "W. Europe Standard Time"
    start = {"dateTime": "2027-03-02T00:15:00", "timeZone": zone}
    end = {"dateTime": "2027-03-02T01:00:00", "timeZone": zone}
    body = weekly("2027-03-02", 2, start=start, end=end)
    body["recurrence"]["pattern"]["daysOfWeek"] = ["tuesday"]
    master = await stage.post(EVENTS, body)
    first, second = await _instances(stage, master)
    await stage.request("DELETE", f"{EVENTS}/{first['id']}")
    await stage.patch(f"{EVENTS}/{second['id']}", {"subject": "Special"})

    whole = await _whole(stage, master)

    assert whole["cancelledOccurrences"] == [f"OID.{master['id']}.{named}"]


async def test_dates_that_repeat_are_refused_in_utc(stage: Stage) -> None:
    """But not where the switch says so, nor in a zone of another name."""
    dates = {
        "isAllDay": True,
        "start": {"dateTime": "2027-03-01T00:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2027-03-02T00:00:00", "timeZone": "UTC"},
    }
    elsewhere = {
        name: {**value, "timeZone": "Greenwich Standard Time"} if name != "isAllDay" else value
        for name, value in dates.items()
    }
    refused = await stage.refused("POST", EVENTS, weekly(**dates))
    made = await stage.post(EVENTS, weekly(**elsewhere))
    again = await stage.refused("PATCH", f"{EVENTS}/{made['id']}", dates)

    stage.switches.all_day_series_in_utc = True
    allowed = await stage.post(EVENTS, weekly(**dates))

    assert refused == again == (400, "TimeZoneNotSupportedException")
    assert made["isAllDay"] is allowed["isAllDay"] is True


async def test_many_exceptions_come_in_pages(stage: Stage) -> None:
    stage.switches.exceptions_page = 1
    master = await _with_exceptions(stage)

    whole = await _whole(stage, master)
    rest = await stage.get(whole["exceptionOccurrences@odata.nextLink"])

    assert [one["subject"] for one in whole["exceptionOccurrences"]] == ["Special"]
    assert [one["start"]["dateTime"][11:16] for one in rest["value"]] == ["16:00"]
    assert "@odata.nextLink" not in rest


async def test_a_master_mails_once_and_once_more_for_each_exception(stage: Stage) -> None:
    master = await stage.post(
        EVENTS, weekly(attendees=[{"emailAddress": {"address": "bob@contoso.test"}}])
    )
    second = (await _instances(stage, master))[1]
    await stage.patch(f"{EVENTS}/{second['id']}", {"subject": "Special"})
    stage.exchange.outbox.clear()

    await stage.patch(f"{EVENTS}/{master['id']}", {"location": {"displayName": "Hall"}})

    assert stage.mails() == [("update", "bob@contoso.test")] * 2
