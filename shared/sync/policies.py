"""A tenant's policy document is applied, or looked at beforehand.

Applying stores it and has every calendar read anew, under the new document; that a worker or
this process dies in between costs no more than the time until the next round. Nothing is
written to Outlook by it, so nobody is mailed.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from shared.errors import Problem, Refused
from shared.policy.document import Document
from shared.policy.effects import Effect, effects, may_import
from shared.store.records import Calendar, Copy, Link, Origin, State, Tenant
from shared.store.store import Store
from shared.sync.wake import Wake


@dataclass(frozen=True, slots=True)
class Plan:
    """How many appointments each effect concerns, and how many calendars are read anew."""

    effects: Counter[Effect]
    calendars: int


async def apply(
    store: Store,
    wake: Wake,
    tenant: Tenant,
    document: Document,
    now: datetime,
    if_version: int | None = None,
) -> Tenant:
    """Raises Refused when the document is not at `if_version`. What is so already is not applied
    again, but for the calendars, which a process that died may not have come to.
    """
    current = Document.from_json(tenant.policy)
    if if_version is not None and if_version != current.version:
        detail = f"The policy is at version {current.version}; read it again before writing."
        raise Refused(Problem("version-conflict", detail, extra={"version": current.version}))
    if replace(document, version=current.version) != current:
        wanted = replace(document, version=current.version + 1)
        tenant = await store.put_tenant(replace(tenant, policy=wanted.to_json()))
    for calendar in await _synced(store, tenant.id):
        if calendar.policy_version != Document.from_json(tenant.policy).version:
            await wake.dirty(calendar.key, now)
    return tenant


async def _synced(store: Store, tenant: str) -> list[Calendar]:
    gone = {State.DISCONNECTING, State.DISCONNECTED}
    return [one for one in await store.calendars(tenant) if one.state not in gone]


async def plan(store: Store, tenant: Tenant, document: Document, now: datetime) -> Plan:
    current = Document.from_json(tenant.policy)
    calendars = await _synced(store, tenant.id)
    found: Counter[Effect] = Counter()
    for calendar in calendars:
        async for link in _links(store, calendar):
            found.update(_effects(link, current, document, now))
        if may_import(current.policy_for(), document.policy_for()):
            copies = await store.all_copies(calendar.key)
            found[Effect.MAY_IMPORT] += sum(_is_left_alone(copy) for copy in copies)
    return Plan(found, len(calendars))


def _is_left_alone(copy: Copy) -> bool:
    return not copy.organizer


async def _links(store: Store, calendar: Calendar) -> AsyncIterator[Link]:
    after = ""
    while links := await store.links(calendar.key, after):
        after = links[-1].appointment
        for link in links:
            yield link


def _effects(link: Link, was: Document, becomes: Document, now: datetime) -> list[Effect]:
    event = link.outlook or link.app
    if event is None:
        return []
    words = link.project, link.type
    return list(
        effects(
            event,
            was.policy_for(*words),
            becomes.policy_for(*words),
            now,
            own=link.origin is Origin.APP,
            first_only=link.first_only,
        )
    )
