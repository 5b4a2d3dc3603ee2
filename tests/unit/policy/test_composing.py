"""Prompts and private notes leave the host app only where the policy shares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.event import Body, BodyKind
from shared.calendar.text import plain
from shared.policy.composing import composed
from shared.policy.policy import Policy
from tests.unit.calendar.strategies import bodies, texts

PROMPTS, NOTES = ["Ask about <tea>", " "], "Lost\nhis job"
BOTH = Policy(share_prompts=True, share_notes=True)


@given(bodies, st.lists(texts), texts)
def test_by_default_they_go_nowhere(body, prompts, notes):
    """The body is the same to the letter, whatever stands beside it."""
    assert composed(body, prompts, notes, Policy()) is body


@pytest.mark.parametrize("kind", BodyKind)
@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(share_prompts=True), "Agenda Discussion prompts: Ask about <tea>"),
        (Policy(share_notes=True), "Agenda Notes: Lost his job"),
        (BOTH, "Agenda Discussion prompts: Ask about <tea> Notes: Lost his job"),
    ],
)
def test_what_is_shared_has_a_heading(kind, policy, said):
    """Each under its own, behind the host app's text."""
    body = composed(Body("Agenda", kind), PROMPTS, NOTES, policy)

    assert plain(body).replace("- ", "") == said
    assert body.kind is kind


def test_without_a_body_they_are_the_body():
    """Nothing stands before the first heading."""
    assert composed(Body(), ["Tea?"], "", BOTH).content == "Discussion prompts:\n- Tea?"


def test_nothing_to_share():
    """Blank ones have no heading either."""
    body = Body("Agenda")

    assert composed(body, [" "], "\n", BOTH) is body
