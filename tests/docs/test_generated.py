"""The pages that the product determines say what it does now."""

import json

import pytest

from local import generated
from local.situations import SITUATIONS
from shared.catalogue import ALL, CAUSES
from tests.docs.pages import read


@pytest.mark.parametrize("name", generated.PAGES)
def test_a_generated_page_is_current(name):
    """`make docs` would change nothing."""
    assert generated.PAGES[name]() == read(f"docs/{name}"), "run: make docs"


def test_each_code_is_listed_once():
    """Of two entries under one code nobody would see the first."""
    assert len(ALL) == len(CAUSES)


def test_every_cause_is_explained():
    """Each code of the catalogue has one row, with what to do."""
    page = read("docs/problems.md")

    for code, cause in CAUSES.items():
        assert page.count(f"| `{code}` |") == 1
        assert cause.title in page


def test_the_description_names_every_code():
    """A client made from docs/openapi.json knows each code it may be told."""
    document = json.loads(read("docs/openapi.json"))
    problem = document["components"]["schemas"]["Problem"]

    assert problem["properties"]["code"]["enum"] == sorted(CAUSES)


def test_every_situation_is_in_the_guide():
    """With the title of its page, as a person reads it there."""
    page = read("docs/onboarding.md")

    for situation in SITUATIONS:
        assert f"| {situation.told}" in page
        assert f"**{situation.title}**" in page
    assert {one.code for one in SITUATIONS} - set(CAUSES) == {""}
