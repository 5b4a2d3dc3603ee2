"""Whether a series of the host app can get into Outlook."""

from shared.calendar.event import Event
from shared.errors import Problem
from shared.graph.recurrence import recurrence_problem
from shared.policy.policy import Policy, SeriesOut, Unrepresentable


def unheld(event: Event, policy: Policy) -> Problem | None:
    """None also where the policy has its occurrences written as single events."""
    singly = (
        policy.series_out is SeriesOut.OCCURRENCES
        or policy.unrepresentable is Unrepresentable.OCCURRENCES
    )
    return None if singly else recurrence_problem(event)
