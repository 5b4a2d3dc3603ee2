"""What Outlook shows of a linked event, turned into what settles it. Pure.

`receive` says which rows agree with what `decide` decides of a `Case`. Nothing here writes to
Outlook: what Outlook still lacks stays pending.
"""

from dataclasses import replace
from datetime import datetime

from shared.calendar.digest import (
    differing,
    field_digest,
    responses,
    same_field,
    with_responses,
)
from shared.calendar.event import FIELDS, Event
from shared.errors import Problem
from shared.graph.seen import Kind, Seen
from shared.policy.policy import Deletion, Policy
from shared.store.records import (
    AppointmentStatus,
    Change,
    Copy,
    Link,
    Loss,
    Operation,
    OperationState,
    Origin,
    Pending,
    Settlement,
    Wish,
)
from shared.sync.case import Case, action, app_side, oversteps
from shared.sync.conference import join_url_for_app, join_url_of, news_of_joining
from shared.sync.decide import (
    Changed,
    DeleteApp,
    DeleteOutlook,
    Forget,
    Gone,
    Merge,
    Nothing,
    Report,
    WriteApp,
    WriteOutlook,
)
from shared.sync.guard import will_mail
from shared.sync.keeping import Keeping
from shared.sync.merge import Conflict, merge, with_winner
from shared.sync.report import (
    CANCELLED,
    CREATED,
    DELETED,
    DETACHED,
    OVERRULED_EDIT,
    UPDATED,
    appointment_change,
    outcome,
    warning_json,
)
from shared.sync.series_parts import agreed_series
from shared.sync.series_window import marks_of
from shared.sync.view import seen_in_view

RESPONSES = "responses"


def receive(case: Case) -> Settlement | None:
    """The rows that settle the case; None where they are right as they are."""
    settlement = _received(case)
    return settlement and seen_in_view(settlement, case.policy, case.now)


def _received(case: Case) -> Settlement | None:
    match action(case):
        case WriteOutlook() if oversteps(case):
            return _merged(case)
        case Nothing() | WriteOutlook():
            return _noted(case)
        case DeleteOutlook(report=report):
            return _deletable(case, report)
        case WriteApp() | Merge():
            return _written(case)
        case DeleteApp():
            return _deleted(case)
        case Forget():
            return _forgotten(case)


def imported(case: Case) -> Settlement:
    """A new Outlook event becomes an appointment; `case.link` holds its id and status."""
    if case.seen is None or case.seen.event is None:
        raise ValueError("only an event that was seen can be imported")
    link = replace(shown_link(case.link, case.seen), app=case.seen.event, base=case.seen.event)
    link = replace(link, version=link.version + 1, changed=case.now)
    settlement = Settlement(link=link, changes=(_change(case, link, CREATED),))
    return seen_in_view(settlement, case.policy, case.now)


def let_go(case: Case, seen: Seen) -> Settlement:
    """The meeting is linked in its organiser's calendar from now on."""
    link = replace(_parted(case.link), app=None, version=case.link.version + 1, changed=case.now)
    return Settlement(
        link=link,
        event_was=case.link.event_id,
        copy=Copy(seen.event_id, seen.ical_uid, seen.organizer, seen.etag),
        changes=(_change(case, link, DELETED),),
    )


def _noted(case: Case) -> Settlement | None:
    """Nothing for the host app but the answers of attendees; the etag is remembered."""
    seen, link = case.seen, case.link
    if seen is not None and seen.is_unreadable:
        return None
    if seen is None or seen.event is None:
        return Settlement(link=_parted(link), event_was=link.event_id) if link.event_id else None
    if case.pending is not None and _is_applied(case, seen.event):
        return _applied(case, seen, seen.event)
    known = shown_link(link, seen)
    if case.pending is not None and link.outlook != known.outlook:
        known = replace(known, base=known.base or seen.event)
    settlement = _with_answers(case, known, seen.event, news_of_joining(link, known))
    return settlement if settlement.link != link else None


def _with_answers(case: Case, link: Link, shown: Event, news: tuple[str, ...] = ()) -> Settlement:
    """The link, and the answers of attendees if the host app has not got them, and other news."""
    app = _answered(link.app, shown) if link.app else None
    fields = (*news, *((RESPONSES,) if app != link.app else ()))
    if not fields:
        return Settlement(link=link)
    link = replace(link, app=app, version=link.version + 1, changed=case.now)
    return Settlement(link=link, changes=(_change(case, link, UPDATED, fields=fields),))


