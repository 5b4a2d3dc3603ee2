"""An appointment and its operations, as the store has them and as the API shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.api.attending import with_attendees
from shared.api.schemas.appointment import AppointmentIn
from shared.api.waiting import seen_within
from shared.calendar.event_json import event_from_json
from shared.errors import Problem, Refused
from shared.services import Services
from shared.store.records import (
    AppointmentStatus,
    Calendar,
    CalendarKey,
    Link,
    Operation,
    OperationState,
)
from shared.sync.demand import Wanted
from shared.sync.home import home_of
from shared.sync.report import appointment_json
from shared.sync.wanted import is_singly

# What an attendee is shown with and the host app cannot say.
OURS = {"response", "proposed", "person", "external", "connection_state"}
NOT_THEIRS: Any = {"attendees": {"__all__": OURS}}
NOT_IN_ONE: Any = {"overrides": {"__all__": NOT_THEIRS}}


@dataclass(frozen=True, slots=True)
class Found:
    """`settled` is False while a change of it waits to be written."""

    calendar: Calendar
    link: Link
    settled: bool


async def find(services: Services, tenant: str, appointment: str) -> Found:
    """Raises Refused where the appointment does not exist or was deleted."""
    key = await home_of(services.store, tenant, appointment)
    link = await services.store.link(key, appointment) if key else None
    calendar = await services.store.calendar(key) if key and link else None
    if key is None or link is None or link.app is None or calendar is None:
        raise Refused(Problem("appointment-unknown"))
    pending = await services.store.pending(key, appointment)
    return Found(calendar, link, pending is None or pending.silent)


def shown(found: Found) -> dict[str, Any]:
    link = found.link
    return {
        **appointment_json(link),
        "mailbox": found.calendar.address,
        "calendar": found.calendar.key.calendar,
        "synced": found.settled and (bool(link.event_id) or is_singly(link)),
        "operation": f"{link.appointment}.{link.version}",
    }


async def shown_with_people(services: Services, tenant: str, found: Sequence[Found]) -> list[Any]:
    """Each attendee with who it is to the host app, and how their connection is."""
    return await with_attendees(services.store, tenant, [shown(one) for one in found])


def editable(found: Found) -> dict[str, Any]:
    """The part of `shown` that a caller may send: what a patch is applied to."""
    whole = shown(found)
    return {name: whole[name] for name in AppointmentIn.model_fields if name in whole}


def wanted_from(body: AppointmentIn, if_version: int | None) -> Wanted:
    data = body.model_dump(exclude_none=True, exclude=NOT_THEIRS)
    if body.recurrence:
        data["recurrence"] = body.recurrence.model_dump(exclude_unset=True, exclude=NOT_IN_ONE)
    return Wanted(
        event=event_from_json(data),
        mailbox=body.mailbox,
        status=AppointmentStatus(body.status),
        project=body.project,
        type=body.type,
        protected=body.protected,
        revision=body.revision,
        if_version=if_version,
        conference_given=body.conference is not None,
        prompts=tuple(body.prompts),
        notes=body.private_notes,
    )


async def outcome_within(
    services: Services, key: CalendarKey, operation: Operation, seconds: float
) -> Operation:
    """Raises Refused when the operation came to a bad end in that time."""

    async def look() -> Operation:
        found = await services.store.operation(key, operation.appointment, operation.version)
        return found or operation

    def settled(seen: Operation) -> bool:
        return seen.state is not OperationState.PENDING

    ended = operation if settled(operation) else await seen_within(seconds, look, settled)
    if seconds and ended.state is OperationState.REFUSED:
        raise Refused(_problem(ended))
    return ended


def _problem(operation: Operation) -> Problem:
    kept = operation.problem or {}
    return Problem(
        code=str(kept.get("code", "refused-by-microsoft")),
        detail=str(kept.get("detail", "")),
        pointer=str(kept.get("pointer", "")),
        extra={"operation": operation.id},
    )
