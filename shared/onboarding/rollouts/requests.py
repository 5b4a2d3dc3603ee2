"""What the host app may ask of a rollout."""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.errors import Contended, Problem, Reconnect, Refused
from shared.onboarding.calendars import organisation
from shared.onboarding.connections import ATTEMPTS
from shared.onboarding.rollouts.rows import MOST_NEW, found, moved, rows_in
from shared.onboarding.rollouts.telling import in_state, name_of, tell_new
from shared.services import Services
from shared.store.keys import hashed
from shared.store.parallel import gathered
from shared.store.records import (
    CalendarKey,
    Connection,
    Due,
    DueKind,
    Move,
    Rollout,
    RolloutSource,
    RolloutState,
    Stage,
    Tenant,
)
from shared.sync.wake import CONNECT, GRACE

FATES = ("imported", "left_alone", "left_out")
WRITES = ("create", "update", "delete", "cancel", "move", "spread")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of a source only its own fields are set: `group`, or `mailboxes`."""

    source: RolloutSource
    group: str = ""
    mailboxes: Sequence[str] = ()
    ring: str = ""
    dry: bool = False
    follow: bool = True
    time_zone: str = ""


async def begin(services: Services, tenant: Tenant, wanted: Wanted) -> Rollout:
    """Raises Refused where the organisation has not consented, or there is no such group."""
    connection = await organisation(services, tenant)
    if wanted.source is RolloutSource.GROUP:
        await _check_group(services, connection, wanted.group)
    fresh = _fresh(services, connection, wanted)
    await remember(services, fresh)
    rollout = await services.store.put_rollout(fresh)
    if wanted.source is RolloutSource.LIST:
        rollout = await _listed(services, rollout, wanted.mailboxes)
    await tell_new(services, rollout)
    await wake(services, rollout)
    return rollout


async def _check_group(services: Services, connection: Connection, group: str) -> None:
    try:
        page = await services.graph.directory.members(connection, group)
    except Reconnect as error:
        raise Refused(Problem(error.cause, pointer="/source/group")) from error
    if page is None:
        raise Refused(Problem("group-unknown", pointer="/source/group"))


def _fresh(services: Services, connection: Connection, wanted: Wanted) -> Rollout:
    now = services.clock()
    return Rollout(
        id=f"{now:%Y%m%d}-{secrets.token_hex(6)}",
        tenant=connection.tenant,
        connection=connection.id,
        source=wanted.source,
        state=RolloutState.CREATED,
        since=now,
        created=now,
        group=wanted.group,
        ring=wanted.ring,
        dry=wanted.dry,
        follow=wanted.follow,
        time_zone=wanted.time_zone,
        listing=wanted.source is not RolloutSource.LIST,
    )


async def _listed(services: Services, rollout: Rollout, names: Sequence[str]) -> Rollout:
    """A name is kept under its hash until it is known whose it is."""
    now = services.clock()
    wanted = {hashed(name.lower()): name for name in names}
    rows = (replace(found(rollout, one, now), name=name) for one, name in wanted.items())
    rollout = await moved(services.store, rollout, (Move(None, row) for row in rows), MOST_NEW)
    return await services.store.put_rollout(replace(rollout, listed=now))


async def remember(services: Services, rollout: Rollout) -> None:
    """To be called before it is stored, so that no stored rollout is ever unknown."""
    due = Due(DueKind.ROLLOUT, services.clock() + GRACE, name_of(rollout))
    await services.store.remind(due)


async def wake(services: Services, rollout: Rollout) -> None:
    await remember(services, rollout)
    await services.queues.send(CONNECT, name_of(rollout))


async def get(services: Services, tenant: Tenant, rollout: str) -> Rollout:
    found_one = await services.store.rollout(tenant.id, rollout)
    if found_one is None:
        raise Refused(Problem("rollout-unknown"))
    return found_one


async def pause(services: Services, tenant: Tenant, rollout: str) -> Rollout:
    """What is on its way arrives; nothing else sets out."""
    return await _into(services, tenant, rollout, RolloutState.PAUSED)


async def cancel(services: Services, tenant: Tenant, rollout: str) -> Rollout:
    """For good. What is connected stays so."""
    return await _into(services, tenant, rollout, RolloutState.CANCELLED)


async def resume(services: Services, tenant: Tenant, rollout: str) -> Rollout:
    before = await get(services, tenant, rollout)
    if before.state not in {RolloutState.PAUSED, RolloutState.CANCELLED}:
        return before
    return await _into(services, tenant, rollout, _working(before))


async def go_live(services: Services, tenant: Tenant, rollout: str) -> Rollout:
    """What a dry rollout has connected is read again in earnest, and what waited is written."""
    for _ in range(ATTEMPTS):
        before = await get(services, tenant, rollout)
        if not before.dry:
            return before
        try:
            after = await services.store.put_rollout(_live(before, services.clock()))
        except Contended:
            continue
        await wake(services, after)
        return after
    raise Contended(after=1, reason="the rollout is changed faster than it is saved")


def _live(rollout: Rollout, now: datetime) -> Rollout:
    return replace(rollout, dry=False, lifting=True, done=None, moved=now, next_pass=None)


async def _into(services: Services, tenant: Tenant, rollout: str, state: RolloutState) -> Rollout:
    for _ in range(ATTEMPTS):
        before = await get(services, tenant, rollout)
        if before.state is RolloutState.CANCELLED and state is not before.state:
            raise Refused(Problem("rollout-cancelled"))
        try:
            after = await in_state(services, replace(before, next_pass=None), state)
        except Contended:
            continue
        await wake(services, after)
        return after
    raise Contended(after=1, reason="the rollout is changed faster than it is saved")


def _working(rollout: Rollout) -> RolloutState:
    if rollout.done is not None:
        return RolloutState.DONE
    return RolloutState.DISCOVERING if rollout.listing else RolloutState.CONNECTING


async def rehearsal(services: Services, tenant: Tenant, rollout: str) -> dict[str, Any]:
    """What a dry rollout would do if it went live now, over all calendars that it has read."""
    found_one = await get(services, tenant, rollout)
    rows = [row async for row in rows_in(services.store, found_one, Stage.LIVE) if row.dry]
    calendars = await gathered(
        services.store.calendar(CalendarKey(tenant.id, row.id)) for row in rows
    )
    dry = [calendar for calendar in calendars if calendar and calendar.dry]
    total = sum((Counter(calendar.rehearsed) for calendar in dry), Counter[str]())
    return {
        "rollout": found_one.id,
        "calendars": len(dry),
        "events": {name: total[f"events.{name}"] for name in FATES},
        "writes": {name: total[f"writes.{name}"] for name in WRITES},
        "mails": total["mails"],
        "people": total["people"],
    }