def _deletable(case: Case, report: Report | None) -> Settlement | None:
    if case.seen is None:
        return _forgotten(case)
    return _warned(case) if report else _noted(case)


def _warned(case: Case) -> Settlement | None:
    """What Outlook edited goes with the event; the deletion's outcome will say so."""
    settlement = _noted(case)
    if settlement is None or case.pending is None or case.seen is None or not case.seen.event:
        return settlement
    edited = differing(case.link.outlook or case.seen.event, case.seen.event)
    problem = Problem(OVERRULED_EDIT, f"Edited in Outlook, and deleted: {', '.join(edited)}.")
    warnings = (*case.pending.warnings, warning_json(problem))
    keeping = Keeping(settlement.link or case.link, case.policy, case.now)
    return replace(
        settlement,
        keep=replace(case.pending, warnings=warnings),
        kept=keeping.of(Origin.OUTLOOK, case.seen.event, Loss.DELETED),
    )


def _is_applied(case: Case, shown: Event) -> bool:
    """A write whose answer was lost did happen."""
    return isinstance(app_side(case), Changed) and not differing(shown, _wanted(case))


def _wanted(case: Case) -> Event:
    if case.link.app is None:
        raise ValueError("a deleted appointment wants no content")
    return case.link.app


def _applied(case: Case, seen: Seen, shown: Event) -> Settlement:
    mailed = case.now if will_mail(case.link, case.policy) else case.link.mailed
    link = replace(shown_link(case.link, seen), base=case.link.app, mailed=mailed)
    return _finished(case, _with_answers(case, link, shown))


def _finished(case: Case, settlement: Settlement, problem: Problem | None = None) -> Settlement:
    """Ends the pending operation with its outcome; what moves does not end where it was."""
    if case.pending is None or (case.pending.wish is Wish.MOVE and problem is None):
        return settlement
    if case.pending.silent:
        return replace(settlement, done=case.pending)
    done = ended(case.pending, case.now, problem)
    url = join_url_for_app(settlement.link) if settlement.link else ""
    return replace(
        settlement,
        done=case.pending,
        operations=(done,),
        changes=(*settlement.changes, outcome(case.key, done, case.now, url)),
    )


def ended(
    pending: Pending,
    now: datetime,
    problem: Problem | None = None,
    warnings: tuple[Problem, ...] = (),
) -> Operation:
    """With the warnings it was accepted with, and those of its doing."""
    detail = {"code": problem.code, "detail": problem.detail} if problem else None
    return Operation(
        pending.appointment,
        pending.version,
        pending.wish,
        OperationState.REFUSED if problem else OperationState.APPLIED,
        pending.accepted,
        now,
        detail,
        (*pending.warnings, *(warning_json(warning) for warning in warnings)),
    )


def shown_link(link: Link, seen: Seen) -> Link:
    """The link with Outlook's side as it was seen."""
    return replace(
        link,
        outlook=seen.event,
        event_id=seen.event_id,
        outlook_etag=seen.etag,
        exceptions=marks_of(seen),
        ical_uid=seen.ical_uid or link.ical_uid,
        organizer=seen.organizer or link.organizer,
        is_organizer=seen.is_organizer,
        join_url=join_url_of(seen),
        markup=seen.around,
        first_only=seen.kind is Kind.MASTER and seen.event is not None and not seen.event.series,
    )


def _answered(event: Event, shown: Event) -> Event:
    return replace(event, attendees=with_responses(event.attendees, responses(shown)))


def _change(
    case: Case, link: Link, kind: str, *, fields: tuple[str, ...] = (), overruled: str = ""
) -> Change:
    return appointment_change(
        case.key,
        link,
        kind,
        case.now,
        mailbox=case.mailbox,
        fields=fields,
        overruled=overruled,
        before=case.link.app,
    )


def _written(case: Case) -> Settlement:
    """Outlook changed, whatever the app did; if it deleted, it is overruled."""
    seen = case.seen
    if seen is None or seen.event is None:
        raise ValueError("what is gone cannot be written to the app")
    if isinstance(app_side(case), Gone):
        return _overruled_deletion(case, seen)
    return _merged(case)


def _overruled_deletion(case: Case, seen: Seen) -> Settlement:
    link = replace(
        shown_link(case.link, seen),
        app=seen.event,
        base=seen.event,
        status=AppointmentStatus.CONFIRMED,
        version=case.link.version + 1,
        changed=case.now,
    )
    change = _change(case, link, UPDATED, overruled="deletion")
    problem = Problem(
        "changed-in-outlook", "Somebody changed the meeting in Outlook, so it was not deleted."
    )
    return _finished(case, Settlement(link=link, changes=(change,)), problem)


