import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import FIELDS
from shared.errors import Refused
from shared.policy.policy import (
    MAX_WINDOW_DAYS,
    Backfill,
    Deletion,
    Direction,
    EditAgainstDeletion,
    ImportNew,
    Owner,
    Policy,
    Winner,
    problems,
)

days = st.integers(0, MAX_WINDOW_DAYS)
policies = st.builds(
    Policy,
    direction=st.sampled_from(Direction),
    owners=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(Owner)),
    winner=st.sampled_from(Winner),
    import_new=st.sampled_from(ImportNew),
    backfill=st.sampled_from(Backfill),
    deletion=st.sampled_from(Deletion),
    edit_against_deletion=st.sampled_from(EditAgainstDeletion),
    window_back_days=days,
    window_ahead_days=days,
)


@given(policies)
def test_a_policy_survives_json(policy):
    """What is stored or sent is what is read back."""
    data = json.loads(json.dumps(policy.to_json()))

    assert problems(data) == []
    assert Policy.from_json(data) == policy


@given(policies, st.data())
def test_what_is_left_out_stands_at_its_default(policy, data):
    """A policy names only what it wants otherwise."""
    full, default = policy.to_json(), Policy().to_json()
    named = data.draw(st.sets(st.sampled_from(sorted(full))))
    read = Policy.from_json({name: full[name] for name in named})

    assert {
        name: full[name] if name in named else default[name] for name in full
    } == read.to_json()


def test_the_defaults_are_the_documented_ones():
    """They decide for every tenant who never said anything."""

    assert Policy.from_json({}).to_json() == {
        "direction": "both",
        "owners": {},
        "winner": "outlook",
        "import_new": "tentative",
        "backfill": "none",
        "forward_only": False,
        "deletion": "delete",
        "edit_against_deletion": "write_app",
        "window_back_days": 30,
        "window_ahead_days": 730,
        "hidden_after_days": 0,
        "series_out": "series",
        "unrepresentable": "refuse",
        "series_in": "series",
        "lead_days": 30,
        "participants": "invite",
        "require_calendar_rights": False,
        "invitations": "outlook",
        "mail_pause_seconds": 5,
        "privacy": "full",
        "private_events": "busy_only",
        "body_section": True,
        "share_prompts": False,
        "share_notes": False,
        "import_free": True,
        "import_categories": [],
        "default_minutes": 0,
        "brake_deletions": 30,
        "brake_changes": 200,
        "brake_percent": 50,
        "undo_days": 30,
    }


def test_json_names_every_field_of_a_policy():
    """A policy added later cannot be lost on its way through storage."""

    assert [field.name for field in fields(Policy)] == list(Policy().to_json())


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_without_an_owner_belongs_to_either_side(name):
    """And one with an owner to that one alone."""

    assert Policy().owner(name) is Owner.EITHER
    assert Policy.from_json({"owners": {name: "app"}}).owner(name) is Owner.APP


def test_a_policy_cannot_be_changed_behind_the_back_of_who_holds_it():
    """Neither through its owners nor through the JSON it was read from."""
    data = {"owners": {"subject": "app"}}
    policy = Policy.from_json(data)
    data["owners"]["subject"] = "outlook"

    assert policy.owner("subject") is Owner.APP
    with pytest.raises(TypeError):
        policy.owners["subject"] = Owner.OUTLOOK


@pytest.mark.parametrize(
    ("pointer", "right", "data"),
    [
        ("/direction", "both, to_outlook, to_app", {"direction": "up"}),
        ("/direction", "both", {"direction": None}),
        ("/winner", "outlook, app", {"winner": ["app"]}),
        ("/import_new", "tentative", {"import_new": False}),
        ("/backfill", "window", {"backfill": "all"}),
        ("/deletion", "keep_protected", {"deletion": "DELETE"}),
        ("/edit_against_deletion", "write_app", {"edit_against_deletion": ""}),
        ("/owners", "object", {"owners": ["subject"]}),
        ("/owners", "object", {"owners": None}),
        ("/owners/subject", "either", {"owners": {"subject": "me"}}),
        ("/owners/title", "subject, when", {"owners": {"title": "app"}}),
        ("/window_back_days", "0 to 1825", {"window_back_days": -1}),
        ("/window_ahead_days", "0 to 1825", {"window_ahead_days": 1826}),
        ("/window_ahead_days", "whole number", {"window_ahead_days": 1.5}),
        ("/window_ahead_days", "whole number", {"window_ahead_days": True}),
        ("/windows", "window_back_days", {"windows": 30}),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(pointer, right, data):
    """The problem points to the field and says what would be right."""
    (problem,) = problems(data)
    with pytest.raises(Refused) as refused:
        Policy.from_json(data)

    assert refused.value.problem == problem
    assert (problem.code, problem.pointer) == ("invalid-policy", pointer)
    assert problem.detail.startswith(pointer[1:].replace("/", "."))
    assert right in problem.detail


def test_all_problems_are_found_and_stand_where_the_policy_stands():
    """A caller who nests the policy says where, and hears of all that is wrong at once."""
    data = {"direction": "up", "owners": {"title": "app", "when": "me"}, "color": "red"}
    pointers = {problem.pointer for problem in problems(data, "/policy")}

    assert pointers == {
        "/policy/direction",
        "/policy/owners/title",
        "/policy/owners/when",
        "/policy/color",
    }
