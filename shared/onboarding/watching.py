"""What happens to consent links by itself: time runs out, a consent becomes effective.

Entra takes a while to carry an administrator's consent to all of its parts. The link remembers
which Entra tenant it was and who signed in; it is tried again, less and less often, until the
app gets a token there.
"""

from datetime import datetime

from shared.catalogue import problem_of
from shared.custody.grants import Granted
from shared.errors import Problem, Reconnect, Refused, TryAgain
from shared.onboarding.checks import check_account, check_administrator
from shared.onboarding.connecting import connect
from shared.onboarding.following import SOON, move_link, name_of, tell_link
from shared.onboarding.link_states import (
    ENDED,
    EXPIRED,
    GRANTED,
    PENDING,
    REFUSED,
    SENT,
    is_over,
)
from shared.services import Services
from shared.store.records import ConsentLink, Due, DueKind, Tenant

MOST = 100


async def wait_for_entra(
    services: Services, link: ConsentLink, tenant: Tenant, granted: Granted
) -> None:
    """Raises Refused always: there is nothing to connect with so far."""
    check_account(granted, tenant)
    check_administrator(granted)
    proven = f"{granted.entra_tenant} {granted.user_id}"
    await move_link(services, link, SENT, PENDING, proven=proven)
    raise Refused(Problem(PENDING))


async def watch_links(services: Services, now: datetime) -> int:
    """The timer's pass: tells what was left untold, tries what was pending, ends what is over."""
    reminders = await services.store.due(DueKind.LINK, now, limit=MOST)
    for due in reminders:
        tenant, _, name = due.name.partition("~")
        link = await services.store.consent_link(tenant, name)
        if link is not None:
            await _look(services, link, now)
        await services.store.forget(due)
    return len(reminders)


async def _look(services: Services, link: ConsentLink, now: datetime) -> None:
    await tell_link(services, link)
    if is_over(link, now):
        await move_link(services, link, EXPIRED)
    elif link.proven and link.state not in ENDED:
        await _finish(services, link, now)


async def _finish(services: Services, link: ConsentLink, now: datetime) -> None:
    """Put off before it is tried, so that it comes again whatever happens."""
    waited = now - (link.since or now)
    await services.store.remind(Due(DueKind.LINK, now + max(waited, SOON), name_of(link)))
    tenant = await services.store.tenant(link.tenant)
    if tenant is None:
        return
    try:
        granted = await services.grants.proven(services.grants.remembered(link))
        if not granted.effective:
            return
        connection = await connect(services, link, tenant, granted)
    except TryAgain:
        return
    except (Reconnect, Refused) as failure:
        await move_link(services, link, REFUSED, problem_of(failure).code, proven="")
        return
    await move_link(services, link, GRANTED, connection=connection.id)
