from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Event, Series
from shared.calendar.expansion import days_between, is_day, last_day, start_day
from shared.calendar.rrule import read_rule
from shared.calendar.series import normal, occurrence
from shared.calendar.split import split
from shared.errors import Refused
from tests.unit.calendar.series_strategies import THOROUGH, series

DAY = AllDay(date(2026, 11, 23), date(2026, 11, 24))


@THOROUGH
@given(series(), st.data())
def test_the_halves_have_every_occurrence_of_the_whole(event: Event, data: st.DataObject) -> None:
    start = start_day(event)
    days = days_between(event, start, start + timedelta(days=500))[1:]
    assume(days)
    day = data.draw(st.sampled_from(days))

    head, tail = split(event, day)

    window = day - timedelta(days=60), day + timedelta(days=60)
    assert _shown(head, *window) + _shown(tail, *window) == _shown(event, *window)
    assert (normal(head), normal(tail)) == (head, tail)
    assert start_day(tail) == day
    assert last_day(tail) == last_day(event)


def _shown(event: Event, first: date, last: date) -> list[object]:
    assert event.series
    return [
        (day, occurrence(event, day))
        for day in days_between(event, first, last)
        if day not in event.series.cancelled
    ]


def test_only_a_later_occurrence_begins_another_series() -> None:
    event = Event("", DAY, series=Series(read_rule("FREQ=WEEKLY", DAY)))

    for day in (date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 16)):
        assert day == start_day(event) or not is_day(event, day)
        with pytest.raises(Refused) as refused:
            split(event, day)
        assert "such as 2026-11-30" in refused.value.problem.detail


def test_a_single_event_has_no_halves() -> None:
    with pytest.raises(Refused):
        split(Event("", DAY), date(2026, 11, 23))
