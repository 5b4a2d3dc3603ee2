"""docs/policies.md describes every field of a policy, and every value it can have."""

from dataclasses import fields
from enum import StrEnum

from shared.policy.effects import Effect
from shared.policy.fields import READ, TENANT_WIDE
from shared.policy.policy import Owner, Policy
from shared.policy.presets import PRESETS
from tests.docs.pages import read, rows

PAGE = "docs/policies.md"


def described() -> dict[str, set[str]]:
    """The values of each field."""
    found: dict[str, set[str]] = {}
    for cells in rows(PAGE, "Fields"):
        found.setdefault(cells[0].strip("`"), set()).add(cells[1].strip("`"))
    return found


def test_every_field_is_described():
    """And none that is not."""
    assert {field.name for field in fields(Policy)} == set(described())


def test_every_value_is_described():
    """Of the fields that choose among words."""
    page = described()
    choices = {name: kind for name, kind in READ.items() if isinstance(kind, type)}
    words = {name: kind for name, kind in choices.items() if issubclass(kind, StrEnum)}

    assert {name: set(kind) for name, kind in words.items()} == {
        name: page[name] for name in words
    }
    assert set(Owner) == page["owners"]


def test_presets_effects_and_fields_of_the_tenant_are_named():
    """Each of them, by the word the API uses."""
    page = read(PAGE)

    for word in (*PRESETS, *Effect, *TENANT_WIDE):
        assert f"`{word}`" in page, word
