"""What may cross between the sides, and who has the last word on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Self

from shared.errors import Refused
from shared.policy.fields import MAX_WINDOW_DAYS, READ, plain, problems
from shared.policy.words import (
    Backfill,
    Deletion,
    Direction,
    EditAgainstDeletion,
    ImportNew,
    Invitations,
    Owner,
    Participants,
    Privacy,
    SeriesIn,
    SeriesOut,
    Unrepresentable,
    Winner,
)

__all__ = [
    "MAX_WINDOW_DAYS",
    "Backfill",
    "Deletion",
    "Direction",
    "EditAgainstDeletion",
    "ImportNew",
    "Invitations",
    "Owner",
    "Participants",
    "Policy",
    "Privacy",
    "SeriesIn",
    "SeriesOut",
    "Unrepresentable",
    "Winner",
    "problems",
]


@dataclass(frozen=True, slots=True)
class Policy:
    direction: Direction = Direction.BOTH
    owners: Mapping[str, Owner] = field(default_factory=lambda: MappingProxyType({}))
    winner: Winner = Winner.OUTLOOK
    import_new: ImportNew = ImportNew.TENTATIVE
    backfill: Backfill = Backfill.NONE
    forward_only: bool = False
    deletion: Deletion = Deletion.DELETE
    edit_against_deletion: EditAgainstDeletion = EditAgainstDeletion.WRITE_APP
    window_back_days: int = 30
    window_ahead_days: int = 730
    hidden_after_days: int = 0
    series_out: SeriesOut = SeriesOut.SERIES
    unrepresentable: Unrepresentable = Unrepresentable.REFUSE
    series_in: SeriesIn = SeriesIn.SERIES
    lead_days: int = 30
    participants: Participants = Participants.INVITE
    require_calendar_rights: bool = False
    invitations: Invitations = Invitations.OUTLOOK
    mail_pause_seconds: int = 5
    privacy: Privacy = Privacy.FULL
    private_events: Privacy = Privacy.BUSY_ONLY
    body_section: bool = True
    share_prompts: bool = False
    share_notes: bool = False
    import_free: bool = True
    import_categories: tuple[str, ...] = ()
    default_minutes: int = 0
    brake_deletions: int = 30
    brake_changes: int = 200
    brake_percent: int = 50
    undo_days: int = 30

    def owner(self, name: str) -> Owner:
        return self.owners.get(name, Owner.EITHER)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], at: str = "") -> Self:
        """What is left out stands at its default. Raises Refused with the first problem;
        `at` is where `data` stands in the caller's body.
        """
        for problem in problems(data, at):
            raise Refused(problem)
        return cls(**{name: READ[name](value) for name, value in data.items()})

    def to_json(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: plain(value) for name, value in values.items()}
