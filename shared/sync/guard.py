"""The brake on mass changes: a calendar that suddenly empties is held, not obeyed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Both must be passed: a small calendar may empty, a large one may lose a handful."""

    deletions: int = 30
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Brake:
    """What one round would have done; it waits for a person to say that it is meant."""

    links: int
    deletions: int
    changes: int


def brake(links: int, deletions: int, changes: int, limits: Limits | None = None) -> Brake | None:
    """`links` counts those before the round. Changes alone never brake: they can be undone."""
    limit = limits or Limits()
    if deletions > limit.deletions and deletions > links * limit.share:
        return Brake(links, deletions, changes)
    return None
