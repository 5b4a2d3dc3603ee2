"""The fields of a policy as JSON: what each may be, and how it is read."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from shared.calendar.event import FIELDS
from shared.errors import Problem
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

MAX_WINDOW_DAYS = 1825
"""Five years: what Graph's calendar view answers for at most."""


def problems(data: Mapping[str, Any], at: str = "") -> list[Problem]:
    """All that is wrong with a policy as JSON, field by field."""
    found = [_problem(name, value, at) for name, value in data.items() if name != "owners"]
    found += _owner_problems(data.get("owners", {}), f"{at}/owners")
    return [problem for problem in found if problem]


def _problem(name: str, value: Any, at: str) -> Problem | None:
    if name not in READ:
        return wrong(f"{at}/{name}", f"is not known; known are {', '.join(READ)}")
    if name in _WORDS:
        return _word_problem(_WORDS[name], value, f"{at}/{name}")
    if name in _FLAGS:
        right = isinstance(value, bool)
        return None if right else wrong(f"{at}/{name}", "must be true or false")
    if name in _TEXTS:
        return _texts_problem(value, f"{at}/{name}")
    most = _MOST[name]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return None
    return wrong(f"{at}/{name}", f"must be a whole number from 0 to {most}")


def _texts_problem(value: Any, at: str) -> Problem | None:
    if isinstance(value, list | tuple) and all(
        isinstance(text, str) and text.strip() for text in cast("list[Any]", value)
    ):
        return None
    return wrong(at, "must be a list of texts")


def _owner_problems(owners: Any, at: str) -> list[Problem | None]:
    if not isinstance(owners, Mapping):
        return [wrong(at, "must be an object of field names and owners")]
    known = ", ".join(FIELDS)
    return [
        _word_problem(Owner, owner, f"{at}/{name}")
        if name in FIELDS
        else wrong(f"{at}/{name}", f"is no field of an event; fields are {known}")
        for name, owner in cast("Mapping[str, Any]", owners).items()
    ]


def _word_problem(words: type[StrEnum], value: Any, at: str) -> Problem | None:
    if isinstance(value, str) and value in set(words):
        return None
    return wrong(at, f"must be one of {', '.join(words)}")


def wrong(pointer: str, right: str) -> Problem:
    return Problem("invalid-policy", f"{pointer[1:].replace('/', '.')} {right}.", pointer)


def plain(value: Any) -> Any:
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
_FLAGS = (
    "forward_only",
    "require_calendar_rights",
    "body_section",
    "share_prompts",
    "share_notes",
    "import_free",
)
_TEXTS = ("import_categories",)
_MOST = {
    "window_back_days": MAX_WINDOW_DAYS,
    "window_ahead_days": MAX_WINDOW_DAYS,
    "hidden_after_days": MAX_WINDOW_DAYS,
    "lead_days": MAX_WINDOW_DAYS,
    "mail_pause_seconds": 3600,
    "default_minutes": 1440,
    "brake_deletions": 100_000,
    "brake_changes": 100_000,
    "brake_percent": 100,
    "undo_days": 90,
}
READ: dict[str, Any] = {
    **_WORDS,
    "owners": _owners,
    **dict.fromkeys(_FLAGS, bool),
    **dict.fromkeys(_TEXTS, _tuple),
    **dict.fromkeys(_MOST, int),
}

TENANT_WIDE = frozenset(
    {
        "import_new",
        "import_free",
        "import_categories",
        "backfill",
        "forward_only",
        "window_back_days",
        "window_ahead_days",
        "brake_deletions",
        "brake_changes",
        "brake_percent",
        "undo_days",
    }
)
"""Of calendars, or of events that have no project or type yet."""
