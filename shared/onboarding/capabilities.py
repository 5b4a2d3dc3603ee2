"""What a tenant can use, and of what it cannot, why not and who can change that."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.catalogue import CLOSED, cause_of
from shared.onboarding.abilities import TABLE, Feature, is_able, was_asked_for, why_not
from shared.onboarding.connections import alive
from shared.onboarding.providers import is_other
from shared.policy.document import Document
from shared.policy.policy import Direction
from shared.services import Services
from shared.store.records import (
    Calendar,
    Connection,
    ConnectionKind,
    ConsentLink,
    LinkState,
    State,
    Tenant,
)


class Reason(StrEnum):
    """What stands in the way: what Microsoft 365 was bought with; somebody's role; consent; the
    tenant's own policy; another calendar provider.
    """

    PLAN = "plan"
    ROLE = "role"
    CONSENT = "consent"
    POLICY = "policy"
    PROVIDER = "provider"


TEAMS, BULK = "teams", "bulk"
NAMES = (*(feature.value for feature in Feature), TEAMS, BULK)
_SHUT = frozenset({State.ACTION_REQUIRED, State.PAUSED})
_FORBIDS = {
    Feature.WRITE: {Direction.TO_APP, Direction.OFF},
    Feature.READ: {Direction.TO_OUTLOOK, Direction.OFF},
}
_DIRECTIONS = {
    Direction.TO_APP: "direction-to-app",
    Direction.TO_OUTLOOK: "direction-to-outlook",
    Direction.OFF: "sync-off",
}


@dataclass(frozen=True, slots=True)
class WhyNot:
    """`code` is one of the catalogue."""

    reason: Reason
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked at; of `directions` the tenant's own is the first."""

    connections: Sequence[Connection]
    links: Sequence[ConsentLink]
    calendars: Sequence[Calendar]
    directions: Sequence[Direction]
    provider: str = ""


async def capabilities(services: Services, tenant: Tenant) -> dict[str, WhyNot | None]:
    """None: it can be used."""
    store = services.store
    found = await store.connections(tenant.id, limit=1000)
    known = Known(
        [one for one in found if alive(one.state)],
        await store.consent_links(tenant.id),
        [one for one in await store.calendars(tenant.id) if alive(one.state)],
        Document.from_json(tenant.policy).directions,
        tenant.provider,
    )
    return {name: judge(name, known) for name in NAMES}


def judge(name: str, known: Known) -> WhyNot | None:
    if is_other(known.provider):
        detail = f"{known.provider} is declared as active for this customer."
        return WhyNot(Reason.PROVIDER, "other-provider-active", detail)
    if name == BULK:
        return _bulk(known)
    if name == TEAMS:
        return _teams(known)
    return _feature(Feature(name), known)


def _feature(feature: Feature, known: Known) -> WhyNot | None:
    if _FORBIDS.get(feature, set()).issuperset(known.directions):
        return WhyNot(Reason.POLICY, _DIRECTIONS[known.directions[0]])
    if not known.connections:
        return _nobody(known.links)
    able = [one for one in known.connections if is_able(one, feature)]
    if not able:
        return _unable(feature, known.connections[0])
    return _all_shut(able)


def _nobody(links: Sequence[ConsentLink]) -> WhyNot:
    """Nobody has consented, or who wanted to was not allowed to."""
    if any(one.state is LinkState.WAITING for one in links):
        return WhyNot(Reason.ROLE, "admin-consent-required")
    return WhyNot(Reason.CONSENT, "consent-required")


def _unable(feature: Feature, connection: Connection) -> WhyNot:
    code = "scopes-missing" if was_asked_for(connection, feature) else "reach-too-narrow"
    detail = f"{TABLE[feature].cannot}: {why_not(connection, feature)}"
    return WhyNot(Reason.CONSENT, code, detail)


def _all_shut(connections: Sequence[Connection]) -> WhyNot | None:
    if any(one.state not in _SHUT for one in connections):
        return None
    return _because(connections[0].cause)


def _because(cause: str) -> WhyNot:
    if cause in CLOSED:
        return WhyNot(Reason.PLAN, cause)
    return WhyNot(Reason.CONSENT, cause_of(cause or "consent-required").code)


def _teams(known: Known) -> WhyNot | None:
    """Each mailbox has it or has it not; what counts here is whether any has."""
    if refused := _feature(Feature.WRITE, known):
        return refused
    if known.calendars and not any(one.has_teams for one in known.calendars):
        return WhyNot(Reason.PLAN, "teams-off")
    return None


def _bulk(known: Known) -> WhyNot | None:
    """Mailboxes are found in the organisation's directory."""
    whole = [one for one in known.connections if one.kind is ConnectionKind.ORGANISATION]
    if not whole:
        waits = any(one.state is LinkState.WAITING for one in known.links)
        return WhyNot(Reason.ROLE if waits else Reason.CONSENT, "organisation-not-connected")
    if not any(_reads_directory(one) for one in whole):
        return WhyNot(Reason.CONSENT, "scopes-missing", "User.Read.All was not granted.")
    return _all_shut(whole)


def _reads_directory(connection: Connection) -> bool:
    names = {"User.Read.All", "User.ReadBasic.All", "Directory.Read.All"}
    return not connection.granted or not names.isdisjoint(connection.granted)
