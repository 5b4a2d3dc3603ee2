from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.calendar.digest import digest, same
from shared.calendar.event import AllDay, Event, Override, Series, Timed
from shared.calendar.expansion import days_between, is_day, start_day
from shared.calendar.rrule import read_rule
from shared.calendar.series import (
    normal,
    occurrence,
    override,
    plain,
    restored,
    span,
    with_cancelled,
    with_override,
)
from tests.unit.calendar.series_strategies import THOROUGH, changed, many, series
from tests.unit.calendar.strategies import at, wall

MONDAY, NEXT = date(2026, 11, 23), date(2026, 11, 30)
START = Timed(at(10), at(11))


def weekly(rule: str = "FREQ=WEEKLY", when: Timed | AllDay = START) -> Event:
    return Event("Team", when, series=Series(read_rule(rule, when)))


def some_day(data: st.DataObject, event: Event) -> date:
    start = start_day(event)
    found = days_between(event, start, start + timedelta(days=400))
    return found[data.draw(many) % len(found)]


@THOROUGH
@given(series())
def test_normal_is_normal(event: Event) -> None:
    assert normal(normal(event)) == normal(event)
    assert same(event, normal(event))


@THOROUGH
@given(series(), st.data())
def test_an_override_gives_back_what_was_shown(event: Event, data: st.DataObject) -> None:
    day = some_day(data, event)
    shown = changed(data.draw, event, day)
    given_override = override(event, day, shown)
    assume(given_override)

    after = with_override(event, given_override)

    assert same(occurrence(after, day), shown)
    assert override(after, day, occurrence(after, day)) == given_override
    assert same(restored(after, day), restored(event, day))


@THOROUGH
@given(series(), st.data())
def test_what_is_cancelled_and_restored_is_plain(event: Event, data: st.DataObject) -> None:
    day = some_day(data, event)

    after = restored(with_cancelled(event, day), day)

    assert same(occurrence(after, day), plain(event, day))
    assert same(after, restored(event, day))


@THOROUGH
@given(series())
def test_all_occurrences_are_within_the_span(event: Event) -> None:
    assert event.series
    first, last = span(event)
    start = start_day(event)
    for day in days_between(event, start, start + timedelta(days=300))[:40]:
        if day in event.series.cancelled:
            continue
        when = occurrence(event, day).when
        begins, ends = (
            (_midnight(when.start), _midnight(when.end))
            if isinstance(when, AllDay)
            else (when.start.instant, when.end.instant)
        )
        assert first <= begins
        assert last is None or ends <= last


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2026, 3, 28), "2026-03-28T01:30"),
        (date(2026, 3, 29), "2026-03-29T01:30"),
        (date(2026, 3, 30), "2026-03-30T00:30"),
        (date(2026, 10, 24), "2026-10-24T00:30"),
        (date(2026, 10, 25), "2026-10-25T00:30"),
        (date(2026, 10, 26), "2026-10-26T01:30"),
    ],
)
def test_the_time_of_day_stays_over_a_change_of_clocks(day: date, instant: str) -> None:
    """Half past two does not exist in Berlin on 29 March, and comes twice on 25 October."""
    event = weekly("FREQ=DAILY", Timed(wall("2026-01-01T02:30"), wall("2026-01-01T03:30")))

    when = occurrence(event, day).when

    assert isinstance(when, Timed)
    assert when.start.instant == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_no_occurrence_ends_before_it_begins() -> None:
    """From 2:30 to 3:15: the first is read with the offset before the change, the second after."""
    event = weekly("FREQ=DAILY", Timed(wall("2026-03-01T02:30"), wall("2026-03-01T03:15")))

    when = occurrence(event, date(2026, 3, 29)).when

    assert isinstance(when, Timed)
    assert when.end.instant - when.start.instant == timedelta(minutes=45)


def test_an_end_in_another_zone_keeps_it() -> None:
    flight = Timed(wall("2026-03-02T10:00"), wall("2026-03-02T13:00", "America/New_York"))

    when = occurrence(weekly("FREQ=WEEKLY", flight), date(2026, 3, 9)).when

    assert isinstance(when, Timed)
    assert when.end.zone == "America/New_York"
    assert when.end.instant - when.start.instant == timedelta(hours=9)


def test_all_day_occurrences_are_as_long_as_the_first() -> None:
    event = weekly("FREQ=WEEKLY", AllDay(MONDAY, MONDAY + timedelta(days=2)))

    assert plain(event, NEXT).when == AllDay(NEXT, NEXT + timedelta(days=2))


def test_an_occurrence_is_a_single_event() -> None:
    assert occurrence(weekly(), NEXT) == Event("Team", plain(weekly(), NEXT).when)


def test_normal_drops_what_is_said_in_vain() -> None:
    event = weekly()
    assert event.series
    noisy = replace(
        event,
        series=replace(
            event.series,
            cancelled=(NEXT, MONDAY, NEXT, date(2026, 11, 24)),
            overrides=(
                Override(date(2026, 12, 14), (("subject", "Other"), ("location", ""))),
                Override(date(2026, 12, 7), (("subject", " Team "),)),
                Override(MONDAY, (("subject", "Other"),)),
                Override(date(2026, 12, 8), (("subject", "Other"),)),
            ),
        ),
    )

    assert normal(noisy).series == replace(
        event.series,
        cancelled=(MONDAY, NEXT),
        overrides=(Override(date(2026, 12, 14), (("subject", "Other"),)),),
    )
    assert digest(noisy) == digest(normal(noisy))


def test_normal_begins_on_the_first_day_of_the_rule() -> None:
    event = weekly("FREQ=WEEKLY;BYDAY=WE")

    assert normal(event).when == plain(event, date(2026, 11, 25)).when
    assert same(normal(event), normal(normal(event)))


def test_an_override_takes_the_place_of_a_cancellation() -> None:
    event = with_override(with_cancelled(weekly(), NEXT), Override(NEXT, (("subject", "On"),)))

    assert event.series
    assert not event.series.cancelled
    assert occurrence(event, NEXT).subject == "On"


def test_the_span_knows_moved_and_cancelled_occurrences() -> None:
    event = weekly("FREQ=WEEKLY;COUNT=3")
    later = Timed(wall("2026-12-08T10:00"), wall("2026-12-08T11:00"))
    moved = with_override(event, Override(date(2026, 12, 7), (("when", later),)))

    assert span(event) == (_at("2026-11-23T09:00"), _at("2026-12-07T10:00"))
    assert span(moved) == (_at("2026-11-23T09:00"), _at("2026-12-08T10:00"))
    assert span(with_cancelled(moved, MONDAY))[0] == _at("2026-11-30T09:00")
    assert span(weekly()) == (_at("2026-11-23T09:00"), None)
    assert span(Event("", START)) == (_at("2026-11-23T09:00"), _at("2026-11-23T10:00"))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_only_a_series_has_days_to_cancel() -> None:
    with pytest.raises(ValueError, match="not a series"):
        with_cancelled(Event("", START), MONDAY)


def test_a_day_of_the_rule_is_one_though_it_is_cancelled() -> None:
    assert is_day(with_cancelled(weekly(), NEXT), NEXT)
