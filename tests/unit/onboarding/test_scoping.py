"""The script for administrators: what the caller gave stands in it as literals and nowhere else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refused
from shared.onboarding.scoping import ROLES, Scoping, check_group, check_reach, script
from shared.store.records import Reach

APP = "11111111-0000-4000-8000-000000000003"
QUOTES = "'\u2018\u2019\u201a\u201b"
NASTY = st.text(
    st.one_of(
        st.sampled_from([*QUOTES, '"', "`", "$", "(", ")", ";", "\n", "#", "}"]), st.characters()
    ),
    max_size=30,
)


def literals(text):
    """PowerShell's own reading of single quotes: a doubled one is one, any kind closes."""
    found, at = [], 0
    while at < len(text):
        assert text[at] in QUOTES, text[at:]
        value, at = "", at + 1
        while text[at] not in QUOTES or text[at : at + 2] in [
            q + p for q in QUOTES for p in QUOTES
        ]:
            value += text[at]
            at += 2 if text[at] in QUOTES else 1
        found.append(value)
        at += 1
    return found


@given(group=NASTY, principal=NASTY.filter(bool))
def test_what_is_given_stays_a_literal(group, principal):
    """Whatever the group is called, the script outside of its literal is the same."""
    plain = script(Scoping(APP, "the-principal", "the-group", Reach.READ))
    made = script(Scoping(APP, principal, group, Reach.READ))

    before, _, rest = plain.partition("'the-group'")
    between, _, after = rest.partition("'the-principal'")
    assert made.startswith(before)
    assert made.endswith(after)
    inner = made[len(before) : len(made) - len(after)]
    cut = inner.rindex(between)
    assert literals(inner[:cut]) == [group]
    assert literals(inner[cut + len(between) :]) == [principal]


@pytest.mark.parametrize("reach", ROLES)
def test_the_role_is_that_of_the_reach(reach):
    """Only who writes gets the role that writes."""
    made = script(Scoping(APP, "", "pilot@contoso.example", reach))

    assert f"$Role = '{ROLES[reach]}'" in made
    assert ("Calendars.ReadWrite" in made) is (reach is Reach.READ_WRITE)


def test_the_script_has_every_step():
    """It makes the scope, takes Entra's grant back, tests it, and can be undone."""
    made = script(Scoping(APP, "", "pilot@contoso.example", Reach.READ))

    for command in (
        "New-ServicePrincipal",
        "New-ManagementScope",
        "New-ManagementRoleAssignment",
        "Remove-MgServicePrincipalAppRoleAssignment",
        "Test-ServicePrincipalAuthorization",
        "Remove-ManagementScope",
    ):
        assert command in made
    assert re.search(r"30 minutes .* 2 hours", made)


@pytest.mark.parametrize(
    "group",
    ["", "pilot", "a@b'; Remove-Mailbox", "pilot@contoso.example\n", "a b@c.example"],
)
def test_what_is_no_group_is_refused(group):
    """A group is a mail address or an object id."""
    with pytest.raises(Refused):
        check_group(group)


@pytest.mark.parametrize("group", ["pilot@contoso.example", "o'neill@contoso.example", APP])
def test_a_group_is_taken(group):
    """Apostrophes are part of mail addresses."""
    check_group(group)


def test_rooms_are_not_scoped():
    """Exchange has no role for places."""
    with pytest.raises(Refused):
        check_reach(Reach.ROOMS)
