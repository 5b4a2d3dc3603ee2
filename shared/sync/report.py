"""What the host app is told: entries for the tenant's log, each naming who, what and why.

A change's id is made of what it reports, so that reporting it again is noticed.
"""

import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from shared.calendar.event import AllDay, Event
from shared.calendar.event_json import event_to_json
from shared.catalogue import explained
from shared.errors import Problem
from shared.graph.seen import Seen
from shared.store.records import (
    Calendar,
    CalendarKey,
    Change,
    Connection,
    Held,
    Link,
    Operation,
    State,
    Tenant,
)
from shared.sync.conference import join_url_for_app
from shared.sync.guests import guest_changes
from shared.sync.merge import Conflict
from shared.sync.series_report import occurrence_changes, original_start
from shared.sync.wanted import written

CREATED = "calbridge.appointment.created"
UPDATED = "calbridge.appointment.updated"
DELETED = "calbridge.appointment.deleted"
COPY_REMOVED = "calbridge.appointment.copy_removed"
CANCELLED = "calbridge.appointment.cancelled"
COPY_DIFFERS = "calbridge.appointment.copy_differs"
DETACHED = "calbridge.appointment.detached"
APPLIED = "calbridge.operation.applied"
REFUSED = "calbridge.operation.refused"
CALENDAR_STATE = "calbridge.calendar.state"
CALENDAR_RENAMED = "calbridge.calendar.renamed"
CONNECTION_STATE = "calbridge.connection.state"
TENANT_STATE = "calbridge.tenant.state"

# The code of the warning that a deletion took an edit of Outlook's along.
OVERRULED_EDIT = "outlook-edit-overruled"

_BLANK = Event("", AllDay(date.min, date.max))


def appointment_json(link: Link) -> dict[str, Any]:
    """The appointment as the API shows it; `synced` says whether Outlook shows the same."""
    return {
        "id": link.appointment,
        "version": link.version,
        "revision": link.revision,
        "status": link.status.value,
        "origin": link.origin.value,
        "project": link.project,
        "type": link.type,
        "protected": link.protected,
        "organizer": link.organizer,
        "is_organizer": link.is_organizer,
        "in_outlook": bool(link.event_id or written(link)),
        "occurrences_written": written(link),
        "follows": link.follows,
        "hidden": link.hidden,
        "changed": link.changed.isoformat() if link.changed else None,
        "join_url": join_url_for_app(link),
        **(event_to_json(link.app) if link.app else {}),
    }


def appointment_change(
    key: CalendarKey,
    link: Link,
    kind: str,
    now: datetime,
    *,
    mailbox: str = "",
    fields: tuple[str, ...] = (),
    conflicts: tuple[Conflict, ...] = (),
    overruled: str = "",
    before: Event | None = None,
) -> Change:
    """`overruled` is "edit" or "deletion": what of the host app's was refused in this. `before`
    is the content the host app had.
    """
    data: dict[str, Any] = {
        "appointment": {"mailbox": mailbox, **appointment_json(link)},
        "calendar": key.calendar,
        "changed_in": "outlook",
        **guest_changes(before, link.app),
    }
    if fields:
        data["fields"] = list(fields)
    if "series" in fields and link.app and (days := occurrence_changes(before, link.app)):
        data["occurrences"] = days
    if conflicts:
        data["conflicts"] = [conflict_json(conflict) for conflict in conflicts]
    if overruled:
        data["overruled"] = overruled
    identity = f"{link.appointment}.{link.version}.{kind.rpartition('.')[2]}"
    return Change(identity, kind, link.appointment, now, data)


def copy_change(
    organizer: Calendar,
    copy: Calendar,
    link: Link,
    fields: tuple[str, ...],
    seen: Seen,
    now: datetime,
) -> Change:
    """`seen` is the copy, `fields` what it shows otherwise. The appointment is as it was."""
    data: dict[str, Any] = {
        "appointment": {"mailbox": organizer.address, **appointment_json(link)},
        "calendar": organizer.key.calendar,
        "changed_in": "outlook",
        "copy": {"mailbox": copy.address, "calendar": copy.key.calendar},
        "fields": list(fields),
        "cause": "copy-differs",
    }
    look = hashlib.sha256(f"{seen.event_id}/{seen.etag}".encode()).hexdigest()[:24]
    identity = f"{link.appointment}.copy_differs.{look}"
    return Change(identity, COPY_DIFFERS, link.appointment, now, data)


_JSON_NAMES = {"when": ("start", "end"), "reminder": ("reminder_minutes",)}


