import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from shared.calendar.check import check
from shared.calendar.digest import digest
from shared.calendar.event import AllDay, Event, Override, Series, Timed
from shared.calendar.event_json import event_from_json, event_to_json
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.errors import Refused
from tests.unit.calendar.series_strategies import THOROUGH, series
from tests.unit.calendar.strategies import at, wall

RULE = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=10)
WEEKLY: dict[str, Any] = {
    "subject": "Team",
    "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-11-23T11:00:00", "time_zone": "Europe/Berlin"},
}
DAYS: dict[str, Any] = {
    "subject": "Team",
    "start": {"date": "2026-11-23"},
    "end": {"date": "2026-11-24"},
}


def read(recurrence: Any, single: dict[str, Any] = WEEKLY) -> Event:
    return event_from_json({**single, "recurrence": recurrence})


def refused(recurrence: Any, single: dict[str, Any] = WEEKLY) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read(recurrence, single)
    return caught.value.problem.pointer, caught.value.problem.detail


@THOROUGH
@given(series())
def test_a_series_survives_json(event: Event) -> None:
    back = event_from_json(json.loads(json.dumps(event_to_json(event))))

    assert back == event
    assert digest(back) == digest(event)


@THOROUGH
@given(series())
def test_what_is_normal_is_right(event: Event) -> None:
    """Of a series with fewer days than are cancelled nothing is left, which is told."""
    assert {problem.pointer for problem in check(event)} <= {"/recurrence/exdates"}


def test_the_shape_is_the_documented_one() -> None:
    moved = Timed(wall("2026-12-14T12:00"), wall("2026-12-14T13:00"))
    event = Event(
        "Team",
        Timed(at(10), at(11)),
        series=Series(
            RULE,
            (date(2026, 12, 7),),
            (Override(date(2026, 12, 14), (("when", moved), ("reminder", None))),),
        ),
    )

    shown = event_to_json(event)["recurrence"]

    assert shown == {
        "rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=10",
        "exdates": ["2026-12-07T10:00:00"],
        "overrides": [
            {
                "original_start": "2026-12-14T10:00:00",
                "start": {"date_time": "2026-12-14T12:00:00", "time_zone": "Europe/Berlin"},
                "end": {"date_time": "2026-12-14T13:00:00", "time_zone": "Europe/Berlin"},
                "reminder_minutes": None,
            }
        ],
    }
    assert read(shown) == event


def test_days_may_be_told_by_date_alone() -> None:
    dates = read({"rrule": "FREQ=WEEKLY", "exdates": ["2026-12-07"]})
    times = read({"rrule": "FREQ=WEEKLY", "exdates": ["2026-12-07T10:00:00"]})

    assert dates == times


def test_an_override_with_a_start_alone_is_as_long_as_the_others() -> None:
    start = {"date_time": "2026-12-14T12:00:00", "time_zone": "Europe/Berlin"}
    event = read(
        {
            "rrule": "FREQ=WEEKLY",
            "overrides": [{"original_start": "2026-12-14", "start": start}],
        }
    )

    assert event.series
    assert event.series.overrides[0].values == (
        ("when", Timed(wall("2026-12-14T12:00"), wall("2026-12-14T13:00"))),
    )


def test_days_of_all_day_series_are_dates() -> None:
    event = read({"rrule": "FREQ=WEEKLY", "exdates": ["2026-12-07T00:00:00"]}, DAYS)

    assert event_to_json(event)["recurrence"]["exdates"] == ["2026-12-07"]


def test_an_all_day_override_with_a_start_alone_is_as_long_as_the_others() -> None:
    override = {"original_start": "2026-12-07", "start": {"date": "2026-12-08"}}
    event = read({"rrule": "FREQ=WEEKLY", "overrides": [override]}, DAYS)

    assert event.series
    assert event.series.overrides[0].values == (
        ("when", AllDay(date(2026, 12, 8), date(2026, 12, 9))),
    )


@pytest.mark.parametrize(
    ("recurrence", "pointer"),
    [
        ("FREQ=DAILY", "/recurrence"),
        ({}, "/recurrence/rrule"),
        ({"rrule": 3}, "/recurrence/rrule"),
        ({"rrule": "FREQ=SOMETIMES"}, "/recurrence/rrule"),
        ({"rrule": "FREQ=DAILY", "exdates": "2026-12-07"}, "/recurrence/exdates"),
        ({"rrule": "FREQ=DAILY", "exdates": [7]}, "/recurrence/exdates/0"),
        ({"rrule": "FREQ=DAILY", "exdates": ["7 December"]}, "/recurrence/exdates/0"),
        ({"rrule": "FREQ=DAILY", "exdates": ["2026-12-07T09:00:00Z"]}, "/recurrence/exdates/0"),
        ({"rrule": "FREQ=DAILY", "exdates": ["0001-01-01"]}, "/recurrence/exdates/0"),
        ({"rrule": "FREQ=DAILY", "overrides": ["x"]}, "/recurrence/overrides/0"),
        ({"rrule": "FREQ=DAILY", "overrides": [{}]}, "/recurrence/overrides/0/original_start"),
        (
            {
                "rrule": "FREQ=DAILY",
                "overrides": [{"original_start": "2026-12-07", "show_as": "red"}],
            },
            "/recurrence/overrides/0/show_as",
        ),
    ],
)
def test_what_cannot_be_read_is_named(recurrence: Any, pointer: str) -> None:
    assert refused(recurrence)[0] == pointer


