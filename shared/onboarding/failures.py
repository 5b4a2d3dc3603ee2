"""A consent that came to nothing: kept on its link for the host app, told to the person."""

from collections.abc import Mapping

import jwt

from shared.catalogue import problem_of
from shared.errors import Reconnect, Refused, TryAgain
from shared.observe import correlation, note
from shared.onboarding.following import move_link
from shared.onboarding.landing import interrupted_page, stopped_at
from shared.onboarding.link_states import state_after
from shared.onboarding.pages import Page, problem_page
from shared.services import Services
from shared.store.records import ConsentLink

FORGED = "consent-state-invalid"


async def keep_failure(
    services: Services, query: Mapping[str, str], failure: Reconnect | Refused
) -> ConsentLink | None:
    """The link, if the failure was one of its own.

    The state is read without a look at its signature: any failure but FORGED comes after that
    look, and a forged state is not read at all.
    """
    code = problem_of(failure).code
    if code == FORGED:
        return None
    claims = jwt.decode(query["state"], options={"verify_signature": False})
    link = await services.store.consent_link(claims["tenant"], claims["link"])
    if link is None:
        return None
    number = failure.number if isinstance(failure, Reconnect) else 0
    note("consent.failed", tenant=claims["tenant"], code=code, number=number or None)
    return await move_link(services, link, state_after(code), code, number=number)


async def failed_page(
    services: Services, query: Mapping[str, str], failure: Reconnect | Refused | TryAgain
) -> Page:
    """What happened and who can fix it, with the way back to the host app. Where it could not be
    kept, it is as if nothing had happened: the same link leads on.
    """
    if isinstance(failure, TryAgain):
        return await interrupted_page(services, *services.grants.link_in(query))
    try:
        return await _kept_page(services, query, failure)
    except TryAgain:
        return await interrupted_page(services, *services.grants.link_in(query))


async def _kept_page(
    services: Services, query: Mapping[str, str], failure: Reconnect | Refused
) -> Page:
    link = await keep_failure(services, query, failure)
    problem = problem_of(failure)
    tenant = await services.store.tenant(link.tenant) if link else None
    if link is None or tenant is None:
        return problem_page(problem, correlation())
    return stopped_at(services, link, tenant, problem, _microsofts(failure))


def _microsofts(failure: Reconnect | Refused) -> tuple[str, ...]:
    """What Microsoft's support asks for."""
    if not isinstance(failure, Reconnect):
        return ()
    number = (f"Microsoft's number AADSTS{failure.number}",) if failure.number else ()
    trace = (f"Microsoft's correlation id {failure.trace}",) if failure.trace else ()
    return number + trace
