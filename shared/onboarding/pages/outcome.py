"""What became of an attempt: connected, waiting, or stopped, and by whom that can be mended."""

from collections.abc import Sequence

from shared.catalogue import Cause, FixedBy, cause_of
from shared.errors import Problem
from shared.onboarding.pages.advice import Advice, advice_for
from shared.onboarding.pages.letters import justification, problem_letter
from shared.onboarding.pages.page import Page
from shared.onboarding.pages.render import NO_FORMS, render
from shared.onboarding.pages.visit import Visit
from shared.store.records import Connection

WHO = {
    FixedBy.USER: "You can fix this yourself.",
    FixedBy.TENANT_ADMIN: "An administrator of your organisation has to do this.",
    FixedBy.VENDOR: "The makers of the application have to fix this.",
    FixedBy.MICROSOFT: "The trouble is on Microsoft's side.",
}
USED = "consent-link-used"
"""Nothing is wrong: what the link was for is done."""


def connected_page(connection: Connection, visit: Visit) -> Page:
    facts = {
        "name": connection.display_name or connection.address or "The organisation",
        "kind": connection.kind.value,
        "visit": visit,
        "notice": cause_of(connection.notice) if connection.notice else None,
    }
    return render("connected.html", facts)


def problem_page(
    problem: Problem,
    reference: str = "",
    back: str = "",
    visit: Visit | None = None,
    details: Sequence[str] = (),
    again: str = "",
) -> Page:
    """What happened, who can fix it, and what to do next. `back` is where the host app waits;
    `details` are lines for this person alone, such as which account it was; `again` is where the
    link leads, which `visit` knows by itself.
    """
    cause = cause_of(problem.code)
    advice = advice_for(cause)
    notes = (f"Reference {reference}",) if reference else ()
    letter = problem_letter(visit, cause, advice, (*details, *notes)) if visit else None
    facts = {
        "cause": cause,
        "told": problem.detail or cause.meaning,
        "who": "" if cause.code == USED else WHO[cause.fixed_by],
        "details": details,
        "reference": reference,
        "back": back,
        "visit": visit,
        "again": visit.url_as(advice.kind) if visit else again,
        "advice": advice,
        "letter": letter,
        "justification": justification(visit) if visit and advice.asks_for_consent else "",
        "mark": _mark(cause, advice),
    }
    return render("problem.html", facts, cause.status, NO_FORMS)


def _mark(cause: Cause, advice: Advice) -> str:
    """Which sign stands beside the title."""
    if cause.code == USED:
        return "good"
    if advice.waits:
        return "wait"
    return "stop" if cause.fixed_by in {FixedBy.VENDOR, FixedBy.MICROSOFT} else "turn"
