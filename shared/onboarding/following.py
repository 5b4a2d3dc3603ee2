"""Moves consent links from state to state and tells the host app of each, exactly once.

A link is told of before it moves on as well as after, so that a crash in between leaves no state
untold: the log knows by a change's id whether it has it. `watching` finds what was never
touched again.
"""

from datetime import timedelta

from shared.errors import Contended
from shared.onboarding.link_states import moved
from shared.services import Services
from shared.store.records import Change, ConsentLink, Due, DueKind, LinkState

LINK_STATE = "calbridge.consent_link.state"
ATTEMPTS = 5
SOON = timedelta(minutes=1)


async def keep_new_link(services: Services, link: ConsentLink) -> ConsentLink:
    await services.store.remind(Due(DueKind.LINK, link.expires, name_of(link)))
    kept = await services.store.put_consent_link(link)
    await tell_link(services, kept)
    return kept


async def move_link(
    services: Services,
    link: ConsentLink,
    state: LinkState,
    problem: str = "",
    connection: str = "",
    proven: str | None = None,
    number: int = 0,
) -> ConsentLink:
    """The link as it is afterwards: where it ended meanwhile, it stays as it is."""
    for _ in range(ATTEMPTS):
        now = services.clock()
        wanted = moved(link, state, now, problem, connection, proven, number)
        if wanted is link:
            return link
        await _tell_untold(services, link)
        await services.store.remind(Due(DueKind.LINK, now + SOON, name_of(link)))
        try:
            kept = await services.store.put_consent_link(wanted)
        except Contended:
            link = await services.store.consent_link(link.tenant, link.id) or link
            continue
        await tell_link(services, kept)
        return kept
    raise Contended(after=1, reason="the link's row is changed faster than it is saved")


async def _tell_untold(services: Services, link: ConsentLink) -> None:
    """One read where it was told, as nearly always; whoever is told of the log hears of the next
    state right after.
    """
    if not await services.store.is_logged(link.tenant, _change_id(link)):
        await tell_link(services, link)


async def tell_link(services: Services, link: ConsentLink) -> None:
    """Without a name, an address or the link itself: who has the link may agree by it."""
    at = link.since or link.expires
    number = {"aadsts": link.number} if link.number else {}
    change = Change(
        id=_change_id(link),
        type=LINK_STATE,
        subject=link.id,
        time=at,
        data={
            "consent_link": link.id,
            "kind": link.kind.value,
            "state": link.state.value,
            "cause": link.problem,
            "connection": link.connection,
            **number,
        },
    )
    await services.store.log(link.tenant, [change])
    await services.engine.announce(link.tenant)


def _change_id(link: ConsentLink) -> str:
    return f"consent_link.{link.id}.{link.moves}"


def name_of(link: ConsentLink) -> str:
    return f"{link.tenant}~{link.id}"
