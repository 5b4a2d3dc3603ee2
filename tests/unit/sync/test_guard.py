import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sync.guard import Brake, Limits, brake

counts = st.integers(0, 500)


@pytest.mark.parametrize(
    ("braked", "links", "deletions"),
    [
        (False, 0, 0),
        (False, 30, 30),
        (True, 31, 31),
        (False, 62, 31),
        (True, 61, 31),
        (False, 1000, 500),
        (True, 1000, 501),
    ],
)
def test_more_than_thirty_and_more_than_half_brakes(braked, links, deletions):
    """A small calendar may empty, a large one may lose a good part."""

    assert braked is (brake(links, deletions, 0) is not None)


@given(counts, counts, counts)
def test_the_brake_tells_what_it_held(links, deletions, changes):
    """The numbers are those a person has to judge by."""

    assert brake(links, deletions, changes) in (None, Brake(links, deletions, changes))


@given(counts, counts, counts, st.integers(0, 100))
def test_more_deletions_never_loosen_the_brake(links, deletions, changes, more):
    """Nor do fewer links."""
    if brake(links, deletions, changes):
        assert brake(links, deletions + more, changes)
        assert brake(max(0, links - more), deletions, changes)


@given(counts, counts)
def test_changes_alone_never_brake(links, changes):
    """They can be undone."""

    assert brake(links, 0, changes) is None


def test_limits_can_be_set():
    """Stricter or looser than the default."""

    assert brake(10, 3, 0) is None
    assert brake(10, 3, 0, Limits(deletions=2, share=0.2)) == Brake(10, 3, 0)
