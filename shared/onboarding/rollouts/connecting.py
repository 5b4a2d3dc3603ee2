"""Mailboxes that are reachable become calendars, a bounded number at a time."""

from dataclasses import replace
from datetime import datetime

from shared.errors import Refused, TryAgain
from shared.graph.classing import Sighting
from shared.graph.seen import Person
from shared.onboarding.calendars import connect_calendar
from shared.onboarding.rollouts.leaving import let_go
from shared.onboarding.rollouts.looking import look
from shared.onboarding.rollouts.rows import moved, to_stage
from shared.onboarding.rollouts.verdicts import is_wanted, look_again_at
from shared.services import Services
from shared.store.parallel import gathered
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    MailboxClass,
    Move,
    Rollout,
    RolloutMailbox,
    Stage,
    State,
    Tenant,
)

# Calendars on their way at a time. Each costs one write of a subscription, of which Graph allows
# an app 500 in 20 seconds for a tenant; passes are two seconds apart.
IN_FLIGHT = 40
LOOKS = 100
IN_BATCH = 20
# Calendars that wait for a person, read again for as long as a rollout is at work.
FEW_FAILED = 40
UNDER_WAY = frozenset({State.PROVISIONING, State.CONSENT_PENDING, State.NOT_CONNECTED})


async def look_at_found(services: Services, connection: Connection, rollout: Rollout) -> Rollout:
    """Those whose turn it is, up to a hundred."""
    now = services.clock()
    rows = await services.store.rollout_mailboxes(rollout, Stage.FOUND, limit=1000)
    ready = [row for row in rows if row.look_at is None or row.look_at <= now][:LOOKS]
    for start in range(0, len(ready), IN_BATCH):
        lot = ready[start : start + IN_BATCH]
        rollout = await _look(services, connection, rollout, lot)
    return rollout


async def _look(
    services: Services, connection: Connection, rollout: Rollout, rows: list[RolloutMailbox]
) -> Rollout:
    """A list may name one mailbox twice; it is kept under the id of its owner."""
    sightings = await look(services.graph.directory, connection, rows)
    seen = [_seen(row, sightings[row.id], services.clock()) for row in rows]
    is_renamed = any(row.id != now.id for row, now in zip(rows, seen, strict=True))
    taken = await services.store.rollout_stages(rollout) if is_renamed else {}
    moves: list[Move] = []
    for row, known in zip(rows, seen, strict=True):
        if row.id != known.id and known.id in taken:
            moves.append(Move(row, None))
            continue
        taken[known.id] = stage = await _stage(services, rollout, known)
        moves.append(Move(row, replace(known, stage=stage)))
    return await moved(services.store, rollout, moves)


def _seen(row: RolloutMailbox, seen: Sighting, now: datetime) -> RolloutMailbox:
    tries = row.tries + 1
    known = replace(
        row,
        kind=seen.kind,
        problem=seen.problem,
        tries=tries,
        look_at=look_again_at(seen, tries, now),
        since=now,
    )
    if (person := seen.person) is None:
        return known
    return replace(
        known,
        id=person.user_id,
        address=person.address,
        display_name=person.display_name,
        aliases=person.aliases,
    )


async def _stage(services: Services, rollout: Rollout, seen: RolloutMailbox) -> Stage:
    if seen.look_at is not None:
        return Stage.FOUND
    if is_wanted(seen.kind, rollout.source):
        return Stage.WAITING
    if seen.kind is not MailboxClass.TROUBLE and await let_go(
        services, rollout, seen, seen.problem
    ):
        return Stage.LEFT
    return Stage.UNREACHABLE


async def count_arrived(services: Services, rollout: Rollout) -> tuple[Rollout, int]:
    """By what their rows say; with it how many are still on their way."""
    store, now = services.store, services.clock()
    rows = await store.rollout_mailboxes(rollout, Stage.CONNECTING, limit=1000)
    rows += await store.rollout_mailboxes(rollout, Stage.FAILED, limit=FEW_FAILED)
    calendars = await gathered(store.calendar(CalendarKey(rollout.tenant, row.id)) for row in rows)
    stages = [_arrived(calendar) for calendar in calendars]
    moves = [
        to_stage(row, stage, now, problem=calendar.cause if calendar else "")
        for row, calendar, stage in zip(rows, calendars, stages, strict=True)
        if stage is not row.stage
    ]
    return await moved(store, rollout, moves), stages.count(Stage.CONNECTING)


def _arrived(calendar: Calendar | None) -> Stage:
    match calendar and calendar.state:
        case None:
            return Stage.WAITING
        case State.ACTION_REQUIRED:
            return Stage.FAILED
        case State.DISCONNECTING | State.DISCONNECTED:
            return Stage.LEFT
        case state if state in UNDER_WAY:
            return Stage.CONNECTING
        case _:
            return Stage.LIVE


async def connect_waiting(
    services: Services, tenant: Tenant, connection: Connection, rollout: Rollout, most: int
) -> Rollout:
    if most <= 0:
        return rollout
    rows = await services.store.rollout_mailboxes(rollout, Stage.WAITING, limit=most)
    moves = await gathered(_connect(services, tenant, connection, rollout, row) for row in rows)
    rollout = await moved(services.store, rollout, [one for one in moves if one])
    if late := next((row for row, one in zip(rows, moves, strict=True) if one is None), None):
        raise TryAgain(after=5, reason=f"a calendar of {late.rollout} cannot be stored yet")
    return rollout


async def _connect(
    services: Services,
    tenant: Tenant,
    connection: Connection,
    rollout: Rollout,
    row: RolloutMailbox,
) -> Move | None:
    """None where it is to be tried again, which keeps no other from being connected."""
    person = Person(row.id, row.address, "", row.display_name, row.aliases)
    now = services.clock()
    try:
        await connect_calendar(
            services, tenant, connection, person, rollout.time_zone, dry=rollout.dry
        )
    except Refused as refused:
        kind, code = MailboxClass.ELSEWHERE, refused.problem.code
        return to_stage(row, Stage.UNREACHABLE, now, kind=kind, problem=code)
    except TryAgain:
        return None
    return to_stage(row, Stage.CONNECTING, now, problem="", dry=rollout.dry)
