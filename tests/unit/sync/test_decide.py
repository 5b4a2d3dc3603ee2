from dataclasses import replace
from itertools import product

import pytest

from shared.policy.policy import Deletion, Direction, EditAgainstDeletion, Policy, Winner
from shared.sync.decide import (
    Changed,
    DeleteApp,
    DeleteOutlook,
    Forget,
    Gone,
    Merge,
    Nothing,
    Report,
    Same,
    WriteApp,
    WriteOutlook,
    decide,
    muted,
)
from tests.unit.calendar.strategies import MEETING

OURS = replace(MEETING, subject="as the app has it")
THEIRS = replace(MEETING, subject="as Outlook has it")
SAME, GONE = Same(), Gone()
APP, OUTLOOK = Changed(OURS), Changed(THEIRS)
POLICIES = [
    Policy(winner=winner, deletion=deletion, edit_against_deletion=edit)
    for winner, deletion, edit in product(Winner, Deletion, EditAgainstDeletion)
]


def table(policy: Policy):
    """(Outlook, app) to action, as the architecture has it."""
    edited_and_deleted = {
        EditAgainstDeletion.WRITE_APP: WriteApp(THEIRS, Report.DELETION_OVERRULED),
        EditAgainstDeletion.DELETE_OUTLOOK: DeleteOutlook(Report.OUTLOOK_EDIT_OVERRULED),
    }
    return {
        (SAME, SAME): Nothing(),
        (SAME, APP): WriteOutlook(OURS),
        (SAME, GONE): DeleteOutlook(),
        (OUTLOOK, SAME): WriteApp(THEIRS),
        (OUTLOOK, APP): Merge(outlook=THEIRS, app=OURS),
        (OUTLOOK, GONE): edited_and_deleted[policy.edit_against_deletion],
        (GONE, SAME): DeleteApp(policy.deletion),
        (GONE, APP): DeleteApp(policy.deletion, Report.APP_EDIT_REFUSED),
        (GONE, GONE): Forget(),
    }


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_every_cell_under_every_policy(policy):
    """Nine cells, and only the policies named in them make a difference."""
    expected = table(policy)

    assert len(expected) == 9
    assert expected == {sides: decide(*sides, policy) for sides in expected}


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_nobody_loses_an_edit_or_a_deletion_unheard(policy):
    """Where both sides wished for something, the action merges, reports, or they wished the same."""
    actions = [decide(outlook, app, policy) for outlook in (OUTLOOK, GONE) for app in (APP, GONE)]
    unheard = [a for a in actions if getattr(a, "report", None) is None]

    assert unheard == [Merge(THEIRS, OURS), Forget()]


@pytest.mark.parametrize(
    ("outlook", "app"), list(product([SAME, OUTLOOK, GONE], [SAME, APP, GONE]))
)
def test_a_direction_mutes_the_side_that_may_not_speak(outlook, app):
    """The muted side is called Same, whatever it is; both directions mute nobody."""

    assert (outlook, app) == muted(outlook, app, Policy())
    assert (SAME, app) == muted(outlook, app, Policy(direction=Direction.TO_OUTLOOK))
    assert (outlook, SAME) == muted(outlook, app, Policy(direction=Direction.TO_APP))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_one_direction_never_writes_against_it(policy):
    """To Outlook means nothing for the app, and the other way round."""
    to_outlook = replace(policy, direction=Direction.TO_OUTLOOK)
    to_app = replace(policy, direction=Direction.TO_APP)
    for sides in table(policy):
        up = decide(*muted(*sides, to_outlook), to_outlook)
        down = decide(*muted(*sides, to_app), to_app)

        assert isinstance(up, Nothing | WriteOutlook | DeleteOutlook)
        assert isinstance(down, Nothing | WriteApp | DeleteApp)
