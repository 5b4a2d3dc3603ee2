"""One table of every problem and cause: what happened, who can fix it, and how.

API problems, states, pages and log changes take their words from here.
"""

from typing import Any

from shared.catalogue.access import ACCESS
from shared.catalogue.cause import Cause, FixedBy
from shared.catalogue.lives import LIVES
from shared.catalogue.readiness import READINESS
from shared.catalogue.requests import REQUESTS
from shared.catalogue.rollouts import ROLLOUTS
from shared.catalogue.signing_in import SIGN_IN
from shared.catalogue.work import WORK
from shared.errors import CalbridgeError, Problem, Reconnect, Refused, Rejected, TryAgain

__all__ = [
    "CAUSES",
    "CLOSED",
    "Cause",
    "FixedBy",
    "cause_of",
    "explained",
    "problem_json",
    "problem_of",
]

ALL = (*REQUESTS, *ACCESS, *SIGN_IN, *ROLLOUTS, *WORK, *LIVES, *READINESS)
CAUSES: dict[str, Cause] = {cause.code: cause for cause in ALL}
# Of an account for which Exchange Online opens no mailbox.
CLOSED = frozenset(
    {"mailbox-missing", "mailbox-unlicensed", "mailbox-on-premises", "mailbox-inactive"}
)


def cause_of(code: str) -> Cause:
    """Falls back to `unexpected`, so that reporting a problem never fails itself."""
    return CAUSES.get(code, CAUSES["unexpected"])


def explained(code: str) -> dict[str, str] | None:
    """A state's cause in plain words; None where there is nothing to explain."""
    if not code:
        return None
    cause = cause_of(code)
    return {
        "title": cause.title,
        "meaning": cause.meaning,
        "fixed_by": cause.fixed_by.value,
        "remedy": cause.remedy,
    }


def problem_of(error: CalbridgeError) -> Problem:
    """What to tell the caller of the request in which `error` was raised."""
    match error:
        case Refused() | Rejected():
            return error.problem
        case Reconnect():
            return Problem(error.cause, extra={"aadsts": error.number} if error.number else {})
        case TryAgain(after=after):
            return Problem("unavailable", extra={"retry_after": max(1, round(after))})
        case _:
            return Problem("unexpected")


def problem_json(problem: Problem, instance: str = "") -> dict[str, Any]:
    """RFC 9457 problem details, as an object for application/problem+json."""
    cause = cause_of(problem.code)
    answer: dict[str, Any] = {
        "type": f"urn:calbridge:problem:{cause.code}",
        "title": cause.title,
        "status": cause.status,
        "detail": problem.detail or cause.meaning,
        "code": cause.code,
        "fix_by": cause.fixed_by.value,
        "remedy": cause.remedy,
    }
    if instance:
        answer["instance"] = instance
    if problem.pointer:
        answer["pointer"] = problem.pointer
    return {**problem.extra, **answer}
