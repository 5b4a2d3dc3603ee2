from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.check import check
from shared.calendar.event import (
    AllDay,
    Attendee,
    Body,
    BodyKind,
    Event,
    Override,
    Series,
    Timed,
    Zoned,
)
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from tests.unit.calendar.strategies import MEETING, at, events, wall


def guests(*addresses: str) -> tuple[Attendee, ...]:
    return tuple(Attendee(address) for address in addresses)


@given(events)
def test_an_ordinary_event_has_no_problem(event):
    """Whatever the strategies call an event passes."""

    assert check(event) == []


@pytest.mark.parametrize(
    "change",
    [
        {"when": Timed(at(10), at(10))},
        {"when": Timed(at(10, "Europe/Berlin"), at(10, "UTC"))},
        {"when": Timed(wall("2026-03-29T02:30"), wall("2026-03-29T03:30"))},
        {"when": Timed(wall("2026-10-25T02:45"), wall("2026-10-25T02:15", fold=1))},
        {"when": AllDay(date(2026, 11, 23), date(2026, 11, 24))},
        {"subject": ""},
        {"subject": "x" * 255},
        {"body": Body("x" * 64_000)},
        {"body": Body("tab\tline\r\n")},
        {"attendees": guests(*(f"a{n}@b.example" for n in range(500)))},
        {"attendees": guests("o'neil+x@mail.contoso.example", "ada@localhost", "ü@büro.example")},
        {"reminder": 0},
        {"reminder": None},
    ],
)
def test_what_outlook_accepts_is_no_problem(change):
    """Zero length, wall times that do not exist, repeated hours, and every limit itself."""

    assert check(replace(MEETING, **change)) == []


@pytest.mark.parametrize(
    ("pointer", "right", "change"),
    [
        ("/end", "not be before start", {"when": Timed(at(11), at(10))}),
        ("/end", "not be before start", {"when": Timed(at(10, "UTC"), at(10, "Asia/Kolkata"))}),
        ("/start/time_zone", "Europe/Berlin", {"when": Timed(at(10, "Nowhere"), at(11))}),
        (
            "/start/time_zone",
            "Europe/Paris",
            {"when": Timed(at(10, "Romance Standard Time"), at(11))},
        ),
        ("/end/time_zone", "Europe/Berlin", {"when": Timed(at(10), at(11, "europe/berlin"))}),
        ("/end/time_zone", "Europe/Berlin", {"when": Timed(at(10), at(11, "../../etc/passwd"))}),
        ("/start/date_time", "1601", {"when": Timed(wall("0001-01-01T00:00"), at(11))}),
        ("/end/date_time", "4500", {"when": Timed(at(10), wall("9999-12-31T23:59"))}),
        ("/end/date", "2026-11-24", {"when": AllDay(date(2026, 11, 23), date(2026, 11, 23))}),
        ("/end/date", "2026-11-24", {"when": AllDay(date(2026, 11, 23), date(2026, 11, 20))}),
        ("/start/date", "1601", {"when": AllDay(date.min, date(2026, 11, 20))}),
        ("/subject", "255", {"subject": "x" * 256}),
        ("/subject", "control", {"subject": "a\x00b"}),
        ("/location", "surrogate", {"location": "\ud83d"}),
        ("/body/content", "64000 bytes", {"body": Body("ä" * 32_001, BodyKind.HTML)}),
        ("/body/content", "control", {"body": Body("\x07")}),
        ("/attendees", "500", {"attendees": guests(*(f"a{n}@b.example" for n in range(501)))}),
        ("/attendees/1/address", "earlier", {"attendees": guests("a@b.example", "A@B.example")}),
        ("/attendees/0/name", "control", {"attendees": (Attendee("a@b.example", "\x1b"),)}),
        ("/reminder_minutes", "0 to", {"reminder": -1}),
        ("/reminder_minutes", "0 to", {"reminder": 2**31}),
        ("/categories/1", "blank", {"categories": ("Red", " ")}),
        ("/categories/0", "control", {"categories": ("\x00",)}),
    ],
)
def test_what_outlook_refuses_is_a_problem_of_its_field(pointer, right, change):
    """One problem, which points to the field and says what would be right."""
    (problem,) = check(replace(MEETING, **change))

    assert problem.pointer == pointer
    assert problem.code == "invalid-appointment"
    assert problem.detail.startswith(pointer[1:].replace("/", "."))
    assert right in problem.detail


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@contoso.example",
        "ada@",
        "ada@contoso..example",
        "ada@contoso.example.",
        "ada contoso@x.example",
        "Ada <ada@contoso.example>",
        "ada@contoso.example, ben@contoso.example",
        "ada@contoso.example\n",
        "ada@@contoso.example",
        "x" * 250 + "@contoso.example",
    ],
)
def test_what_is_no_mail_address_is_a_problem(address):
    """Lists, display names and line ends do not get past."""
    (problem,) = check(replace(MEETING, attendees=guests(address)))

    assert problem.pointer == "/attendees/0/address"


def test_all_problems_are_told_at_once():
    """In the order of the fields."""
    event = replace(MEETING, subject="x" * 256, when=Timed(at(10, "X"), at(11, "Y")), reminder=-1)
    pointers = [problem.pointer for problem in check(event)]

    assert pointers == ["/subject", "/start/time_zone", "/end/time_zone", "/reminder_minutes"]


any_text = st.text(st.characters(), max_size=20)
any_zoned = st.builds(Zoned, st.datetimes(), any_text | st.sampled_from(["UTC", "Asia/Tokyo"]))
any_event = st.builds(
    Event,
    subject=any_text,
    when=st.builds(Timed, any_zoned, any_zoned) | st.builds(AllDay, st.dates(), st.dates()),
    body=st.builds(Body, any_text),
    location=any_text,
    attendees=st.lists(st.builds(Attendee, any_text, any_text), max_size=3).map(tuple),
    reminder=st.none() | st.integers(),
    categories=st.lists(any_text, max_size=3).map(tuple),
)


@given(any_event)
def test_no_event_is_too_odd_to_be_checked(event):
    """The check reports and never raises; what passes has instants."""
    problems = check(event)

    assert all(problem.detail for problem in problems)
    if not problems and isinstance(event.when, Timed):
        assert event.when.start.instant <= event.when.end.instant


@given(st.text(st.sampled_from("a@.-_ "), max_size=40))
def test_an_accepted_address_has_two_sides(address):
    """One @, something before it, and labels that are not empty after it."""
    accepted = check(replace(MEETING, attendees=guests(address))) == []
    local, at_sign, host = address.partition("@")

    assert not accepted or (local and at_sign and all(host.split(".")) and " " not in address)


def test_all_overrides_together_have_a_limit():
    """So that an appointment always fits the row it is kept in."""

    def with_bodies(size):
        days = [date(2026, 11, 23) + timedelta(weeks=n) for n in range(5)]
        overrides = tuple(Override(day, (("body", Body("x" * size)),)) for day in days)
        rule = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=10)
        return replace(MEETING, series=Series(rule, overrides=overrides))

    assert check(with_bodies(30_000)) == []
    assert [p.pointer for p in check(with_bodies(50_000))] == ["/recurrence/overrides"]
