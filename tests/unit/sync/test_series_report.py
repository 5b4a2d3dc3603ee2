"""What a host app is told of single occurrences."""

from dataclasses import replace
from datetime import timedelta

from shared.calendar.event import AllDay
from shared.calendar.series import restored, with_cancelled
from shared.sync.series_report import occurrence_changes, original_start
from tests.unit.sync.test_series_merge import (
    FIRST,
    SECOND,
    THIRD,
    WEEKLY,
    moved,
    named,
    ruled,
)


def test_each_day_that_differs_is_named_with_what_became_of_it():
    before = named(with_cancelled(WEEKLY, THIRD), SECOND, "Kickoff")
    after = with_cancelled(named(moved(WEEKLY, FIRST, 2), THIRD, "Review"), SECOND)

    assert occurrence_changes(before, after) == [
        {"original_start": "2026-03-09T10:00:00", "change": "moved", "fields": ["when"]},
        {"original_start": "2026-03-16T10:00:00", "change": "cancelled"},
        {"original_start": "2026-03-23T10:00:00", "change": "edited", "fields": ["subject"]},
    ]


def test_a_day_that_is_as_its_series_again_is_restored():
    before = named(with_cancelled(WEEKLY, THIRD), SECOND, "Kickoff")
    days = [
        change["original_start"][:10]
        for change in occurrence_changes(before, restored(restored(before, SECOND), THIRD))
        if change["change"] == "restored"
    ]

    assert [str(SECOND), str(THIRD)] == days


def test_days_that_only_one_rule_has_are_not_named():
    assert occurrence_changes(named(WEEKLY, THIRD, "Kickoff"), ruled(WEEKLY, count=2)) == []


def test_what_was_no_series_has_no_occurrences():
    single = replace(WEEKLY, series=None)

    assert occurrence_changes(single, with_cancelled(WEEKLY, FIRST)) == []
    assert occurrence_changes(None, WEEKLY) == []
    assert occurrence_changes(WEEKLY, single) == []


def test_an_original_start_is_local_and_of_dates_the_day():
    days = replace(WEEKLY, when=AllDay(FIRST, FIRST + timedelta(days=1)))

    assert original_start(WEEKLY, FIRST) == "2026-03-09T10:00:00"
    assert original_start(days, FIRST) == "2026-03-09"
