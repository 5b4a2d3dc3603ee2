import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import (
    Answer,
    canonical,
    differing,
    digest,
    responses,
    same,
    same_field,
    with_responses,
)
from shared.calendar.event import (
    FIELDS,
    AllDay,
    Attendee,
    AttendeeKind,
    Body,
    Event,
    Response,
    Sensitivity,
    ShowAs,
    Timed,
)
from tests.unit.calendar.strategies import (
    MEETING,
    at,
    attendees,
    events,
    rewritten,
    variants,
    wall,
)


@given(events, st.data())
def test_what_exchange_rewrites_is_not_seen(event, data):
    """Order, markup, names, answers, spacing and the zone's name are no part of the digest."""
    back = data.draw(rewritten(event))

    assert digest(event) == digest(back)
    assert differing(event, back) == ()
    assert same(event, back)


@given(events, st.data())
def test_the_digest_differs_exactly_when_a_field_differs(event, data):
    """Digest, `differing`, `same` and `same_field` never contradict each other."""
    other = data.draw(variants(event))
    names = differing(event, other)

    assert (digest(event) == digest(other)) is (names == ())
    assert same(event, other) is (names == ())
    assert tuple(name for name in FIELDS if not same_field(name, event, other)) == names
    assert differing(other, event) == names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", "Another"),
        ("when", Timed(at(10), at(12))),
        ("when", Timed(at(10), at(11, "UTC"))),
        ("when", AllDay(date(2026, 11, 23), date(2026, 11, 24))),
        ("body", Body("Bring the <map>")),
        ("location", ""),
        ("attendees", MEETING.attendees[:1]),
        (
            "attendees",
            (replace(MEETING.attendees[0], kind=AttendeeKind.RESOURCE), MEETING.attendees[1]),
        ),
        ("show_as", ShowAs.FREE),
        ("sensitivity", Sensitivity.PRIVATE),
        ("reminder", None),
        ("reminder", 0),
        ("categories", ("Red",)),
    ],
)
def test_an_edit_is_seen_in_its_field_alone(name, value):
    """Each field that a person can change shows up under its own name."""

    assert (name,) == differing(MEETING, replace(MEETING, **{name: value}))


def test_no_reminder_is_not_a_reminder_at_the_start():
    """None and 0 minutes are different wishes."""

    assert not same(replace(MEETING, reminder=None), replace(MEETING, reminder=0))


def test_midnight_to_midnight_is_not_all_day():
    """An all-day event is dates, not the instants that a zone makes of them."""
    midnights = Timed(wall("2026-11-23T00:00"), wall("2026-11-24T00:00"))
    day = AllDay(date(2026, 11, 23), date(2026, 11, 24))

    assert differing(replace(MEETING, when=midnights), replace(MEETING, when=day)) == ("when",)


def test_fractions_of_a_second_are_not_seen():
    """Graph tells seven digits of them, Python six, and no person any."""
    fine = Timed(wall("2026-11-23T10:00:00.123456"), at(11))

    assert same(MEETING, replace(MEETING, when=fine))


def test_the_repeated_hour_is_two_hours():
    """02:30 before and after the end of summer time are an hour apart."""
    first = wall("2026-10-25T02:30")
    second = wall("2026-10-25T02:30", fold=1)

    assert first.instant == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert not same(
        replace(MEETING, when=Timed(first, first)), replace(MEETING, when=Timed(second, second))
    )


@given(events)
def test_the_canonical_form_is_json_with_every_field(event):
    """It can be stored and read back, and leaves no field out."""
    form = canonical(event)

    assert set(FIELDS) == set(form) | {"other_locations", "conference", "hide_attendees", "series"}
    assert json.loads(json.dumps(form)) == json.loads(json.dumps(canonical(event)))


def test_every_field_of_an_event_is_compared():
    """A field added to the event cannot be forgotten in the canonical form."""

    assert set(Event.__slots__) == set(FIELDS)


def test_the_digest_is_what_it_always_was():
    """Digests are stored: another canonical form would take every event for edited."""

    assert digest(MEETING) == "71d50392dc4e1b4b970b206d7aff5225eeb070a7b42574bb301e22d8ea8aeb6f"


@given(attendees, attendees)
def test_answers_are_laid_over_the_attendees_they_belong_to(guests, known):
    """Whoever is not among those who answered has not answered; nothing else changes."""
    answers = responses(replace(MEETING, attendees=known))
    result = with_responses(guests, answers)

    for before, after in zip(guests, result, strict=True):
        expected = answers.get(before.address.lower(), Answer())
        assert after == replace(before, response=expected.response, proposed=expected.proposed)


def test_an_answer_is_found_under_any_spelling_of_the_address():
    """Addresses are compared without regard to case and surrounding space."""
    event = replace(
        MEETING, attendees=(Attendee(" ADA@Contoso.example", response=Response.DECLINED),)
    )

    assert responses(event) == {"ada@contoso.example": Answer(Response.DECLINED)}
