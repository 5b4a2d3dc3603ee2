"""How far a connection gets with what was granted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.custody.reach import (
    LADDER,
    application_roles,
    calendars_in,
    delegated_scopes,
    falls_short,
    least,
    names,
    reach_of,
    reaches_rooms,
)
from shared.store.records import ConnectionKind, Reach
from tests.contract.store.examples import connection

ASKED = st.sampled_from(LADDER)
KINDS = st.sampled_from(list(ConnectionKind))
PERMISSIONS = st.sets(
    st.sampled_from(
        [
            "Calendars.ReadBasic",
            "Calendars.ReadBasic.All",
            "Calendars.Read",
            "Calendars.Read.Shared",
            "Calendars.ReadWrite",
            "Calendars.ReadWrite.Shared",
            "Place.Read.All",
            "User.Read",
            "User.Read.All",
            "MailboxSettings.Read",
        ]
    )
)


def made(kind, reach, granted=(), *, scoped=False):
    return replace(
        connection(), kind=kind, reach=reach, granted=tuple(sorted(granted)), scoped=scoped
    )


@given(kind=KINDS, asked=ASKED, granted=PERMISSIONS)
def test_the_app_goes_no_further_than_it_was_asked_to(kind, asked, granted):
    """Whatever Entra granted, a tenant that picked a reach is not read or written beyond it."""
    found = reach_of(made(kind, asked, granted))

    assert least(found, asked) is found


@given(
    kind=st.sampled_from([ConnectionKind.USER, ConnectionKind.SERVICE_ACCOUNT]),
    asked=ASKED,
    granted=PERMISSIONS.filter(bool),
)
def test_a_person_reaches_what_the_token_names(kind, asked, granted):
    """A person's token says all there is: without a calendar permission no calendar is reached."""
    found = reach_of(made(kind, asked, granted))

    assert found is least(asked, calendars_in(granted) or Reach.ROOMS)


@given(asked=ASKED, granted=PERMISSIONS)
def test_exchange_may_have_given_what_entra_did_not(asked, granted):
    """A scoped organisation's token has no say, and one without any calendar permission neither."""
    others = {name for name in granted if not name.startswith("Calendars")}

    assert reach_of(made(ConnectionKind.ORGANISATION, asked, granted, scoped=True)) is asked
    assert reach_of(made(ConnectionKind.ORGANISATION, asked, others)) is asked


@given(kind=KINDS, asked=ASKED)
def test_what_is_asked_for_is_enough(kind, asked):
    """Who is granted what the app asks for falls short of nothing."""
    organisation = kind is ConnectionKind.ORGANISATION
    granted = application_roles(asked) if organisation else delegated_scopes(kind, asked)

    whole = made(kind, asked, granted)

    assert reach_of(whole) is asked
    assert not falls_short(whole)
    assert reaches_rooms(whole) is (asked is Reach.ROOMS)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (Reach.READ_WRITE, {"Calendars.Read"}),
        (Reach.READ, {"Calendars.ReadBasic.All"}),
        (Reach.ROOMS, {"Calendars.ReadBasic.All"}),
    ],
)
def test_less_falls_short(asked, granted):
    """Fewer permissions than the reach needs are noticed."""
    assert falls_short(made(ConnectionKind.ORGANISATION, asked, granted))


def test_nothing_known_is_as_it_was_asked_for():
    """A connection of before the permissions were kept goes on as it was."""
    assert reach_of(made(ConnectionKind.USER, Reach.READ_WRITE)) is Reach.READ_WRITE


def test_a_scope_is_named_without_its_resource():
    """Entra may put the resource before a scope."""
    given_ = ["https://graph.microsoft.com/Calendars.Read", "openid", "User.Read"]

    assert names(given_) == ("Calendars.Read", "User.Read", "openid")


@given(asked=ASKED)
def test_no_more_than_needed_is_asked_for(asked):
    """Only the reach that writes asks to write."""
    asked_for = " ".join(
        [
            *application_roles(asked),
            *(s for k in ConnectionKind for s in delegated_scopes(k, asked)),
        ]
    )

    assert ("ReadWrite" in asked_for) is (asked is Reach.READ_WRITE)
