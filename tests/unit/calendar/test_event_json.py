import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import digest
from shared.calendar.event import AllDay, Body, Event, Timed
from shared.calendar.event_json import event_from_json, event_to_json
from shared.errors import Refused
from tests.unit.calendar.strategies import MEETING, at, events, wall

MINIMAL = {
    "subject": "Review",
    "start": {"date_time": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-11-23T11:00:00", "time_zone": "Europe/Berlin"},
}


@given(events)
def test_an_event_survives_json(event):
    """Nothing is lost or rounded, not even which pass of a repeated hour is meant."""
    back = event_from_json(json.loads(json.dumps(event_to_json(event))))

    assert back == event
    assert digest(back) == digest(event)


def test_the_shape_is_the_documented_one():
    """Host apps read these names."""

    assert event_to_json(MEETING) == {
        **MINIMAL,
        "body": {"content": "Bring the <plan>", "kind": "text"},
        "location": "Room 1",
        "attendees": [
            {
                "address": "ada@contoso.example",
                "name": "Ada",
                "kind": "required",
                "response": "accepted",
                "proposed": None,
            },
            {
                "address": "ben@contoso.example",
                "name": "Ben",
                "kind": "optional",
                "response": "none",
                "proposed": None,
            },
        ],
        "show_as": "busy",
        "sensitivity": "normal",
        "reminder_minutes": 15,
        "categories": ["Red", "Blue"],
        "other_locations": [],
        "conference": "none",
        "hide_attendees": False,
        "recurrence": None,
    }


def test_subject_start_and_end_are_enough():
    """All else stands at the event's own defaults, as it does when null."""
    optional = set(event_to_json(MEETING)) - set(MINIMAL)

    assert event_from_json(MINIMAL) == Event("Review", Timed(at(10), at(11)))
    assert event_from_json(MINIMAL | dict.fromkeys(optional)) == event_from_json(MINIMAL)


def test_keys_of_the_appointment_around_the_event_are_left_alone():
    """The same object carries the mailbox and the revision, which are no part of the event."""

    assert event_from_json(MINIMAL | {"mailbox": "a@b", "revision": 3}) == event_from_json(MINIMAL)


def test_dates_make_it_all_day():
    """An end date is the day after the last one."""
    days = {"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-25"}}

    assert event_from_json(MINIMAL | days).when == AllDay(date(2026, 11, 23), date(2026, 11, 25))


def test_fold_names_the_second_pass_of_an_hour():
    """Without it the first one is meant."""
    second = wall("2026-10-25T02:30", fold=1)
    data = event_to_json(replace(MEETING, when=Timed(second, second)))
    first = data | {"start": {k: v for k, v in data["start"].items() if k != "fold"}}

    assert data["start"]["fold"] == 1
    assert event_from_json(data).when == Timed(second, second)
    assert event_from_json(data).when.start.instant == second.instant
    assert event_from_json(first).when.start.instant < second.instant


@pytest.mark.parametrize(
    ("pointer", "change"),
    [
        ("/subject", {"subject": None}),
        ("/subject", {"subject": 5}),
        ("/start", {"start": None}),
        ("/start", {"start": "2026-11-23"}),
        ("/start", {"start": {}}),
        ("/start", {"start": {"date": "2026-11-23", "date_time": "2026-11-23T10:00:00"}}),
        ("/start/time_zone", {"start": {"date_time": "2026-11-23T10:00:00"}}),
        ("/start/date_time", {"start": {"date_time": "soon", "time_zone": "UTC"}}),
        ("/start/date_time", {"start": {"date_time": "2026-11-23", "time_zone": "UTC"}}),
        ("/start/date_time", {"start": {"date_time": "2026-11-23T10:00:00Z", "time_zone": "UTC"}}),
        ("/end", {"end": {"date": "2026-11-24"}}),
        ("/end/date", {"start": {"date": "2026-11-23"}, "end": {"date": "tomorrow"}}),
        ("/body", {"body": "text"}),
        ("/body/content", {"body": {"content": 1}}),
        ("/body/kind", {"body": {"content": "", "kind": "markdown"}}),
        ("/attendees", {"attendees": {}}),
        ("/attendees/0", {"attendees": ["ada@contoso.example"]}),
        ("/attendees/0/address", {"attendees": [{"name": "Ada"}]}),
        ("/attendees/0/kind", {"attendees": [{"address": "a@b", "kind": "guest"}]}),
        ("/show_as", {"show_as": "Busy"}),
        ("/sensitivity", {"sensitivity": ["normal"]}),
        ("/reminder_minutes", {"reminder_minutes": "15"}),
        ("/reminder_minutes", {"reminder_minutes": True}),
        ("/categories", {"categories": "Red"}),
        ("/categories/1", {"categories": ["Red", 7]}),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(pointer, change):
    """The problem points to the field and says what would be right."""
    with pytest.raises(Refused) as refused:
        event_from_json(MINIMAL | change)
    problem = refused.value.problem

    assert (problem.code, problem.pointer) == ("invalid-appointment", pointer)
    assert problem.detail.startswith(pointer[1:].replace("/", "."))


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)
)


@given(st.data())
def test_any_json_is_read_or_refused(data):
    """Whatever stands in a field, nothing but `Refused` comes out."""
    known = event_to_json(MEETING)
    name = data.draw(st.sampled_from(sorted(known)))
    inside = known[name] if isinstance(known[name], dict) else {}
    value = data.draw(anything | st.fixed_dictionaries(dict.fromkeys(inside, anything)))

    assert read(known | {name: value}).startswith(("Event", f"/{name}", "/end"))


def read(data) -> str:
    try:
        return type(event_from_json(data)).__name__
    except Refused as refused:
        return refused.problem.pointer


def test_a_body_of_null_content_is_empty():
    """Null stands for the default inside the body as well."""

    assert event_from_json(MINIMAL | {"body": {"content": None}}).body == Body()
