"""What a browser is shown that opens a consent link, and how it leaves for Microsoft."""

from contextlib import suppress

from shared.catalogue import problem_of
from shared.custody.aadsts import explain_code
from shared.custody.state import read_link_name
from shared.errors import Problem, Refused, TryAgain
from shared.observe import correlation
from shared.onboarding.following import move_link
from shared.onboarding.link_states import state_after
from shared.onboarding.links import OVER, address_of, leave_by_link, link_url, see_link
from shared.onboarding.pages import Page, Visit, landing_page, problem_page, stopped_page
from shared.onboarding.pages.stopped import number_in
from shared.onboarding.returns import with_outcome
from shared.services import Services
from shared.store.records import ConnectionKind, ConsentLink, Tenant

INTERRUPTED = "sign-in-unfinished"
LINKS_OWN = frozenset({*OVER.values(), "consent-choice-refused", "other-provider-active"})
"""Problems of a link that is known all the same."""


def visit_of(services: Services, link: ConsentLink, tenant: Tenant) -> Visit:
    return Visit(link, tenant, services.settings.product_name, link_url(services, link))


def stopped_at(
    services: Services,
    link: ConsentLink,
    tenant: Tenant,
    problem: Problem,
    details: tuple[str, ...] = (),
) -> Page:
    """What happened and who can fix it, with the way back to the host app."""
    back = ""
    if link.return_url:
        back = with_outcome(link.return_url, calbridge="failed", problem=problem.code)
    visit = visit_of(services, link, tenant)
    return problem_page(problem, correlation(), back, visit, details)


async def interrupted_page(services: Services, tenant_id: str, link_id: str) -> Page:
    """For whom something did not answer, with the way to go on: the same link. Its address needs
    nothing that is stored; who asks, and the way back, are told if that can be read.
    """
    problem = Problem(INTERRUPTED)
    with suppress(TryAgain):
        link = await services.store.consent_link(tenant_id, link_id)
        tenant = await services.store.tenant(tenant_id)
        if link is not None and tenant is not None:
            return stopped_at(services, link, tenant, problem)
    return problem_page(problem, correlation(), again=address_of(services, tenant_id, link_id))


async def start_page(services: Services, name: str, choice: str = "") -> Page:
    """`name` is what the URL holds, `choice` the kind of grant it was handed over for."""
    try:
        link, tenant = await see_link(services, name)
    except Refused as failure:
        return await _refused(services, name, failure)
    except TryAgain:
        return await _interrupted(services, name)
    chosen = ConnectionKind(choice) if choice in set(ConnectionKind) else None
    return landing_page(visit_of(services, link, tenant), chosen)


async def leave(services: Services, name: str, choice: str) -> Page:
    try:
        return await leave_by_link(services, name, choice)
    except Refused as failure:
        return await _refused(services, name, failure)
    except TryAgain:
        return await _interrupted(services, name)


async def help_page(services: Services, name: str, typed: str) -> Page:
    """Explains the number that Microsoft showed on a page of its own, and keeps on the link
    what stopped the person there: the host app would not hear of it otherwise.
    """
    try:
        link, tenant = await see_link(services, name)
    except Refused as failure:
        return await _refused(services, name, failure)
    number = number_in(typed)
    if number is None:
        return stopped_page(visit_of(services, link, tenant), typed)
    problem = problem_of(explain_code(number))
    link = await move_link(services, link, state_after(problem.code), problem.code, number=number)
    return stopped_at(services, link, tenant, problem, (f"Microsoft's number AADSTS{number}",))


async def _interrupted(services: Services, name: str) -> Page:
    """Raises Refused for a name that is none of ours."""
    return await interrupted_page(services, *read_link_name(services.settings.signing_key, name))


async def _refused(services: Services, name: str, failure: Refused) -> Page:
    """A link that has ended still knows whose it was. Raises `failure` for one that is none."""
    if failure.problem.code not in LINKS_OWN:
        raise failure
    tenant_id, link_id = read_link_name(services.settings.signing_key, name)
    link = await services.store.consent_link(tenant_id, link_id)
    tenant = await services.store.tenant(tenant_id)
    if link is None or tenant is None:
        raise failure
    return stopped_at(services, link, tenant, failure.problem)
