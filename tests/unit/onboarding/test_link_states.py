"""How a consent link may move: the table, held by generated lives of a link."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue import CAUSES
from shared.onboarding.link_states import (
    ENDED,
    MOVES,
    WAITS,
    is_over,
    moved,
    shown,
    state_after,
)
from shared.store.records import ConnectionKind, ConsentLink, LinkState

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LINK = ConsentLink("l1", "acme", ConnectionKind.USER, NOW + timedelta(days=7), since=NOW)

steps = st.tuples(st.sampled_from(LinkState), st.sampled_from(["", "consent-declined"]))
lives = st.lists(steps, max_size=12)


def lived(life):
    """The link after each step, a minute apart."""
    link, seen = LINK, []
    for minute, (state, problem) in enumerate(life, 1):
        link = moved(link, state, NOW + timedelta(minutes=minute), problem)
        seen.append(link)
    return seen


@given(lives)
def test_every_move_is_in_the_table(life):
    """A link only goes where its state leads, and each move is dated."""
    before = LINK
    for after in lived(life):
        if after is not before:
            assert after.state in MOVES[before.state]
            assert after.since > before.since
        before = after


@given(lives)
def test_what_ended_a_link_is_the_last(life):
    """Nothing moves a link that was granted, has expired or was revoked."""
    seen = lived(life)
    ends = [link for link in seen if link.state in ENDED]

    assert all(link is ends[0] for link in ends)


@given(lives, st.sampled_from([LinkState.EXPIRED, LinkState.REVOKED]))
def test_a_link_that_has_not_ended_can_always_be_ended(life, end):
    last = [LINK, *lived(life)][-1]

    assert moved(last, end, NOW).state in ENDED


@given(lives)
def test_a_link_on_its_way_is_resumable(life):
    """Whoever was refused or waits may be sent again, by another browser and as somebody else;
    nobody is granted who was not sent.
    """
    seen = lived(life)
    granted = [i for i, link in enumerate(seen) if link.state is LinkState.GRANTED]
    if granted:
        assert any(link.state is LinkState.SENT for link in seen[: granted[0]])
    last = [LINK, *seen][-1]
    assert last.state in ENDED or moved(last, LinkState.SENT, NOW).state is LinkState.SENT


def test_the_same_again_says_nothing():
    """So the log is not told of it a second time."""
    sent = moved(LINK, LinkState.SENT, NOW)

    assert moved(sent, LinkState.SENT, NOW + timedelta(hours=1)) is sent


def test_what_waits_for_an_administrator_is_known_to_the_catalogue():
    assert CAUSES.keys() >= WAITS
    assert {state_after(code) for code in WAITS} == {LinkState.WAITING}
    assert state_after("consent-declined") is LinkState.REFUSED


def test_time_is_up_before_anybody_says_so():
    """A link is shown as expired from the moment on in which it is, dated by that moment."""
    later = LINK.expires

    assert not is_over(LINK, later - timedelta(seconds=1))
    assert (shown(LINK, later).state, shown(LINK, later).since) == (LinkState.EXPIRED, later)
    assert shown(LINK, later - timedelta(seconds=1)) is LINK
