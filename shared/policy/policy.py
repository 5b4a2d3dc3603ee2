"""What may cross between the sides, and who has the last word on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self, cast

from shared.calendar.event import FIELDS
from shared.errors import Problem, Refused

MAX_WINDOW_DAYS = 1825
"""Five years: what Graph's calendar view answers for at most."""


class Direction(StrEnum):
    """`OFF`: nothing crosses, until a project's or type's policy says otherwise."""

    BOTH = "both"
    TO_OUTLOOK = "to_outlook"
    TO_APP = "to_app"
    OFF = "off"


class Owner(StrEnum):
    """Of one field; an edit by the side that does not own it is reported, and does not cross."""

    APP = "app"
    OUTLOOK = "outlook"
    EITHER = "either"


class Winner(StrEnum):
    """`LATEST`: whoever edited last, by Graph's lastModifiedDateTime and our own clock."""

    OUTLOOK = "outlook"
    APP = "app"
    LATEST = "latest"


class ImportNew(StrEnum):
    """What the host app gets for an event that was made in Outlook."""

    NONE = "none"
    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"


class Backfill(StrEnum):
    """What becomes of events that were there before the calendar was connected. `NONE`: they
    are left alone until somebody edits them. `FUTURE`: those not yet over are imported.
    `WINDOW`: all in the window are.
    """

    NONE = "none"
    FUTURE = "future"
    WINDOW = "window"


class Deletion(StrEnum):
    """What the host app is told when Outlook deletes. `DETACH`: keep it, no longer synced.
    `KEEP_PROTECTED`: the host app decides, and may keep what it protects.
    """

    DELETE = "delete"
    CANCEL = "cancel"
    DETACH = "detach"
    KEEP_PROTECTED = "keep_protected"


class EditAgainstDeletion(StrEnum):
    """What becomes of an event that Outlook edited while the host app deleted it."""

    WRITE_APP = "write_app"
    DELETE_OUTLOOK = "delete_outlook"


class SeriesOut(StrEnum):
    """How a series of the host app gets into Outlook: as one series, or as single events, each
    written `lead_days` ahead.
    """

    SERIES = "series"
    OCCURRENCES = "occurrences"


class Unrepresentable(StrEnum):
    """What becomes of a rule that Outlook cannot hold."""

    REFUSE = "refuse"
    OCCURRENCES = "occurrences"


class SeriesIn(StrEnum):
    """How a series of Outlook gets to the host app."""

    SERIES = "series"
    FIRST_ONLY = "first_only"


class Participants(StrEnum):
    """`INVITE`: the event is in the organiser's calendar, and Exchange invites the others.
    `COPIES`: every connected participant gets an event of their own, without attendees.
    """

    INVITE = "invite"
    COPIES = "copies"


class Invitations(StrEnum):
    """`NONE`: attendees are never written to Outlook, so nobody is ever mailed."""

    OUTLOOK = "outlook"
    NONE = "none"


class Privacy(StrEnum):
    """How much of Outlook's events the host app gets. `NO_CONTENT`: no body, attendees or
    locations. `BUSY_ONLY`: when, and whether busy.
    """

    FULL = "full"
    NO_CONTENT = "no_content"
    BUSY_ONLY = "busy_only"


@dataclass(frozen=True, slots=True)
class Policy:
    direction: Direction = Direction.BOTH
    owners: Mapping[str, Owner] = field(default_factory=lambda: MappingProxyType({}))
    winner: Winner = Winner.OUTLOOK
    import_new: ImportNew = ImportNew.TENTATIVE
    backfill: Backfill = Backfill.NONE
    deletion: Deletion = Deletion.DELETE
    edit_against_deletion: EditAgainstDeletion = EditAgainstDeletion.WRITE_APP
    window_back_days: int = 30
    window_ahead_days: int = 730
    series_out: SeriesOut = SeriesOut.SERIES
    unrepresentable: Unrepresentable = Unrepresentable.REFUSE
    series_in: SeriesIn = SeriesIn.SERIES
    lead_days: int = 30
    participants: Participants = Participants.INVITE
    require_calendar_rights: bool = False
    invitations: Invitations = Invitations.OUTLOOK
    mail_pause_seconds: int = 30
    privacy: Privacy = Privacy.FULL
    private_events: Privacy = Privacy.BUSY_ONLY
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
        return cls(**{name: _READ[name](value) for name, value in data.items()})

    def to_json(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _plain(value) for name, value in values.items()}


