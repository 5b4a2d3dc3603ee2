"""The decision: nine cells, no I/O, no clock.

Each side is what it is against the link: `Same`, `Changed` or `Gone`. About existence Outlook has
the last word; a direction is applied before, by `muted`.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.calendar.event import Event
from shared.policy.policy import Deletion, Direction, EditAgainstDeletion, Policy


@dataclass(frozen=True, slots=True)
class Same:
    pass


@dataclass(frozen=True, slots=True)
class Changed:
    event: Event


@dataclass(frozen=True, slots=True)
class Gone:
    pass


Side = Same | Changed | Gone


class Report(StrEnum):
    """What the host app must be told because somebody's wish did not come true."""

    DELETION_OVERRULED = "deletion_overruled"
    """The host app deleted, Outlook edited; the edit stands."""
    OUTLOOK_EDIT_OVERRULED = "outlook_edit_overruled"
    """The host app deleted, Outlook edited; the deletion stands."""
    APP_EDIT_REFUSED = "app_edit_refused"
    """The host app edited, Outlook deleted; the deletion stands."""


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class WriteOutlook:
    event: Event


@dataclass(frozen=True, slots=True)
class DeleteOutlook:
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class WriteApp:
    event: Event
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class DeleteApp:
    deletion: Deletion
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    outlook: Event
    app: Event


@dataclass(frozen=True, slots=True)
class Forget:
    pass


Action = Nothing | WriteOutlook | DeleteOutlook | WriteApp | DeleteApp | Merge | Forget


def decide(outlook: Side, app: Side, policy: Policy) -> Action:
    match (outlook, app):
        case (Same(), Same()):
            return Nothing()
        case (Same(), Changed(event)):
            return WriteOutlook(event)
        case (Same(), Gone()):
            return DeleteOutlook()
        case (Changed(event), Same()):
            return WriteApp(event)
        case (Changed(theirs), Changed(ours)):
            return Merge(theirs, ours)
        case (Changed(event), Gone()):
            return _edited_and_deleted(event, policy)
        case (Gone(), Same()):
            return DeleteApp(policy.deletion)
        case (Gone(), Changed()):
            return DeleteApp(policy.deletion, Report.APP_EDIT_REFUSED)
        case (Gone(), Gone()):
            return Forget()


def _edited_and_deleted(event: Event, policy: Policy) -> WriteApp | DeleteOutlook:
    match policy.edit_against_deletion:
        case EditAgainstDeletion.WRITE_APP:
            return WriteApp(event, Report.DELETION_OVERRULED)
        case EditAgainstDeletion.DELETE_OUTLOOK:
            return DeleteOutlook(Report.OUTLOOK_EDIT_OVERRULED)


def muted(outlook: Side, app: Side, policy: Policy) -> tuple[Side, Side]:
    """The sides as the direction lets them speak: the muted one is called `Same`."""
    match policy.direction:
        case Direction.BOTH:
            return outlook, app
        case Direction.TO_OUTLOOK:
            return Same(), app
        case Direction.TO_APP:
            return outlook, Same()
        case Direction.OFF:
            return Same(), Same()
