from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import AllDay, Attendee, Event
from shared.policy.policy import Invitations, Policy
from shared.store.records import Held, Link, Ruling
from shared.sync.guard import Count, Limits, brake, is_meant, mails, quiet_until, will_mail

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVENT = Event(
    "Lunch",
    AllDay(date(2026, 3, 2), date(2026, 3, 3)),
    attendees=(Attendee("ben@contoso.test"), Attendee("cleo@contoso.test")),
)
numbers = st.integers(0, 2000)
counts = st.builds(Count, numbers, numbers, numbers)
limits = st.builds(Limits, st.integers(0, 300), st.integers(0, 300), st.integers(0, 100))


@pytest.mark.parametrize(
    ("braked", "count"),
    [
        (False, Count(0, 0, 0)),
        (False, Count(30, 30, 0)),
        (True, Count(31, 31, 0)),
        (False, Count(62, 31, 0)),
        (True, Count(61, 31, 0)),
        (False, Count(1000, 500, 0)),
        (True, Count(1000, 501, 0)),
        (False, Count(200, 0, 200)),
        (True, Count(201, 0, 201)),
        (False, Count(402, 0, 201)),
        (True, Count(401, 0, 201)),
    ],
)
def test_a_number_and_a_share_must_both_be_passed(braked: bool, count: Count):
    """A small calendar may empty, a large one may lose a good part."""

    assert braked is brake(count, Limits())


@given(counts, limits, numbers)
def test_more_never_loosens_the_brake(count: Count, limit: Limits, more: int):
    """More deletions, more changes, or fewer links."""
    if brake(count, limit):
        assert brake(replace(count, deletions=count.deletions + more), limit)
        assert brake(replace(count, changes=count.changes + more), limit)
        assert brake(replace(count, links=max(0, count.links - more)), limit)


@given(counts, limits, numbers)
def test_looser_limits_never_brake_more(count: Count, limit: Limits, more: int):
    looser = Limits(limit.deletions + more, limit.changes + more, min(100, limit.percent + more))

    assert not brake(count, looser) or brake(count, limit)


@given(counts, limits)
def test_what_a_person_saw_and_resumed_is_meant(count: Count, limit: Limits):
    """And nothing is, before somebody ruled."""
    held = Held(NOW, count.links, count.deletions, count.changes)

    assert is_meant(count, replace(held, ruling=Ruling.RESUME), limit)
    assert not is_meant(count, held, limit)


@given(counts, limits, numbers, numbers)
def test_twice_of_what_was_seen_is_meant_and_more_is_not(
    seen: Count, limit: Limits, deletions: int, changes: int
):
    """Of either kind; what would not brake by itself may grow as it likes."""
    held = Held(NOW, seen.links, seen.deletions, seen.changes, ruling=Ruling.DISCARD)
    now = replace(seen, deletions=deletions, changes=changes)

    meant = is_meant(now, held, limit)

    too_many = brake(replace(now, changes=0), limit) and deletions > 2 * seen.deletions
    too_much = brake(replace(now, deletions=0), limit) and changes > 2 * seen.changes
    assert meant is not (too_many or too_much)


def test_the_limits_are_the_policys():
    policy = Policy(brake_deletions=3, brake_changes=4, brake_percent=5)

    assert Limits.of(policy) == Limits(3, 4, 5)


@pytest.mark.parametrize(
    ("mailed", "new"),
    [
        (0, EVENT),
        (0, replace(EVENT, categories=("Blue",), reminder=5)),
        (2, replace(EVENT, subject="Brunch")),
        (2, replace(EVENT, attendees=())),
        (3, replace(EVENT, attendees=(*EVENT.attendees, Attendee("dora@contoso.test")))),
    ],
)
def test_everybody_who_is_or_was_invited_may_be_mailed(mailed: int, new: Event):
    """Unless nothing changes, or only what nobody else sees."""

    assert mailed == mails(EVENT, new)


def test_nobody_is_mailed_about_an_event_without_attendees():
    alone = replace(EVENT, attendees=())

    assert mails(alone, replace(alone, subject="Brunch")) == 0


def test_mail_waits_for_the_pause_after_the_last():
    """Not after none, and not where the policy has no pause."""
    link = Link("lunch", 1, EVENT, mailed=NOW)

    assert quiet_until(link, Policy(mail_pause_seconds=30)) == NOW + timedelta(seconds=30)
    assert quiet_until(link, Policy(mail_pause_seconds=0)) is None
    assert quiet_until(replace(link, mailed=None), Policy()) is None


@pytest.mark.parametrize("was", [None, EVENT])
def test_who_is_never_invited_is_never_mailed(was: Event | None):
    """Attendees that are not written to Outlook do not make a write wait."""
    link = Link("lunch", 1, replace(EVENT, subject="Brunch"), outlook=was)

    assert will_mail(link, Policy())
    assert not will_mail(link, Policy(invitations=Invitations.NONE))
