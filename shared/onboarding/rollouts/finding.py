"""Who is to be connected: the directory read page by page, and compared with who is known.

The first reading finds everybody; later ones find who came, and who is to be looked at again. By
delta that is who changed; a group, and a directory whose delta link is lost, is listed as a whole
and compared.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from shared.errors import Reconnect, Resync
from shared.graph.directory import DENIED, People
from shared.onboarding.rollouts.leaving import let_go
from shared.onboarding.rollouts.rows import (
    MOST_NEW,
    found,
    moved,
    rows_in,
    to_look_at,
    to_stage,
)
from shared.services import Services
from shared.store.records import (
    Connection,
    MailboxClass,
    Move,
    Rollout,
    RolloutSource,
    Stage,
)

# What the directory tells by itself when it changes is not looked at every day.
LASTING = frozenset(
    {MailboxClass.GUEST, MailboxClass.SHARED, MailboxClass.ROOM, MailboxClass.EQUIPMENT}
)
AT_REST = (Stage.LIVE, Stage.FAILED, Stage.UNREACHABLE, Stage.LEFT)
LEFT_GROUP = "left-group"


@dataclass
class Reading:
    """`whole`: it lists everybody, so that who is not in it has gone; only then does it have to
    be read in one go, because of who has been `seen`.
    """

    services: Services
    connection: Connection
    rollout: Rollout
    known: dict[str, Stage]
    whole: bool
    seen: set[str] = field(default_factory=set[str])

    @property
    def is_first(self) -> bool:
        return self.rollout.listed is None


async def find(services: Services, connection: Connection, rollout: Rollout) -> Rollout:
    """Reads the directory to its end. Everybody found is stored at once, so that after a crash
    no more than the reading is done again.
    """
    link = rollout.cursor or rollout.delta_link
    known = await services.store.rollout_stages(rollout)
    reading = Reading(services, connection, rollout, known, whole=not link)
    while True:
        page = await _page(reading, link)
        if page is None:
            reading.whole, link = True, ""
            continue
        await _take(reading, page)
        link = page.next_link
        if not link:
            return await _ended(reading, page)
        if reading.is_first or not reading.whole:
            reading.rollout = await services.store.put_rollout(
                replace(reading.rollout, cursor=link)
            )


async def _page(reading: Reading, link: str) -> People | None:
    """None where the link is dead, and the reading begins anew."""
    directory, rollout = reading.services.graph.directory, reading.rollout
    try:
        if rollout.source is not RolloutSource.GROUP:
            return await directory.everybody(reading.connection, link)
        page = await directory.members(reading.connection, rollout.group, link)
    except Resync:
        if not link:
            raise Reconnect(DENIED) from None
        return None
    if page is None:
        raise Reconnect("group-unknown")
    return page


async def _take(reading: Reading, page: People) -> None:
    reading.seen.update(page.ids)
    now = reading.services.clock()
    new = [one for one in dict.fromkeys(page.ids) if one not in reading.known]
    come = (Move(None, found(reading.rollout, one, now)) for one in new)
    reading.rollout = await moved(reading.services.store, reading.rollout, come, MOST_NEW)
    reading.known |= dict.fromkeys(new, Stage.FOUND)
    if not reading.is_first:
        await _look_again(reading, _told(reading, page))


def _told(reading: Reading, page: People) -> set[str]:
    """Of whom something may have changed: by delta of all that it names, in a whole listing of
    those who are switched off or were not there before.
    """
    back = {one for one in page.ids if reading.known.get(one) is Stage.LEFT}
    told = {*page.off, *back} if reading.whole else {*page.ids, *page.gone}
    return told & reading.known.keys()


async def _look_again(reading: Reading, ids: AbstractSet[str]) -> None:
    store, now = reading.services.store, reading.services.clock()
    for stage in AT_REST:
        if any(reading.known[one] is stage for one in ids):
            rows = [r async for r in rows_in(store, reading.rollout, stage) if r.id in ids]
            moves = [to_look_at(row, now) for row in rows]
            reading.rollout = await moved(store, reading.rollout, moves)
    reading.known |= dict.fromkeys(ids, Stage.FOUND)


async def _ended(reading: Reading, last: People) -> Rollout:
    if not reading.is_first:
        await _look_at_troubled(reading)
        if reading.whole:
            await _gone(reading)
    return await reading.services.store.put_rollout(
        replace(
            reading.rollout,
            listing=False,
            cursor="",
            delta_link=last.delta_link,
            listed=reading.services.clock(),
        )
    )


async def _look_at_troubled(reading: Reading) -> None:
    """Nobody tells that a mailbox has moved, or that a policy lets us in."""
    store, now = reading.services.store, reading.services.clock()
    rows = [
        row
        async for row in rows_in(store, reading.rollout, Stage.UNREACHABLE)
        if row.kind not in LASTING
    ]
    reading.rollout = await moved(store, reading.rollout, [to_look_at(row, now) for row in rows])


async def _gone(reading: Reading) -> None:
    """Known, and not in a whole listing. Who has left a group may be there all the same, so that
    a look at the mailbox would say nothing.
    """
    store, now = reading.services.store, reading.services.clock()
    missing = {one for one in reading.known if one not in reading.seen}
    if reading.rollout.source is not RolloutSource.GROUP:
        return await _look_again(reading, missing)
    for stage in (Stage.FOUND, Stage.WAITING, Stage.CONNECTING, *AT_REST[:-1]):
        rows = [r async for r in rows_in(store, reading.rollout, stage) if r.id in missing]
        for row in rows:
            await let_go(reading.services, reading.rollout, row, LEFT_GROUP)
        moves = [to_stage(row, Stage.LEFT, now, problem=LEFT_GROUP) for row in rows]
        reading.rollout = await moved(store, reading.rollout, moves)
    return None
