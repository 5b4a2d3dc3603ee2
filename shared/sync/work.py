"""One pending change, and the link it is of, as they were last read."""

from dataclasses import dataclass

from shared.errors import Problem
from shared.store.records import Link, Pending


@dataclass(frozen=True, slots=True)
class Work:
    link: Link
    pending: Pending
    warnings: tuple[Problem, ...] = ()