def problems(data: Mapping[str, Any], at: str = "") -> list[Problem]:
    """All that is wrong with a policy as JSON, field by field."""
    found = [_problem(name, value, at) for name, value in data.items() if name != "owners"]
    found += _owner_problems(data.get("owners", {}), f"{at}/owners")
    return [problem for problem in found if problem]


def _problem(name: str, value: Any, at: str) -> Problem | None:
    if name not in _READ:
        return _wrong(f"{at}/{name}", f"is not known; known are {', '.join(_READ)}")
    if name in _WORDS:
        return _word_problem(_WORDS[name], value, f"{at}/{name}")
    if name in _FLAGS:
        right = isinstance(value, bool)
        return None if right else _wrong(f"{at}/{name}", "must be true or false")
    if name in _TEXTS:
        return _texts_problem(value, f"{at}/{name}")
    most = _MOST[name]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return None
    return _wrong(f"{at}/{name}", f"must be a whole number from 0 to {most}")


def _texts_problem(value: Any, at: str) -> Problem | None:
    if isinstance(value, list | tuple) and all(
        isinstance(text, str) and text.strip() for text in cast("list[Any]", value)
    ):
        return None
    return _wrong(at, "must be a list of texts")


def _owner_problems(owners: Any, at: str) -> list[Problem | None]:
    if not isinstance(owners, Mapping):
        return [_wrong(at, "must be an object of field names and owners")]
    known = ", ".join(FIELDS)
    return [
        _word_problem(Owner, owner, f"{at}/{name}")
        if name in FIELDS
        else _wrong(f"{at}/{name}", f"is no field of an event; fields are {known}")
        for name, owner in cast("Mapping[str, Any]", owners).items()
    ]


def _word_problem(words: type[StrEnum], value: Any, at: str) -> Problem | None:
    if isinstance(value, str) and value in set(words):
        return None
    return _wrong(at, f"must be one of {', '.join(words)}")


def _wrong(pointer: str, right: str) -> Problem:
    return Problem("invalid-policy", f"{pointer[1:].replace('/', '.')} {right}.", pointer)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: str(owner) for name, owner in cast("Mapping[str, Owner]", value).items()}
    if isinstance(value, tuple):
        return list(cast("tuple[str, ...]", value))
    return str(value) if isinstance(value, StrEnum) else value


def _owners(value: Mapping[str, str]) -> Mapping[str, Owner]:
    return MappingProxyType({name: Owner(owner) for name, owner in value.items()})


def _tuple(value: list[str]) -> tuple[str, ...]:
    return tuple(value)


_WORDS: dict[str, type[StrEnum]] = {
    "direction": Direction,
    "winner": Winner,
    "import_new": ImportNew,
    "backfill": Backfill,
    "deletion": Deletion,
    "edit_against_deletion": EditAgainstDeletion,
    "series_out": SeriesOut,
    "unrepresentable": Unrepresentable,
    "series_in": SeriesIn,
    "participants": Participants,
    "invitations": Invitations,
    "privacy": Privacy,
    "private_events": Privacy,
}
_FLAGS = ("require_calendar_rights", "share_prompts", "share_notes", "import_free")
_TEXTS = ("import_categories",)
_MOST = {
    "window_back_days": MAX_WINDOW_DAYS,
    "window_ahead_days": MAX_WINDOW_DAYS,
    "lead_days": MAX_WINDOW_DAYS,
    "mail_pause_seconds": 3600,
    "default_minutes": 1440,
    "brake_deletions": 100_000,
    "brake_changes": 100_000,
    "brake_percent": 100,
    "undo_days": 90,
}
_READ: dict[str, Any] = {
    **_WORDS,
    "owners": _owners,
    **dict.fromkeys(_FLAGS, bool),
    **dict.fromkeys(_TEXTS, _tuple),
    **dict.fromkeys(_MOST, int),
}
