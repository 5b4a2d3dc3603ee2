"""Turning one series into another, a call at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import differing, same
from shared.calendar.event import AllDay, Body, BodyKind, Override, ShowAs
from shared.calendar.series import normal, with_cancelled, with_override
from shared.errors import Rejected
from shared.graph.series_writes import (
    CancelOccurrence,
    WriteMaster,
    WriteOccurrence,
    outcomes,
    reissues,
    steps,
)
from tests.unit.graph.series import ANN, BEN, MONDAY, at, nth, series, singles, weekly
from tests.unit.graph.test_writes import ONLINE

BOUND = 30
"""Steps: four of the master, and one for each of the six days."""


def folded(old, new, choose):
    """What Outlook shows in the end when each step has some outcome, and how many it took."""
    taken = 0
    while plan := steps(old, new):
        old = choose(outcomes(old, plan[0]))
        taken += 1
        assert taken < BOUND
    return old


@given(series() | singles(), series() | singles(), st.data())
def test_whatever_outlook_does_the_plan_ends_at_the_wanted(old, new, data):
    """After each step Outlook shows one of its outcomes, and the rest is planned anew."""
    ended = folded(old, new, lambda after: data.draw(st.sampled_from(after)))

    assert differing(ended, normal(new)) == ()


@given(series() | singles())
def test_nothing_is_written_where_nothing_differs(event):
    assert steps(event, event) == ()


@given(series(), series())
def test_the_plan_is_what_is_done_where_all_goes_as_supposed(old, new):
    """Occurrences made anew have lost what they had, others keep it: then no step is added."""
    shown = old
    for step in steps(old, new):
        anew = isinstance(step, WriteMaster) and reissues(shown, step)
        shown = step.event if anew else outcomes(shown, step)[0]

    assert same(shown, normal(new))


def test_a_new_subject_is_one_patch_of_the_master():
    """Exceptions are not touched: they follow by themselves."""
    old = with_override(weekly(), Override(nth(weekly(), 2), (("show_as", ShowAs.FREE),)))

    (step,) = steps(old, replace(old, subject="Weekly"))

    assert step.patch == {"subject": "Weekly"}


def test_a_moved_occurrence_is_one_patch_of_its_own():
    day = nth(weekly(), 2)
    moved = Override(day, (("when", at(day + timedelta(days=1), 14)),))

    (step,) = steps(weekly(), with_override(weekly(), moved))

    assert isinstance(step, WriteOccurrence)
    assert step.day == day
    assert set(step.patch) == {"start", "end", "isAllDay"}
    assert step.patch["start"]["dateTime"] == "2026-12-08T14:00:00"


def test_a_cancelled_occurrence_is_one_call():
    day = nth(weekly(), 2)

    assert steps(weekly(), with_cancelled(weekly(), day)) == (CancelOccurrence(day),)


def test_an_occurrence_goes_back_to_the_series_by_its_own_values():
    day = nth(weekly(), 2)
    old = with_override(weekly(), Override(day, (("subject", "Special"),)))

    (step,) = steps(old, weekly())

    assert (step.day, step.patch) == (day, {"subject": "Jour fixe"})


def test_a_new_time_of_day_leaves_the_recurrence_out():
    (step,) = steps(weekly(), weekly(when=at(MONDAY, 11)))

    assert set(step.patch) == {"start", "end", "isAllDay"}


def test_another_zone_is_written_with_the_start():
    """The first occurrence may be at the same instant: the later ones are not."""
    moved = weekly(when=at(MONDAY, 4, "America/New_York"))

    (step,) = steps(weekly(), moved)

    assert step.patch["start"]["timeZone"] == "Eastern Standard Time"
    assert step.patch["recurrence"]["range"]["recurrenceTimeZone"] == "Eastern Standard Time"


def test_another_first_day_moves_the_range():
    (step,) = steps(weekly(), weekly(when=at(MONDAY + timedelta(days=7))))

    assert step.patch["recurrence"]["range"]["startDate"] == "2026-11-30"


def test_a_new_rule_is_laid_on_before_its_days():
    """What occurrences made anew have lost is written again, after the master."""
    day = nth(weekly(), 2)
    old = with_override(weekly(), Override(day, (("subject", "Special"),)))
    rule = replace(old.series.rule, count=5)
    new = replace(old, series=replace(old.series, rule=rule))

    master, occurrence = steps(old, new)

    assert set(master.patch) == {"recurrence"}
    assert (occurrence.day, occurrence.patch) == (day, {"subject": "Special"})


def test_cancelled_days_come_back_by_a_detour():
    """The pattern is cut before them and written back, as nothing else restores an occurrence."""
    first, second = nth(weekly(), 2), nth(weekly(), 4)
    old = with_cancelled(with_cancelled(weekly(), first), second)

    there, back = steps(old, weekly())

    assert there.restores == (first, second)
    assert there.patch["recurrence"]["range"]["endDate"] == "2026-12-06"
    assert back.patch["recurrence"]["range"]["numberOfOccurrences"] == 10


def test_the_first_day_comes_back_by_a_later_start():
    old = with_cancelled(weekly(), MONDAY)

    there, back = steps(old, weekly())

    assert there.patch["start"]["dateTime"] == "2026-11-30T10:00:00"
    assert back.patch["start"]["dateTime"] == "2026-11-23T10:00:00"


def test_a_day_that_did_not_come_back_is_given_up():
    """What was tried is not tried again: the host app is told."""
    day = nth(weekly(), 2)
    old = with_cancelled(weekly(), day)

    with pytest.raises(Rejected) as rejected:
        steps(old, weekly(), tried=frozenset({day}))

    assert rejected.value.problem.code == "occurrence-not-restorable"
    assert day.isoformat() in rejected.value.problem.detail


def test_the_last_that_moves_to_a_later_day_goes_first():
    """No occurrence is moved onto the day on which its neighbour still is."""
    days = [nth(weekly(), n) for n in (2, 3, 4)]
    early = old = new = weekly()
    for day in days:
        old = with_override(old, Override(day, (("when", at(day + timedelta(days=3))),)))
        new = with_override(new, Override(day, (("when", at(day + timedelta(days=6))),)))
        early = with_override(early, Override(day, (("when", at(day - timedelta(days=3))),)))

    assert [step.day for step in steps(old, new)] == days[::-1]
    assert [step.day for step in steps(old, early)] == days


def test_a_single_event_becomes_a_series_by_its_recurrence():
    single = weekly(series=None)

    (step,) = steps(single, weekly())

    assert set(step.patch) == {"recurrence"}


def test_a_series_becomes_a_single_event_by_no_recurrence():
    (step,) = steps(weekly(), weekly(series=None, subject="Once"))

    assert step.patch == {"subject": "Once", "recurrence": None}


def test_a_teams_block_is_kept_everywhere():
    """In the master's body, and in that of an occurrence whose master was rewritten before."""
    old = weekly(body=Body(ONLINE, BodyKind.HTML))
    day = nth(old, 1)
    new = with_override(replace(old, body=Body("New")), Override(day, (("body", Body("Mine")),)))

    master, occurrence = steps(old, new)

    assert "meetup-join" in master.patch["body"]["content"]
    assert "meetup-join" in occurrence.patch["body"]["content"]


