import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refused
from shared.policy.document import Document, problems
from shared.policy.fields import TENANT_WIDE
from shared.policy.policy import Direction, Owner, Policy
from shared.policy.presets import PRESETS

# A choice that no default and no preset makes, so that each layer can be told apart.
MINUTES = st.integers(1, 1440)
SAID = st.fixed_dictionaries({}, optional={"default_minutes": MINUTES})
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.integers(0, 9),
        "preset": st.sampled_from(sorted(PRESETS)),
        "default_minutes": MINUTES,
        "projects": st.dictionaries(st.sampled_from("ab"), SAID),
        "types": st.dictionaries(st.sampled_from("xy"), SAID),
    },
)


@given(DOCUMENTS)
def test_a_document_survives_json(data):
    """What was stored is what is read, field for field."""
    document = Document.from_json(json.loads(json.dumps(data)))

    assert problems(data) == []
    assert Document.from_json(document.to_json()) == document


@given(DOCUMENTS, st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "x", "y", "z"]))
def test_the_most_special_word_counts(data, project, type_):
    """Type before project before tenant before preset before default."""
    layers = [
        data.get("types", {}).get(type_, {}),
        data.get("projects", {}).get(project, {}),
        data,
        PRESETS.get(data.get("preset", ""), {}),
        Policy().to_json(),
    ]
    expected = next(one["default_minutes"] for one in layers if "default_minutes" in one)

    assert expected == Document.from_json(data).policy_for(project, type_).default_minutes


def test_a_plain_policy_is_a_document():
    """As they were stored before there were projects and presets."""
    data = {"direction": "to_app", "owners": {"subject": "app"}, "backfill": "window"}

    assert Policy.from_json(data) == Document.from_json(data).policy_for()
    assert Policy() == Document.from_json({}).policy_for()


def test_owners_are_laid_over_one_another_field_by_field():
    """A project that owns places does not lose that titles are the host app's."""
    document = Document.from_json(
        {"preset": "clear_review", "projects": {"a": {"owners": {"location": "outlook"}}}}
    )

    assert document.policy_for("a").owners == {"subject": Owner.APP, "location": Owner.OUTLOOK}


def test_a_project_switches_itself_on():
    """C9, C10: off by default, and each project activated by itself."""
    document = Document.from_json(
        {"preset": "charitylog", "projects": {"befriending": {"direction": "to_outlook"}}}
    )

    assert Direction.OFF is document.policy_for().direction
    assert Direction.OFF is document.policy_for("advocacy").direction
    assert Direction.TO_OUTLOOK is document.policy_for("befriending").direction


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_a_document(name):
    """With nothing in it that would be refused from a tenant."""

    assert problems(PRESETS[name]) == []
    assert Document.from_json({"preset": name}).policy_for() == Policy.from_json(PRESETS[name])


@pytest.mark.parametrize("name", sorted(TENANT_WIDE))
def test_what_concerns_whole_calendars_is_the_tenants_to_say(name):
    """A project cannot have a window of its own: there is one delta link to a calendar."""
    value = Policy().to_json()[name]
    (problem,) = problems({"projects": {"a": {name: value}}})

    assert problem.pointer == f"/projects/a/{name}"
    assert "tenant" in problem.detail


@pytest.mark.parametrize(
    ("pointer", "right", "data"),
    [
        ("/preset", "striven", {"preset": "outlook"}),
        ("/preset", "striven", {"preset": None}),
        ("/version", "whole number", {"version": "3"}),
        ("/version", "whole number", {"version": True}),
        ("/direction", "both", {"direction": "up"}),
        ("/projects", "object", {"projects": ["a"]}),
        ("/types/visit", "object", {"types": {"visit": "off"}}),
        ("/types/visit/color", "default_minutes", {"types": {"visit": {"color": "red"}}}),
        ("/projects/a~1b~0/direction", "off", {"projects": {"a/b~": {"direction": 1}}}),
        ("/projects/a/owners/title", "subject", {"projects": {"a": {"owners": {"title": "app"}}}}),
        ("/projects/ ", "characters", {"projects": {" ": {}}}),
        ("/types/a/preset", "is not known", {"types": {"a": {"preset": "striven"}}}),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_place(pointer, right, data):
    """The pointer leads to it, from where the document stands in the caller's body."""
    (problem,) = problems(data, "/policy")
    with pytest.raises(Refused) as refused:
        Document.from_json(data, "/policy")

    assert refused.value.problem == problem
    assert (problem.code, problem.pointer) == ("invalid-policy", f"/policy{pointer}")
    assert right in problem.detail