def field_json(name: str, value: Any) -> Any:
    """A field's value as `event_to_json` shows it; a time as its start and end."""
    whole = event_to_json(replace(_BLANK, **{name: value}))
    names = _JSON_NAMES.get(name, (name,))
    return whole[names[0]] if len(names) == 1 else {n: whole[n] for n in names}


def conflict_json(conflict: Conflict) -> dict[str, Any]:
    if conflict.field == "series":
        return _series_conflict_json(conflict)
    return {
        "field": conflict.field,
        "app": field_json(conflict.field, conflict.app),
        "outlook": field_json(conflict.field, conflict.outlook),
        "winner": conflict.winner.value,
    }


def _series_conflict_json(conflict: Conflict) -> dict[str, Any]:
    """`days` are the original starts of the occurrences on which a wish did not come true."""
    return {
        "field": "series",
        "days": [original_start(conflict.app, day) for day in conflict.days],
        "app": event_to_json(conflict.app).get("recurrence"),
        "outlook": event_to_json(conflict.outlook).get("recurrence"),
        "winner": conflict.winner.value,
    }


def operation_json(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "appointment": operation.appointment,
        "version": operation.version,
        "wish": operation.wish.value,
        "state": operation.state.value,
        "accepted": operation.accepted.isoformat(),
        "settled": operation.settled.isoformat() if operation.settled else None,
        "problem": operation.problem,
        "not_before": operation.not_before.isoformat() if operation.not_before else None,
        "warnings": list(operation.warnings),
    }


def warning_json(warning: Problem) -> dict[str, Any]:
    """As operations keep it. A warning is a problem that keeps nothing from being done."""
    return {"code": warning.code, "detail": warning.detail, "pointer": warning.pointer}


def outcome(key: CalendarKey, operation: Operation, now: datetime, join_url: str = "") -> Change:
    """One per operation that came to an end; with the link to join a meeting, if it has one."""
    kind = REFUSED if operation.problem else APPLIED
    data: dict[str, Any] = {"operation": operation_json(operation), "calendar": key.calendar}
    if any(warning["code"] == OVERRULED_EDIT for warning in operation.warnings):
        data["overruled"] = "outlook_edit"
    if join_url:
        data["join_url"] = join_url
    identity = f"{operation.id}.{operation.state.value}"
    return Change(identity, kind, operation.appointment, now, data)


def calendar_change(calendar: Calendar, was: Calendar, now: datetime) -> Change:
    data: dict[str, Any] = {"calendar": calendar.key.calendar, "mailbox": calendar.address}
    if calendar.held and calendar.state is State.ACTION_REQUIRED:
        data["held"] = held_json(calendar.held)
    return _state_change(CALENDAR_STATE, calendar.key.calendar, calendar, was, now, data)


def renamed_change(calendar: Calendar, was: Calendar, now: datetime) -> Change:
    """Named by when the names before were read: told once, whatever is cut off."""
    data = {
        "calendar": calendar.key.calendar,
        "mailbox": calendar.address,
        "display_name": calendar.display_name,
        "was": {"mailbox": was.address, "display_name": was.display_name},
    }
    read = was.profile_read or was.connected or was.since
    identity = f"{calendar.key.calendar}.renamed.{read.isoformat()}"
    return Change(identity, CALENDAR_RENAMED, calendar.key.calendar, now, data)


def held_json(held: Held) -> dict[str, Any]:
    return {
        "since": held.since.isoformat(),
        "links": held.links,
        "deletions": held.deletions,
        "changes": held.changes,
        "appointments": list(held.appointments),
        "ruling": held.ruling.value if held.ruling else None,
    }


def connection_change(connection: Connection, was: Connection, now: datetime) -> Change:
    notice = {"notice": connection.notice} if connection.notice else {}
    data = {"connection": connection.id, "kind": connection.kind.value, **notice}
    return _state_change(CONNECTION_STATE, connection.id, connection, was, now, data)


def tenant_change(tenant: Tenant, was: Tenant, now: datetime) -> Change:
    return _state_change(TENANT_STATE, tenant.id, tenant, was, now, {"tenant": tenant.id})


def _state_change(
    kind: str,
    name: str,
    subject: Calendar | Connection | Tenant,
    was: Calendar | Connection | Tenant,
    now: datetime,
    data: dict[str, Any],
) -> Change:
    """Named by the state it ends, so that a worker that died before it could store the new one
    does not tell of it twice.
    """
    states = {
        "state": subject.state.value,
        "was": was.state.value,
        "cause": subject.cause,
        "explanation": explained(subject.cause),
    }
    end = f"{was.state.value}.{subject.state.value}"
    if subject.state is was.state:
        end = f"{end}.{subject.cause}"
    identity = f"{name}.{was.since.isoformat()}.{end}"
    return Change(identity, kind, name, now, data | states)