def _merged(case: Case) -> Settlement:
    """Field by field. What Outlook lacks of it stays pending."""
    seen, link = case.seen, case.link
    if seen is None or seen.event is None or link.app is None:
        raise ValueError("merging needs both sides")
    merged = merge(_agreed(case, seen.event), seen.event, link.app, _policy(case, seen))
    shown = shown_link(link, seen)
    base = replace(merged.event, **{f: getattr(seen.event, f) for f in merged.outlook_needs})
    shown = replace(shown, app=merged.event, base=base)
    news = merged.app_needs or (
        (RESPONSES,) if responses(merged.event) != responses(link.app) else ()
    )
    news = news or news_of_joining(link, shown)
    if news or merged.conflicts:
        shown = replace(shown, version=link.version + 1, changed=case.now)
    settlement = Settlement(
        link=shown,
        changes=_told(case, shown, news, merged.conflicts),
        kept=Keeping(shown, case.policy, case.now).merged(link.app, seen.event, merged),
    )
    if merged.outlook_needs or case.pending is None:
        return settlement
    return _finished(case, settlement)


def _policy(case: Case, seen: Seen) -> Policy:
    accepted = case.pending.accepted if case.pending else case.now
    return with_winner(case.policy, seen.last_modified, accepted)


def _agreed(case: Case, shown: Event) -> Event:
    """The base, but with what Outlook shows in each field that no person changed there."""
    base = case.link.base or case.link.app or shown
    known = case.link.outlook or base
    written = case.pending.maybe_written if case.pending else frozenset[str]()
    ours = {
        name: getattr(shown, name)
        for name in FIELDS
        if same_field(name, known, shown) or field_digest(name, shown) in written
    }
    agreed = replace(base, **ours)
    return agreed if "series" in ours else agreed_series(agreed, known, shown, written)


def _told(
    case: Case, link: Link, fields: tuple[str, ...], conflicts: tuple[Conflict, ...]
) -> tuple[Change, ...]:
    if not (fields or conflicts):
        return ()
    return (
        appointment_change(
            case.key,
            link,
            UPDATED,
            case.now,
            mailbox=case.mailbox,
            fields=fields,
            conflicts=conflicts,
            before=case.link.app,
        ),
    )


def _deleted(case: Case) -> Settlement | None:
    """Gone from Outlook: the policy says what the host app gets."""
    link = replace(_parted(case.link), version=case.link.version + 1, changed=case.now)
    link, kind = _after_deletion(case, link)
    overruled = "edit" if case.pending is not None else ""
    settlement = Settlement(
        link=link,
        event_was=case.link.event_id,
        changes=(_change(case, link, kind, overruled=overruled),),
        kept=Keeping(link, case.policy, case.now).of(Origin.APP, case.link.app, Loss.DELETED),
    )
    problem = Problem("deleted-in-outlook", "The meeting was deleted in Outlook meanwhile.")
    return _finished(case, settlement, problem)


def _after_deletion(case: Case, link: Link) -> tuple[Link, str]:
    """What is detached stays with the host app, without an event."""
    cancelled = case.seen is not None and case.seen.is_cancelled
    match case.policy.deletion:
        case Deletion.DETACH:
            return link, DETACHED
        case Deletion.KEEP_PROTECTED if link.protected:
            return link, DETACHED
        case Deletion.DELETE | Deletion.KEEP_PROTECTED if not cancelled:
            return replace(link, app=None), DELETED
        case Deletion.DELETE | Deletion.KEEP_PROTECTED | Deletion.CANCEL:
            return replace(link, status=AppointmentStatus.CANCELLED), CANCELLED


def _parted(link: Link) -> Link:
    """The link without its event; the next event is another life."""
    return replace(
        link,
        base=None,
        outlook=None,
        event_id="",
        outlook_etag="",
        join_url="",
        markup="",
        life=link.life + 1,
    )


def _forgotten(case: Case) -> Settlement:
    """Gone on both sides. The link stays as a tombstone, so that versions go on counting."""
    app = case.link.app if case.link.status is AppointmentStatus.CANCELLED else None
    link = replace(_parted(case.link), app=app)
    return _finished(case, Settlement(link=link, event_was=case.link.event_id))
