"""Which occurrences of a series are due, and what an edit of one is to the series."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Event, Series
from shared.calendar.expansion import days_between, start_day
from shared.calendar.recurrence import Frequency, Rule
from shared.calendar.series import occurrence
from shared.policy.admission import is_over
from shared.policy.document import Document
from shared.policy.policy import Policy
from shared.store.records import AppointmentStatus, CalendarKey, Link, Spread
from shared.sync.occurrences import day_news, due, goes_singly, is_missing, next_due
from shared.sync.participants import Whose
from shared.sync.wanted import day_of, derived_link, name_of, written
from tests.unit.calendar.series_strategies import changed, series

HOME = CalendarKey("acme", "home")
DATES = st.dates(date(1990, 1, 1), date(2080, 1, 1))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
leads = st.integers(0, 60)


EVERY_DAY = Event(
    "Daily", AllDay(date(2026, 3, 2), date(2026, 3, 3)), series=Series(Rule(Frequency.DAILY))
)


def policy_of(lead: int, **said: str) -> Policy:
    return Document.from_json(
        {"series_out": "occurrences", "lead_days": lead, **said}
    ).policy_for()


def link_of(event: Event) -> Link:
    return Link("a1", 4, event, singly=True)


@given(st.from_regex(r"[A-Za-z0-9._:@-]{1,120}", fullmatch=True), DATES)
def test_a_name_says_its_day_and_is_no_appointments(appointment: str, day: date):
    assert day_of(name_of(appointment, day)) == day
    assert day_of(appointment) is None


@given(series(), moments, leads)
def test_what_is_due_is_near_not_over_and_not_cancelled(event: Event, now: datetime, lead: int):
    assert event.series is not None
    last = now.date() + timedelta(days=lead + 1)
    for day, there in due(link_of(event), policy_of(lead), now).items():
        assert there == occurrence(event, day)
        assert not is_over(there, now)
        assert min(day, start_day(there)) <= last
        assert day not in event.series.cancelled


@given(series(), moments, leads)
def test_all_that_is_near_is_due(event: Event, now: datetime, lead: int):
    assert event.series is not None
    found = due(link_of(event), policy_of(lead), now)
    near = days_between(
        event, now.date() + timedelta(days=2), now.date() + timedelta(days=lead - 1)
    )
    for day in near:
        if day not in event.series.cancelled and not is_over(occurrence(event, day), now):
            assert day in found


@given(series(), moments, leads)
def test_nothing_comes_due_before_it_is_looked_for(event: Event, now: datetime, lead: int):
    link, policy = link_of(event), policy_of(lead)
    at = next_due(link, policy, now) or now + timedelta(days=400)
    known = (Spread(str(HOME), name_of("a1", day)) for day in due(link, policy, now))
    link = replace(link, spread=tuple(known))
    assert at > now
    assert not is_missing(link, policy, at - timedelta(seconds=1))


@given(series(), moments)
def test_what_does_not_take_place_has_no_single_events(event: Event, now: datetime):
    link = link_of(event)
    for none in (
        replace(link, singly=False),
        replace(link, status=AppointmentStatus.CANCELLED),
        replace(link, app=replace(event, series=None)),
        replace(link, app=None),
    ):
        assert due(none, policy_of(30), now) == {}
        assert next_due(none, policy_of(30), now) is None


@given(series(), moments, st.data())
def test_an_edit_of_one_is_taken_over_into_that_day_alone(
    event: Event, now: datetime, data: st.DataObject
):
    policy, link = policy_of(60), link_of(event)
    found = due(link, policy, now)
    if not found:
        return
    day = data.draw(st.sampled_from(sorted(found)))
    child = derived_link(link, HOME, name_of("a1", day), None, found[day])
    assert child is not None
    edited = changed(data.draw, event, day)
    shown = replace(child, event_id="e1", base=found[day], outlook=edited, outlook_etag="new")
    whose = Whose(Spread(str(HOME), name_of("a1", day)), "", shown, None)
    settlement = day_news(HOME, replace(link, spread=(whose.spread,)), policy, whose, now)
    if settlement is None:
        return
    assert settlement.link is not None
    after = settlement.link.app
    assert after is not None
    assert occurrence(after, day) == edited
    for other in due(link, policy, now).keys() - {day}:
        assert occurrence(after, other) == found[other]
    (taken,) = settlement.link.spread
    assert day_news(HOME, settlement.link, policy, replace(whose, spread=taken), now) is None


@pytest.mark.parametrize(
    ("said", "singly", "expected"),
    [
        ({"series_out": "occurrences"}, False, True),
        ({"series_out": "series"}, False, False),
        ({"series_out": "series"}, True, True),
        ({"series_out": "series", "unrepresentable": "occurrences"}, False, False),
    ],
)
def test_a_series_stays_as_it_was_written(said: dict[str, str], singly: bool, expected: bool):
    event = EVERY_DAY
    link = Link("a1", 1, event, singly=singly)
    policy = Document.from_json(said).policy_for()
    assert goes_singly(link, policy) is expected
    if not singly:
        there = replace(link, event_id="e1", outlook=event)
        assert not goes_singly(there, policy)


@given(st.sets(DATES), st.sets(DATES))
def test_what_a_person_deleted_does_not_count_as_written(kept: set[date], gone: set[date]):
    spread = [Spread("acme~home", name_of("a1", day)) for day in kept - gone]
    spread += [Spread("acme~home", name_of("a1", day), "gone") for day in gone]
    assert written(Link("a1", 1, None, spread=tuple(spread))) == len(kept - gone)