def test_an_unknown_zone_is_named_before_its_days_are_looked_for() -> None:
    elsewhere = {**WEEKLY, "start": {**WEEKLY["start"], "time_zone": "Mars/Base"}}
    until = {"rrule": "FREQ=DAILY;UNTIL=20261231T000000Z"}
    override = {"rrule": "FREQ=DAILY", "overrides": [{"original_start": "2026-12-07"}]}

    assert refused(override, elsewhere)[0] == "/start/time_zone"
    assert check(read(until, elsewhere))[0].pointer == "/start/time_zone"


def test_an_end_beyond_all_calendars_is_named() -> None:
    far = {**WEEKLY, "end": {"date_time": "9999-12-31T23:00:00", "time_zone": "Europe/Berlin"}}
    override = {"rrule": "FREQ=DAILY", "overrides": [{"original_start": "4400-12-07"}]}

    assert refused(override, far)[0] == "/end"


@pytest.mark.parametrize(
    ("recurrence", "pointer", "right"),
    [
        ({"rrule": "FREQ=WEEKLY;BYDAY=WE"}, "/start/date_time", "2026-11-25T10:00:00"),
        ({"rrule": "FREQ=DAILY;COUNT=1000"}, "/recurrence/rrule", "COUNT must be from 1 to 999"),
        ({"rrule": "FREQ=DAILY;INTERVAL=1000"}, "/recurrence/rrule", "from 1 to 999"),
        ({"rrule": "FREQ=DAILY;UNTIL=20261101"}, "/recurrence/rrule", "2026-11-23"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/recurrence/rrule", "no occurrence"),
        (
            {"rrule": "FREQ=WEEKLY", "exdates": ["2026-11-30", "2026-12-01"]},
            "/recurrence/exdates/1",
            "2026-11-23T10:00:00",
        ),
        (
            {"rrule": "FREQ=WEEKLY;COUNT=2", "exdates": ["2026-11-30", "2026-11-23"]},
            "/recurrence/exdates",
            "one occurrence",
        ),
        (
            {"rrule": "FREQ=WEEKLY", "overrides": [{"original_start": "2026-12-01"}]},
            "/recurrence/overrides/0/original_start",
            "2026-11-23T10:00:00",
        ),
        (
            {
                "rrule": "FREQ=WEEKLY",
                "exdates": ["2026-11-30"],
                "overrides": [{"original_start": "2026-11-30"}],
            },
            "/recurrence/overrides/0/original_start",
            "exdates",
        ),
        (
            {
                "rrule": "FREQ=WEEKLY",
                "overrides": [{"original_start": "2026-11-30"}, {"original_start": "2026-11-30"}],
            },
            "/recurrence/overrides/1/original_start",
            "earlier override",
        ),
        (
            {
                "rrule": "FREQ=WEEKLY",
                "overrides": [{"original_start": "2026-11-30", "subject": "x" * 256}],
            },
            "/recurrence/overrides/0/subject",
            "255",
        ),
        (
            {
                "rrule": "FREQ=WEEKLY",
                "overrides": [
                    {
                        "original_start": "2026-11-30",
                        "end": {
                            "date_time": "2026-11-30T09:00:00",
                            "time_zone": "Europe/Berlin",
                        },
                    }
                ],
            },
            "/recurrence/overrides/0/end",
            "before start",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    recurrence: Any, pointer: str, right: str
) -> None:
    problems = check(read(recurrence))

    assert [problem.pointer for problem in problems] == [pointer]
    assert right in problems[0].detail
    assert problems[0].detail.startswith(pointer[1:].replace("/", "."))


def test_what_is_wrong_with_the_series_itself_is_told_once() -> None:
    override = {"original_start": "2026-11-30", "subject": "Other"}
    event = read({"rrule": "FREQ=WEEKLY", "overrides": [override]}, {**WEEKLY, "location": "\x00"})

    assert [problem.pointer for problem in check(event)] == ["/location"]
