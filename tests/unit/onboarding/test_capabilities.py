"""Why something cannot be used."""

import pytest

from shared.onboarding.capabilities import NAMES, Known, Reason, judge
from shared.policy.policy import Direction


def known(provider: str) -> Known:
    return Known([], [], [], (Direction.BOTH,), provider)


@pytest.mark.parametrize("name", NAMES)
def test_another_provider_is_the_reason_before_all_others(name: str):
    """As long as it is declared as active, consent would not help."""
    why = judge(name, known("google"))
    assert why is not None
    assert (why.reason, why.code) == (Reason.PROVIDER, "other-provider-active")
    ours = judge(name, known("microsoft"))
    assert ours is not None
    assert ours.reason is not Reason.PROVIDER
