"""A rule in Graph's words, and back."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given

from local.twin.patterns import read_recurrence
from local.twin.zones import midnight, to_utc
from shared.calendar.digest import digest
from shared.calendar.event import AllDay, Event, Override, Series, Timed
from shared.calendar.expansion import days_between, start_day
from shared.calendar.rrule import read_rule, rule_text
from shared.calendar.series import plain, with_override
from shared.errors import Rejected
from shared.graph.recurrence import (
    recurrence_from_graph,
    recurrence_problem,
    recurrence_to_graph,
)
from tests.unit.calendar.series_strategies import THOROUGH, bare_series
from tests.unit.calendar.strategies import at, wall

START = Timed(at(10), at(11))


def series(rule: str, when: Timed | AllDay = START) -> Event:
    return Event("Team", when, series=Series(read_rule(rule, when)))


def shown(event: Event) -> Event:
    """As it is read after Exchange has filled in what the pattern does not use."""
    rule, zone = recurrence_from_graph({"recurrence": read_recurrence(recurrence_to_graph(event))})
    assert zone
    return replace(event, series=Series(rule))


@THOROUGH
@given(bare_series())
def test_a_series_comes_back_from_graph_as_it_went(event: Event) -> None:
    assume(recurrence_problem(event) is None)

    assert digest(shown(event)) == digest(event)
    assert recurrence_to_graph(shown(event)) == recurrence_to_graph(event)


@THOROUGH
@given(bare_series())
def test_every_occurrence_is_at_the_instant_that_graph_has(event: Event) -> None:
    assume(recurrence_problem(event) is None and isinstance(event.when, Timed))
    assert isinstance(event.when, Timed)
    zone = recurrence_to_graph(event)["range"]["recurrenceTimeZone"]
    begins = event.when.start.wall - midnight(start_day(event))
    start = start_day(event)

    for day in days_between(event, start, start + timedelta(days=800))[:60]:
        when = plain(event, day).when
        assert isinstance(when, Timed)
        assert when.start.instant == to_utc(midnight(day) + begins, zone)
        assert when.end.instant >= when.start.instant


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=3", {"type": "daily", "interval": 3}),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU", {"type": "daily", "interval": 1}),
        (
            "FREQ=DAILY;BYDAY=FR,MO",
            {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": ["monday", "friday"],
                "firstDayOfWeek": "monday",
            },
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            {
                "type": "weekly",
                "interval": 2,
                "daysOfWeek": ["monday"],
                "firstDayOfWeek": "sunday",
            },
        ),
        ("FREQ=MONTHLY", {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 23}),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30},
        ),
        (
            "FREQ=MONTHLY;BYDAY=4MO",
            {
                "type": "relativeMonthly",
                "interval": 1,
                "daysOfWeek": ["monday"],
                "index": "fourth",
            },
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
            {
                "type": "relativeMonthly",
                "interval": 1,
                "daysOfWeek": ["monday", "tuesday"],
                "index": "last",
            },
        ),
        ("FREQ=YEARLY", {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 23, "month": 11}),
        (
            "FREQ=YEARLY;BYMONTH=11;BYDAY=-1MO",
            {
                "type": "relativeYearly",
                "interval": 1,
                "daysOfWeek": ["monday"],
                "index": "last",
                "month": 11,
            },
        ),
    ],
)
def test_a_rule_has_a_pattern_of_graph(rule: str, pattern: dict[str, Any]) -> None:
    assert recurrence_to_graph(series(rule))["pattern"] == pattern


LAST_DAY = {
    "type": "relativeMonthly",
    "interval": 1,
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "index": "last",
}


@pytest.mark.parametrize("days", ["-1", "28,29,30,31;BYSETPOS=-1"])
def test_the_last_day_of_the_month_is_asked_for_as_such(days: str) -> None:
    """Rather than as day 31, of which is not documented what becomes of it in April."""
    assert recurrence_to_graph(series(f"FREQ=MONTHLY;BYMONTHDAY={days}"))["pattern"] == LAST_DAY


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("FREQ=DAILY;BYMONTH=3", "BYMONTH"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "BYDAY with FREQ=DAILY and an INTERVAL"),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=1", "BYMONTH"),
        ("FREQ=MONTHLY;BYDAY=MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=5MO", "positions"),
        ("FREQ=MONTHLY;BYDAY=1MO,3WE", "one number in BYDAY"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=5", "positions"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2", "positions"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "BYDAY together with BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "one BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "negative BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,2,3;BYSETPOS=2", "BYSETPOS with BYMONTHDAY"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1", "one BYMONTH"),
        ("FREQ=YEARLY;BYMONTHDAY=1", "add BYMONTH"),
        ("FREQ=YEARLY;BYDAY=20MO", "add BYMONTH"),
        ("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO"),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=28,29,30,31;BYDAY=MO", "BYDAY together with"),
    ],
)
def test_what_graph_cannot_hold_is_named(rule: str, named: str) -> None:
    problem = recurrence_problem(series(rule))

    assert problem
    assert problem.code == "recurrence-not-representable"
    assert problem.pointer == "/recurrence/rrule"
    assert named in problem.detail


@pytest.mark.parametrize(
    ("rule", "start", "held"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-10-31", "28,29,30,31"),
        ("FREQ=MONTHLY", "2026-10-30", "28,29,30"),
        ("FREQ=YEARLY", "2028-02-29", "28,29"),
    ],
)
def test_months_without_the_day_are_refused_with_both_ways_to_mean_it(
    rule: str, start: str, held: str
) -> None:
    day = date.fromisoformat(start)
    event = series(rule, AllDay(day, day + timedelta(days=1)))
    problem = recurrence_problem(event)

    assert problem
    for meant in ("BYMONTHDAY=-1", f"BYMONTHDAY={held};BYSETPOS=-1"):
        assert meant in problem.detail
        month = ";BYMONTH=2" if "YEARLY" in rule else ""
        frequency = rule.split(";", maxsplit=1)[0]
        said = replace(event, series=Series(read_rule(f"{frequency}{month};{meant}", event.when)))
        assert recurrence_problem(said) is None


def test_a_first_occurrence_that_no_clock_shows_is_refused() -> None:
    gap = Timed(wall("2026-03-29T02:30"), wall("2026-03-29T03:30"))
    second_pass = Timed(wall("2026-10-25T02:30", fold=1), wall("2026-10-25T03:30"))

    assert recurrence_problem(series("FREQ=DAILY", gap))
    assert recurrence_problem(series("FREQ=DAILY", second_pass))


def test_a_single_event_is_no_series() -> None:
    assert recurrence_problem(Event("", START)) is None
    with pytest.raises(Rejected):
        recurrence_to_graph(Event("", START))


def test_ends_are_told_by_local_days() -> None:
    spans = [
        recurrence_to_graph(series(f"FREQ=DAILY{end}"))["range"]
        for end in ("", ";COUNT=3", ";UNTIL=20261124T090000Z")
    ]
    always = {"startDate": "2026-11-23", "recurrenceTimeZone": "W. Europe Standard Time"}

    assert spans == [
        {**always, "type": "noEnd"},
        {**always, "type": "numbered", "numberOfOccurrences": 3},
        {**always, "type": "endDate", "endDate": "2026-11-24"},
    ]


def from_graph(pattern: dict[str, Any], span: dict[str, Any] | None = None) -> str:
    item = {
        "recurrence": {
            "pattern": {"interval": 1, "month": 0, "dayOfMonth": 0, "index": "first", **pattern},
            "range": {
                "type": "noEnd",
                "startDate": "2026-11-23",
                "endDate": "0001-01-01",
                "numberOfOccurrences": 0,
                **(span or {}),
            },
        }
    }
    return rule_text(recurrence_from_graph(item)[0], START)


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ({"type": "daily"}, "FREQ=DAILY"),
        ({"type": "Weekly", "daysOfWeek": ["Monday"]}, "FREQ=WEEKLY;BYDAY=MO;WKST=SU"),
        (
            {"type": "weekly", "daysOfWeek": ["friday", "monday"], "firstDayOfWeek": "monday"},
            "FREQ=WEEKLY;BYDAY=MO,FR",
        ),
        ({"type": "absoluteMonthly", "dayOfMonth": 15}, "FREQ=MONTHLY;BYMONTHDAY=15"),
        (
            {"type": "absoluteMonthly", "dayOfMonth": 31},
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        (
            {"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "second"},
            "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
        ),
        (
            {"type": "relativeMonthly", "daysOfWeek": ["tuesday"]},
            "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1",
        ),
        (
            {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2},
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
        ),
        (
            {"type": "absoluteYearly", "dayOfMonth": 24, "month": 12},
            "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24",
        ),
        (LAST_DAY, "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ],
)
def test_a_pattern_of_graph_is_a_rule(pattern: dict[str, Any], rule: str) -> None:
    assert from_graph(pattern) == rule


def test_what_a_range_does_not_use_is_noise() -> None:
    day = {"type": "daily"}

    assert from_graph(day, {"type": "numbered", "numberOfOccurrences": 3}) == "FREQ=DAILY;COUNT=3"
    assert (
        from_graph(day, {"type": "endDate", "endDate": "2026-12-07"})
        == "FREQ=DAILY;UNTIL=20261207T090000Z"
    )


def test_a_zone_of_a_mailboxs_own_is_unknown() -> None:
    item = {
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "noEnd", "recurrenceTimeZone": "tzone://Microsoft/Custom"},
        }
    }

    assert recurrence_from_graph(item)[1] == ""


def test_a_pattern_that_is_not_graphs_own_is_rejected() -> None:
    with pytest.raises(Rejected):
        from_graph({"type": "lunarMonthly"})


def moved(*days: tuple[int, int]) -> Event:
    """Daily at ten, with occurrences put from one day of November to another."""
    event = series("FREQ=DAILY;COUNT=5")
    for day, to in days:
        begin = replace(at(12), wall=at(12).wall.replace(day=to))
        end = replace(at(13), wall=at(13).wall.replace(day=to))
        event = with_override(event, Override(date(2026, 11, day), (("when", Timed(begin, end)),)))
    return event


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        (((25, 26),), "/recurrence/overrides/0/start"),
        (((25, 24),), "/recurrence/overrides/0/start"),
        (((23, 24),), "/recurrence/overrides/0/start"),
        (((26, 27), (27, 27)), "/recurrence/overrides/0/start"),
    ],
)
def test_an_occurrence_stays_between_its_neighbours(
    days: tuple[tuple[int, int], ...], pointer: str
) -> None:
    """Exchange answers ErrorOccurrenceCrossingBoundary."""
    problem = recurrence_problem(moved(*days))

    assert problem
    assert (problem.code, problem.pointer) == ("recurrence-not-representable", pointer)


def test_an_occurrence_may_take_the_day_its_neighbour_left() -> None:
    """The last of five is on the 27th."""
    assert recurrence_problem(moved((26, 27), (27, 29))) is None
    assert recurrence_problem(moved((27, 29))) is None
    assert recurrence_problem(moved((23, 20))) is None
    assert recurrence_problem(moved((25, 25))) is None


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("pattern", {"type": "absoluteMonthly"}),
        ("pattern", {"type": "absoluteMonthly", "dayOfMonth": "tenth"}),
        ("pattern", {"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "fifth"}),
        ("pattern", {"type": "weekly", "daysOfWeek": ["monday"], "firstDayOfWeek": "someday"}),
        ("range", {"type": "numbered", "numberOfOccurrences": None}),
        ("range", {"type": "endDate", "endDate": "soon"}),
        ("range", {"type": "endDate"}),
    ],
)
def test_a_broken_pattern_is_one_that_is_not_known(part: str, change: dict[str, Any]) -> None:
    """It is left alone, and does not stop the round that shows it."""
    whole = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-11-23"},
    }

    with pytest.raises(Rejected) as rejected:
        recurrence_from_graph({"recurrence": whole | {part: whole[part] | change}})

    assert "not known" in rejected.value.problem.detail
