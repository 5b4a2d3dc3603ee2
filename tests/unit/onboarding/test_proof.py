"""What follows from opening a mailbox inside and one outside."""

from itertools import product

import pytest

from shared.onboarding.proof import judge
from shared.store.records import Outcome, Verdict

ENTRA = ("Calendars.ReadWrite", "User.Read.All")
EXCHANGE = ("User.Read.All",)


@pytest.mark.parametrize(
    ("inside", "outside", "roles", "verdict"),
    [
        (Outcome.REACHED, Outcome.REFUSED, EXCHANGE, Verdict.SCOPED),
        (Outcome.REACHED, Outcome.REACHED, ENTRA, Verdict.NOT_SCOPED),
        (Outcome.REACHED, Outcome.REACHED, EXCHANGE, Verdict.NOT_SCOPED),
        (Outcome.REFUSED, Outcome.REFUSED, EXCHANGE, Verdict.NOT_YET),
        (Outcome.REFUSED, Outcome.REFUSED, ENTRA, Verdict.UNCLEAR),
        (Outcome.REFUSED, Outcome.REACHED, EXCHANGE, Verdict.UNCLEAR),
        (Outcome.MISSING, Outcome.REFUSED, EXCHANGE, Verdict.UNCLEAR),
    ],
)
def test_the_verdict(inside, outside, roles, verdict):
    """A limit is proven only by a mailbox that opens and one that is refused."""
    assert judge(inside, outside, roles)[0] is verdict


def test_an_entra_grant_is_named():
    """Where Entra's own grant defeats the scope, the reason says so."""
    assert "Entra itself has granted" in judge(Outcome.REACHED, Outcome.REACHED, ENTRA)[1]


def test_only_one_pair_proves_a_limit():
    """No other outcome is taken for a proof, whatever the roles."""
    proven = {
        pair
        for pair in product(Outcome, Outcome)
        for roles in (ENTRA, EXCHANGE)
        if judge(*pair, roles)[0] is Verdict.SCOPED
    }

    assert proven == {(Outcome.REACHED, Outcome.REFUSED)}
