"""The host app's side stands: what becomes of events that a held round deleted or changed. Pure.

Nobody is mailed about events that are written anew: they are written without attendees, which
the host app is told.
"""

from dataclasses import replace

from shared.calendar.event import Event
from shared.policy.policy import Direction
from shared.store.records import (
    Change,
    Kept,
    Link,
    Loss,
    Operation,
    OperationState,
    Origin,
    Pending,
    Settlement,
    Wish,
)
from shared.sync.case import Case, action
from shared.sync.decide import DeleteApp, Merge, WriteApp
from shared.sync.derived import receive
from shared.sync.keeping import Keeping
from shared.sync.report import UPDATED, appointment_change

OPERATOR = "operator"


def discarded(case: Case) -> Settlement | None:
    """In place of `receive`: what waits then is written by the next push. Where the policy
    writes nothing to Outlook there is no other side that could stand; of a derived link its home
    decides.
    """
    if case.policy.direction is Direction.TO_APP or case.link.home:
        return receive(case)
    match action(case):
        case DeleteApp():
            return _written_anew(case)
        case WriteApp() | Merge() if case.seen and case.seen.is_organizer:
            return _written_back(case)
        case _:
            return receive(case)


def _written_anew(case: Case) -> Settlement:
    was = case.link
    if was.app is None:
        raise ValueError("what the host app deleted is not written anew")
    link = replace(
        _received(case), app=without_attendees(was.app), status=was.status, is_organizer=True
    )
    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    if link.app != was.app:
        changes = (
            appointment_change(
                case.key, link, UPDATED, case.now, mailbox=case.mailbox, fields=("attendees",)
            ),
        )
        kept = _kept(case, link, Origin.APP, was.app)
    settlement = Settlement(link=link, event_was=was.event_id, changes=changes, kept=kept)
    return _waiting(case, settlement, link)


def _written_back(case: Case) -> Settlement:
    """Outlook's edit is known from now on, so that the host app's content is the newer one."""
    seen, was = case.seen, case.link
    if seen is None or seen.event is None:
        raise ValueError("what is gone cannot be written back")
    link = replace(_received(case), app=was.app, base=seen.event, status=was.status)
    kept = _kept(case, link, Origin.OUTLOOK, seen.event)
    return _waiting(case, Settlement(link=link, kept=kept), link)


def _received(case: Case) -> Link:
    """Outlook's side as it is by now, under the next version."""
    settlement = receive(case)
    link = settlement.link if settlement and settlement.link else case.link
    return replace(link, version=case.link.version + 1, changed=case.now)


def _waiting(case: Case, settlement: Settlement, link: Link) -> Settlement:
    """What is pending already says what the host app wants."""
    if case.pending is not None:
        return settlement
    pending = Pending(link.appointment, link.version, Wish.WRITE, case.now)
    operation = Operation(
        link.appointment, link.version, Wish.WRITE, OperationState.PENDING, case.now
    )
    return replace(settlement, keep=pending, operations=(operation,))


def _kept(case: Case, link: Link, side: Origin, before: Event) -> tuple[Kept, ...]:
    keeping = Keeping(link, case.policy, case.now)
    return keeping.of(side, before, Loss.OVERWRITTEN, OPERATOR)


def without_attendees(event: Event) -> Event:
    """Of a series, also its single dates."""
    series = event.series
    if series is not None:
        values = [
            replace(one, values=tuple(v for v in one.values if v[0] != "attendees"))
            for one in series.overrides
        ]
        series = replace(series, overrides=tuple(one for one in values if one.values))
    return replace(event, attendees=(), series=series)
