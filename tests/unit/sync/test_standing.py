"""States of tenants, connections and calendars: what may follow what, and from what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue import CAUSES
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    State,
    Tenant,
)
from shared.sync.standing import (
    ENDING,
    OF_CALENDARS,
    OF_CONNECTIONS,
    OF_TENANTS,
    OF_THE_MAILBOX,
    PARTLY,
    Standing,
    is_of_grant,
    may_follow,
    moved,
    moves_tenant,
    shown,
    standing_of,
    tenant_standing,
)

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TENANT = Tenant("acme", "Acme", State.ACTIVE, NOW, entra_tenant="entra")
GRANT = Connection("grant", "acme", ConnectionKind.ORGANISATION, State.ACTIVE, NOW, "entra")
ADA = Calendar(CalendarKey("acme", "ada"), "grant", "ada", "ada@acme.test", State.ACTIVE, NOW)

TABLES = (OF_TENANTS, OF_CONNECTIONS, OF_CALENDARS)
TROUBLE = (State.ACTION_REQUIRED, State.DEGRADED)
causes = st.sampled_from(["", "sign-in-again", "mailbox-missing", "throttled"])
REACHED = {
    "calendar": [s for s in State if OF_CALENDARS[s]],
    "connection": [s for s in State if OF_CONNECTIONS[s]],
}


def calendars_of(*grants: str):
    return st.lists(
        st.builds(
            lambda n, grant, state, cause: replace(
                ADA,
                key=CalendarKey("acme", str(n)),
                connection=grant,
                state=state,
                cause=cause if state in TROUBLE else "",
            ),
            st.integers(),
            st.sampled_from(grants),
            st.sampled_from(REACHED["calendar"]),
            causes,
        ),
        max_size=5,
    )


connections = st.lists(
    st.builds(
        lambda name, state, cause: replace(
            GRANT, id=name, state=state, cause=cause if state in TROUBLE else ""
        ),
        st.sampled_from(["grant", "user-1", "user-2"]),
        st.sampled_from(REACHED["connection"]),
        causes,
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
calendars = calendars_of("grant", "user-1", "user-2")
tenants = st.sampled_from(list(State)).map(lambda state: replace(TENANT, state=state))


@pytest.mark.parametrize("subject", [TENANT, GRANT, ADA], ids=["tenant", "connection", "calendar"])
@given(data=st.data())
def test_a_walk_meets_only_what_may_follow(subject, data: st.DataObject):
    """Any number of steps: each is taken as the table has it or refused, and since tells when."""
    for step in range(1, 8):
        wanted = data.draw(st.sampled_from(list(State)))
        now = NOW + timedelta(minutes=step)
        if wanted is subject.state or wanted in may_follow(subject):
            after = moved(subject, wanted, "sign-in-again", now)
            changed = standing_of(after) != standing_of(subject)
            assert (after.since == now) is changed
            subject = after
        else:
            with pytest.raises(ValueError, match="cannot follow"):
                moved(subject, wanted, "", now)


@pytest.mark.parametrize("table", TABLES)
def test_everything_comes_to_an_end(table):
    """From wherever something can get to there is a way to disconnected."""
    begin = {state for state in State if table[state]}
    for state in begin:
        reached, edge = {state}, {state}
        while edge:
            edge = {following for one in edge for following in table[one]} - reached
            reached |= edge
        assert State.DISCONNECTED in reached


def test_an_offboarded_tenant_does_not_come_back():
    """Its rows are being erased."""
    assert OF_TENANTS[State.DISCONNECTING] == {State.DISCONNECTED}
    assert OF_TENANTS[State.DISCONNECTED] == frozenset()


def test_the_same_state_and_cause_are_no_move():
    """Nothing to tell: since is when it began."""
    assert moved(ADA, State.ACTIVE, "", LATER) is ADA


def test_a_new_cause_is_a_move():
    """Who can mend it may be somebody else now."""
    ill = moved(ADA, State.ACTION_REQUIRED, "mailbox-missing", NOW)

    assert moved(ill, State.ACTION_REQUIRED, "access-denied", LATER).since == LATER


@given(tenants, connections, calendars)
def test_what_follows_for_a_tenant_may_follow(tenant, connections, calendars):
    """From any state the tenant is in, and once it has followed nothing more does."""
    standing = tenant_standing(tenant, connections, calendars)
    after = moved(tenant, standing.state, standing.cause, LATER)

    assert tenant_standing(after, connections, calendars) == standing


@given(tenants, connections, calendars)
def test_every_cause_of_a_tenant_is_explained(tenant, connections, calendars):
    """In the catalogue; and trouble always has one."""
    standing = tenant_standing(tenant, connections, calendars)

    assert standing.cause == "" or standing.cause in CAUSES
    in_trouble = standing.state in TROUBLE and standing != standing_of(tenant)
    real = [one for one in (*connections, *calendars) if one.state in TROUBLE]
    if in_trouble and all(one.cause for one in real):
        assert standing.cause


@given(connections, calendars, st.data())
def test_a_calendar_that_moves_no_tenant_is_told_apart(connections, calendars, data):
    """Where `moves_tenant` says no, the tenant's state is indeed the same after the step."""
    if not calendars:
        return
    one = data.draw(st.integers(0, len(calendars) - 1))
    was = calendars[one]
    state = data.draw(st.sampled_from(sorted(may_follow(was))))
    now = replace(was, state=state, cause="throttled" if state in TROUBLE else "")
    before = tenant_standing(TENANT, connections, calendars)
    tenant = replace(TENANT, state=before.state, cause=before.cause)
    after = tenant_standing(tenant, connections, [*calendars[:one], now, *calendars[one + 1 :]])

    assert moves_tenant(tenant.state, was.state, state) or after.state is tenant.state