def test_an_exception_put_back_need_not_follow_its_series():
    """Outlook still keeps one, with the values it was put back to."""
    day = nth(weekly(), 2)
    (step,) = steps(weekly(), weekly(subject="New"))

    shown = outcomes(weekly(), step, exceptions=(day,))

    kept = with_override(weekly(subject="New"), Override(day, (("subject", "Jour fixe"),)))
    assert any(same(one, kept) for one in shown)
    assert any(same(one, weekly(subject="New")) for one in shown)


def test_attendees_of_one_occurrence():
    day = nth(weekly(), 2)
    old = weekly(attendees=(ANN,))

    (step,) = steps(old, with_override(old, Override(day, (("attendees", (ANN, BEN)),))))

    assert [one["emailAddress"]["address"] for one in step.patch["attendees"]] == [
        ANN.address,
        BEN.address,
    ]


def test_a_series_of_dates_is_written_in_no_zone_called_utc():
    """Which Graph was seen to refuse."""
    event = replace(weekly(), series=None)
    when = AllDay(MONDAY, MONDAY + timedelta(days=1))
    dates = replace(event, when=when, series=weekly().series)

    (step,) = steps(event, dates)

    zones = {step.patch[name]["timeZone"] for name in ("start", "end")}
    assert {*zones, step.patch["recurrence"]["range"]["recurrenceTimeZone"]} == {
        "Greenwich Standard Time"
    }
