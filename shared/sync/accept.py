"""A wanted change comes in from the host app: checked, kept in one transaction, and queued.

After `put_appointment` or `delete_appointment` has returned, the change is not lost whatever
happens; what became of it is told by its operation. Both raise `Refused`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from shared.calendar.check import check
from shared.calendar.event import Event
from shared.calendar.series import normal
from shared.errors import Contended, Problem, Refused
from shared.people.names import with_names
from shared.policy.composing import composed
from shared.policy.document import Document
from shared.policy.lengths import length_warnings, with_length
from shared.store.records import (
    AppointmentStatus,
    CalendarKey,
    Link,
    Operation,
    OperationState,
    Pending,
    Tenant,
    Wish,
)
from shared.store.store import Store
from shared.sync.demand import Wanted, check_organizer, check_version, first, withdrawn, written
from shared.sync.direction import mute, muteness
from shared.sync.home import home_of, is_replaced, settled_home, synced
from shared.sync.reaching import check_writable
from shared.sync.recurring import unheld
from shared.sync.refusals import deletion_refusal, edit_refusal, late_refusal
from shared.sync.remembered import remembering
from shared.sync.report import warning_json
from shared.sync.view import in_view
from shared.sync.wake import Wake
from shared.telemetry import span, traceparent

# Two writers of one appointment at a time are common, ten in a row are a loop.
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Accepted:
    operation: Operation
    link: Link
    created: bool


@dataclass(frozen=True, slots=True)
class _Found:
    link: Link | None
    pending: Pending | None


@dataclass(frozen=True, slots=True)
class _Home:
    """`counted` is the version that counting goes on from. `deserted` is where the appointment
    was deleted that is to live here; `to`, as text, where one that lives here is to move;
    `connected` is when the calendar was.
    """

    key: CalendarKey
    counted: int = 0
    deserted: CalendarKey | None = None
    to: str = ""
    connected: datetime | None = None


async def put_appointment(
    store: Store, wake: Wake, tenant: Tenant, appointment: str, wanted: Wanted, now: datetime
) -> Accepted:
    document = Document.from_json(tenant.policy)
    wanted = await checked(store, tenant.id, document, wanted)
    for _ in range(ATTEMPTS):
        home = await _home(store, tenant, appointment, wanted.mailbox)
        if accepted := await _put(store, wake, document, home, appointment, wanted, now):
            return accepted
    raise Contended(after=1, reason="an appointment is moved again and again")


async def checked(store: Store, tenant: str, document: Document, wanted: Wanted) -> Wanted:
    """As it is to be kept. Raises Refused."""
    policy = document.policy_for(wanted.project, wanted.type)
    body = composed(wanted.event.body, wanted.prompts, wanted.notes, policy)
    event = replace(wanted.event, body=body)
    for problem in check(event):
        raise Refused(problem)
    if problem := muteness(document, wanted.project, wanted.type):
        raise Refused(problem)
    event = await with_names(store, tenant, normal(with_length(event, policy)))
    if problem := unheld(event, policy):
        raise Refused(problem)
    return replace(wanted, event=event, prompts=(), notes="")


async def _put(
    store: Store,
    wake: Wake,
    document: Document,
    home: _Home,
    appointment: str,
    wanted: Wanted,
    now: datetime,
) -> Accepted | None:
    policy = document.policy_for(wanted.project, wanted.type)

    def change(found: _Found) -> Link | None:
        if problem := _refusal(document, found.link, wanted, home.connected):
            raise Refused(problem)
        if found.link is None:
            link = first(appointment, wanted, home.counted + 1, now)
        else:
            link = written(found.link, found.pending, wanted, now, home.counted, home.to)
        return link and in_view(link, policy, now)

    wish = Wish.MOVE if home.to else Wish.WRITE
    if wanted.status is AppointmentStatus.CANCELLED:
        wish = Wish.CANCEL
    warnings = tuple(warning_json(warning) for warning in length_warnings(wanted.event))
    order = _Order(wish, now, to=home.to, warnings=warnings)
    accepted = await _accept(store, wake, home.key, appointment, change, order)
    if accepted and home.deserted:
        await store.move_claim(home.key.tenant, appointment, home.deserted, home.key)
    return accepted


async def delete_appointment(
    store: Store,
    wake: Wake,
    tenant: Tenant,
    appointment: str,
    *,
    now: datetime,
    cancel: bool = False,
    comment: str = "",
    if_version: int | None = None,
) -> Accepted:
    document = Document.from_json(tenant.policy)

    def change(found: _Found) -> Link | None:
        link = found.link
        if link and (problem := mute(document, link) or deletion_refusal(link)):
            raise Refused(problem)
        return withdrawn(found.link, if_version, now, cancel=cancel)

    order = _Order(Wish.CANCEL if cancel else Wish.DELETE, now, comment)
    for _ in range(ATTEMPTS):
        key = await _known_home(store, tenant, appointment)
        if accepted := await _accept(store, wake, key, appointment, change, order):
            return accepted
    raise Contended(after=1, reason="an appointment is moved again and again")


async def _known_home(store: Store, tenant: Tenant, appointment: str) -> CalendarKey:
    key = await home_of(store, tenant.id, appointment)
    if key is None:
        raise Refused(Problem("appointment-unknown", "There is no appointment with this id."))
    calendar = await synced(store, key)
    if calendar is None:
        raise Refused(
            Problem("mailbox-not-connected", "The mailbox of this appointment is not connected.")
        )
    check_writable(calendar)
    return key


def _refusal(
    document: Document, link: Link | None, wanted: Wanted, connected: datetime | None
) -> Problem | None:
    policy = document.policy_for(wanted.project, wanted.type)
    if link is None or not link.event_id:
        return late_refusal(wanted.event, policy, connected)
    was = document.policy_for(link.project, link.type)
    return edit_refusal(link, wanted.event, (was, policy))


@dataclass(frozen=True, slots=True)
class _Order:
    wish: Wish
    now: datetime
    comment: str = ""
    to: str = ""
    warnings: tuple[dict[str, Any], ...] = ()


async def _accept(
    store: Store,
    wake: Wake,
    key: CalendarKey,
    appointment: str,
    change: Callable[[_Found], Link | None],
    order: _Order,
) -> Accepted | None:
    """None when the appointment has moved away meanwhile."""
    for _ in range(ATTEMPTS):
        found = _Found(await store.link(key, appointment), await store.pending(key, appointment))
        if found.link and found.link.home:
            if await store.located(key.tenant, appointment) == key:
                return None
            await wake.dirty(key, order.now)
            found = replace(found, link=settled_home(found.link))
        link = change(found)
        if link is None and found.link is not None:
            last = await last_operation(store, key, found.link)
            if last.state is not OperationState.REFUSED:
                return Accepted(last, found.link, created=False)
            link = replace(found.link, version=found.link.version + 1, changed=order.now)
        if link is None:
            raise RuntimeError("an appointment without a link cannot be unchanged")
        pending, operations = _queued(found, link, order)
        await wake.remember(key, order.now)
        try:
            with span("accept", tenant=key.tenant, appointment=appointment):
                traced = replace(pending, traceparent=traceparent())
                await store.accept(key, link, traced, operations)
        except Contended:
            continue
        await wake.writer(key)
        return Accepted(operations[0], link, created=found.link is None)
    raise Contended(after=1, reason="too many writers of one appointment")


async def _home(store: Store, tenant: Tenant, appointment: str, mailbox: str) -> _Home:
    """Where the appointment lives, or will: the calendar of `mailbox`."""
    key = await store.calendar_at(tenant.id, mailbox)
    calendar = await synced(store, key) if key else None
    if key is None or calendar is None:
        raise Refused(
            Problem(
                "mailbox-not-connected",
                "No calendar of this mailbox is connected; make a consent link for it first.",
                "/mailbox",
            )
        )
    check_writable(calendar)
    claimed = await store.claim(tenant.id, appointment, key)
    home = await home_of(store, tenant.id, appointment) or claimed
    if home == key:
        return _Home(key, connected=calendar.connected)
    found = await _moving(store, appointment, home, key)
    found = replace(found, connected=calendar.connected)
    return found if found.to else replace(found, deserted=claimed)


async def _moving(store: Store, appointment: str, home: CalendarKey, key: CalendarKey) -> _Home:
    """The claim follows once the change is accepted, so that a crash between the two loses
    neither the place nor the count.
    """
    left = await store.link(home, appointment)
    is_there = left is not None and (left.app is not None or bool(left.event_id))
    if not is_there and await store.pending(home, appointment) is None:
        return _Home(key, left.version if left else 0, deserted=home)
    elsewhere = await synced(store, home)
    if elsewhere is None and await is_replaced(store, home):
        return _Home(key, left.version if left else 0, deserted=home)
    if elsewhere is None:
        raise Refused(
            Problem(
                "appointment-elsewhere",
                "This appointment lives in a mailbox that is not connected any more, so that "
                "nothing can be deleted there; give it a new id.",
                "/mailbox",
            )
        )
    check_writable(elsewhere)
    return _Home(home, to=str(key))


def _queued(found: _Found, link: Link, order: _Order) -> tuple[Pending, list[Operation]]:
    """The pending change, which remembers what the one it replaces may have written."""
    pending = Pending(
        link.appointment,
        link.version,
        order.wish,
        order.now,
        comment=order.comment,
        to=order.to,
        warnings=order.warnings,
    )
    operation = Operation(
        link.appointment,
        link.version,
        order.wish,
        OperationState.PENDING,
        order.now,
        warnings=order.warnings,
    )
    old = found.pending
    pending = remembering(pending, old, found.link)
    if old is None or old.silent:
        return pending, [operation]
    superseded = Operation(
        old.appointment, old.version, old.wish, OperationState.SUPERSEDED, old.accepted, order.now
    )
    return pending, [operation, superseded]


async def last_operation(store: Store, key: CalendarKey, link: Link) -> Operation:
    """The outcome for who asks for what is so already; a refused one may be asked for again."""
    last = await store.operation(key, link.appointment, link.version)
    when = link.changed or datetime.fromtimestamp(0, UTC)
    return last or Operation(
        link.appointment, link.version, Wish.WRITE, OperationState.APPLIED, when, when
    )


def rewritten(
    link: Link, pending: Pending | None, event: Event, if_version: int | None, now: datetime
) -> tuple[Link, Pending, list[Operation]]:
    """What is to be kept for other content of an appointment. Raises Refused."""
    check_version(link, if_version)
    check_organizer(link)
    link = replace(link, version=link.version + 1, app=event, changed=now)
    return link, *_queued(_Found(link, pending), link, _Order(Wish.WRITE, now))


def begun(
    appointment: str, wanted: Wanted, follows: str, now: datetime
) -> tuple[Link, Pending, list[Operation]]:
    """The same for an appointment that never was."""
    link = replace(first(appointment, wanted, 1, now), follows=follows)
    return link, *_queued(_Found(None, None), link, _Order(Wish.WRITE, now))
