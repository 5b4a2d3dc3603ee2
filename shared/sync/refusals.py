"""What a policy refuses of the host app's wishes before they are accepted."""

from collections.abc import Iterable
from datetime import datetime

from shared.calendar.digest import same_field
from shared.calendar.event import Event
from shared.errors import Problem
from shared.policy.admission import is_over
from shared.policy.policy import Policy
from shared.policy.shape import hidden_fields
from shared.store.records import Link, Origin

_POINTERS = {"when": "/start", "reminder": "/reminder_minutes", "series": "/recurrence"}


def late_refusal(event: Event, policy: Policy, connected: datetime | None) -> Problem | None:
    """Of a new appointment that was over before its calendar was connected."""
    if connected is None or not policy.forward_only or not is_over(event, connected):
        return None
    return Problem("past-appointment", f"Sync began on {connected:%Y-%m-%d}.", "/end")


def edit_refusal(link: Link, event: Event, policies: Iterable[Policy]) -> Problem | None:
    """`policies` are that of the appointment as it was and as it is to be."""
    known = link.app or link.outlook
    if not link.event_id or known is None or link.origin is Origin.APP:
        return None
    if link.first_only:
        for name in ("when", "series"):
            if not same_field(name, known, event):
                return _of_series(_POINTERS[name])
    for name in _kept_from(known, policies):
        if not same_field(name, known, event):
            detail = f"{name} of this event is hidden from the application, which cannot edit it."
            return Problem("content-hidden", detail, _POINTERS.get(name, f"/{name}"))
    return None


def _kept_from(known: Event, policies: Iterable[Policy]) -> tuple[str, ...]:
    """What is private cannot be made public by who may not read it."""
    hidden = {name: None for p in policies for name in hidden_fields(known.sensitivity, p)}
    return (*hidden, "sensitivity") if hidden else ()


def deletion_refusal(link: Link) -> Problem | None:
    return _of_series("") if link.first_only and link.event_id else None


def _of_series(pointer: str) -> Problem:
    detail = "Outlook has a series here; its time, its rule and its end are changed there."
    return Problem("series-in-outlook", detail, pointer)
