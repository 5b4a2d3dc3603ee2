"""The host app has a series go on as another appointment ("this and following").

Both halves are kept in one transaction, and each is then an ordinary pending write.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from shared.calendar.check import check
from shared.calendar.event import Event
from shared.calendar.split import split
from shared.errors import Contended, Problem, Refused
from shared.policy.document import Document
from shared.store.records import AppointmentStatus, CalendarKey, Link, Tenant
from shared.store.store import Store
from shared.sync.accept import ATTEMPTS, Accepted, begun, checked, last_operation, rewritten
from shared.sync.demand import Wanted
from shared.sync.direction import mute
from shared.sync.recurring import unheld
from shared.sync.wake import Wake


async def split_appointment(
    store: Store,
    wake: Wake,
    tenant: Tenant,
    appointment: str,
    day: date,
    following: str,
    wanted: Callable[[Link, Event], Wanted],
    now: datetime,
    if_version: int | None = None,
) -> tuple[Accepted, Accepted]:
    """What ended and what follows. `wanted` makes of the second half what the host app wants of
    it. Asked again it changes nothing. Raises Refused.
    """
    key = await store.located(tenant.id, appointment)
    if key is None:
        raise _unknown()
    await _claim(store, tenant.id, following, key)
    half = _Half(store, wake, tenant, key, appointment, day, following, wanted, now)
    for _ in range(ATTEMPTS):
        try:
            return await _split_before(store, key, appointment, following) or await _accept(
                half, if_version
            )
        except Contended:
            continue
    raise Contended(after=1, reason="too many writers of one appointment")


@dataclass(frozen=True, slots=True)
class _Half:
    """What is asked for, and of whom."""

    store: Store
    wake: Wake
    tenant: Tenant
    key: CalendarKey
    appointment: str
    day: date
    following: str
    wanted: Callable[[Link, Event], Wanted]
    now: datetime


async def _accept(half: _Half, if_version: int | None) -> tuple[Accepted, Accepted]:
    store, key, now = half.store, half.key, half.now
    link = await store.link(key, half.appointment)
    pending = await store.pending(key, half.appointment)
    if link is None or link.app is None:
        raise _unknown()
    head, tail = split(link.app, half.day)
    second = half.wanted(link, tail)
    document = Document.from_json(half.tenant.policy)
    _check(document, link, head, second)
    second = await checked(store, half.tenant.id, document, second)
    ended, write, operations = rewritten(link, pending, head, if_version, now)
    begins, first_write, first = begun(half.following, second, half.appointment, now)
    await half.wake.remember(key, now)
    await store.accept(key, ended, write, [*operations, *first], [(begins, first_write)])
    await half.wake.writer(key)
    created = Accepted(first[0], begins, created=True)
    return Accepted(operations[0], ended, created=False), created


async def _claim(store: Store, tenant: str, following: str, key: CalendarKey) -> None:
    if await store.claim(tenant, following, key) != key:
        raise _taken()


async def _split_before(
    store: Store, key: CalendarKey, appointment: str, following: str
) -> tuple[Accepted, Accepted] | None:
    """What an earlier request of the same kind came to."""
    second, first = await store.link(key, following), await store.link(key, appointment)
    if second is None:
        return None
    if first is None or second.follows != appointment:
        raise _taken()
    ended = Accepted(await last_operation(store, key, first), first, created=False)
    return ended, Accepted(await last_operation(store, key, second), second, created=False)


def _check(document: Document, link: Link, head: Event, second: Wanted) -> None:
    """What ends; of what follows no more than its status."""
    if AppointmentStatus.CANCELLED in {link.status, second.status}:
        raise Refused(Problem("invalid-request", "status must not be cancelled.", "/status"))
    policy = document.policy_for(link.project, link.type)
    for problem in (*check(head), mute(document, link), unheld(head, policy)):
        if problem:
            raise Refused(problem)


def _unknown() -> Refused:
    return Refused(Problem("appointment-unknown", "There is no appointment with this id."))


def _taken() -> Refused:
    return Refused(Problem("invalid-request", "id must be one that was never used.", "/id"))
