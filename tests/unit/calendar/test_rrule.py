from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Event, Timed, When
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.rrule import read_rule, rule_text
from shared.errors import Refused
from tests.unit.calendar.series_strategies import THOROUGH, any_rules, bare_series, rules, whens
from tests.unit.calendar.strategies import at, wall

START = Timed(at(10), at(11))
DAYS = AllDay(date(2026, 11, 23), date(2026, 11, 24))


@THOROUGH
@given(any_rules() | rules(), whens())
def test_a_rule_is_read_as_it_was_written(rule: Rule, when: When) -> None:
    assert read_rule(rule_text(rule, when), when) == rule


@THOROUGH
@given(bare_series())
def test_an_end_is_read_as_it_was_written(event: Event) -> None:
    assert event.series
    rule = event.series.rule

    assert read_rule(rule_text(rule, event.when), event.when) == rule


@THOROUGH
@given(any_rules(), whens(), st.randoms(use_true_random=False))
def test_order_and_case_do_not_matter(rule: Rule, when: When, random: Random) -> None:
    parts = rule_text(rule, when).split(";")
    random.shuffle(parts)

    assert read_rule(";".join(parts).lower(), when) == rule


@given(st.text(max_size=60) | st.text("FREQ=DAILYWKMOTU;INTERVAL0123456789-,", max_size=60))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    try:
        rule = read_rule(f"FREQ=DAILY;{text}", START)
    except Refused as refused:
        problem = refused.problem
        assert (problem.code, problem.pointer) == ("invalid-appointment", "/recurrence/rrule")
    else:
        assert read_rule(rule_text(rule, START), START) == rule


@pytest.mark.parametrize(
    ("until", "day"),
    [
        ("20261207", date(2026, 12, 7)),
        ("20261207T100000", date(2026, 12, 7)),
        ("20261207T095959", date(2026, 12, 6)),
        ("20261207T090000Z", date(2026, 12, 7)),
        ("20261207T085959Z", date(2026, 12, 6)),
        ("20261206T235959Z", date(2026, 12, 6)),
        ("20261207T225959Z", date(2026, 12, 7)),
    ],
)
def test_until_is_the_last_local_day_whose_occurrence_is_in(until: str, day: date) -> None:
    assert read_rule(f"FREQ=DAILY;UNTIL={until}", START).until == day


def test_until_of_a_zone_ahead_of_utc_is_its_own_day() -> None:
    auckland = Timed(
        wall("2026-11-23T09:00", "Pacific/Auckland"), wall("2026-11-23T10:00", "Pacific/Auckland")
    )
    rule = read_rule("FREQ=DAILY;UNTIL=20261206T200000Z", auckland)

    assert rule.until == date(2026, 12, 7)
    assert rule_text(rule, auckland) == "FREQ=DAILY;UNTIL=20261206T200000Z"


@pytest.mark.parametrize("until", ["20261207", "20261207T000000Z", "20261207T093000"])
def test_until_of_all_day_series_is_a_date(until: str) -> None:
    rule = read_rule(f"FREQ=DAILY;UNTIL={until}", DAYS)

    assert rule_text(rule, DAYS) == "FREQ=DAILY;UNTIL=20261207"


def test_the_parts_come_in_the_order_of_the_standard() -> None:
    rule = Rule(
        Frequency.YEARLY,
        interval=2,
        by_month=(3,),
        by_day=(ByDay(Weekday.SU, -1),),
        week_start=Weekday.SU,
        count=4,
    )

    assert rule_text(rule, START) == "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=-1SU;WKST=SU;COUNT=4"


def test_a_time_of_day_that_repeats_the_start_says_nothing() -> None:
    assert read_rule("FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0", START) == Rule(Frequency.DAILY)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", '""'),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;BYEASTER=1", '"BYEASTER"'),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=many", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=MONTHLY;BYDAY=53MO", "BYDAY"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1MO,-6TU", "BYDAY"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT"),
        ("FREQ=DAILY;UNTIL=31.12.2026", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260231", "UNTIL"),
        ("FREQ=DAILY;UNTIL=00010101", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY with a number"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY with a number"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=WEEKLY;WKST=8", "WKST"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=DAILY;" + "BYMONTH=1," * 200, "it"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(Refused) as refused:
        read_rule(text, START)

    assert refused.value.problem.detail.startswith(f"recurrence.rrule: {named} ")


def test_the_end_of_time_is_no_end() -> None:
    assert read_rule("FREQ=DAILY;UNTIL=99991231T235959Z", START) == Rule(Frequency.DAILY)