def test_a_grant_that_is_gone_shows_on_all_its_calendars():
    """Without each of them failing by itself; what ended or is paused stays so."""
    gone = replace(GRANT, state=State.ACTION_REQUIRED, cause="app-not-installed")

    assert shown(ADA, gone) == Standing(State.ACTION_REQUIRED, "app-not-installed")
    assert shown(replace(ADA, state=State.PAUSED), gone).state is State.PAUSED
    assert shown(replace(ADA, state=State.DISCONNECTED), gone).state is State.DISCONNECTED


def test_a_calendar_in_trouble_of_its_own_says_so():
    """Its cause is nearer than that of its connection."""
    missing = replace(ADA, state=State.ACTION_REQUIRED, cause="mailbox-missing")
    gone = replace(GRANT, state=State.ACTION_REQUIRED, cause="app-not-installed")

    assert shown(missing, gone).cause == "mailbox-missing"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.ACTIVE, State.ACTIVE], State.ACTIVE),
        ([State.PROVISIONING, State.PROVISIONING], State.PROVISIONING),
        ([State.PROVISIONING, State.ACTIVE], State.ACTIVE),
        ([State.ACTION_REQUIRED, State.ACTIVE], State.DEGRADED),
        ([State.ACTION_REQUIRED, State.ACTION_REQUIRED], State.ACTION_REQUIRED),
        ([State.ACTION_REQUIRED, State.DISCONNECTED], State.ACTION_REQUIRED),
        ([State.DEGRADED, State.PAUSED], State.DEGRADED),
        ([], State.ACTIVE),
    ],
)
def test_a_tenant_is_as_its_calendars_are(states, expected):
    """Trouble in some of them degrades it, in all of them stops it."""
    found = [replace(ADA, key=CalendarKey("acme", str(n)), state=s) for n, s in enumerate(states)]

    assert tenant_standing(TENANT, [GRANT], found).state is expected


def test_one_mailbox_of_many_does_not_name_the_tenants_cause():
    """What is wrong differs from one to the next: each says it."""
    ill = replace(ADA, state=State.ACTION_REQUIRED, cause="mailbox-missing")
    well = replace(ADA, key=CalendarKey("acme", "ben"))

    assert tenant_standing(TENANT, [GRANT], [ill, well]) == Standing(State.DEGRADED, PARTLY)
    assert tenant_standing(TENANT, [GRANT], [ill]).cause == "mailbox-missing"


def test_a_tenant_without_connections_is_not_connected():
    """By its own doing, or not yet."""
    ended = replace(GRANT, state=State.DISCONNECTED)
    waiting = replace(TENANT, state=State.CONSENT_PENDING)

    assert tenant_standing(TENANT, [ended], []).cause == "disconnected-by-app"
    assert tenant_standing(waiting, [], []) == Standing(State.CONSENT_PENDING)


def test_causes_are_of_the_grant_or_of_the_mailbox():
    """One mailbox's refusal says nothing of the others' grant."""
    assert is_of_grant("sign-in-again")
    assert not is_of_grant("")
    assert [cause for cause in OF_THE_MAILBOX if is_of_grant(cause)] == []
    assert {State.DISCONNECTING, State.DISCONNECTED} == ENDING
