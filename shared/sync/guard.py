"""What must not happen by itself: a calendar that suddenly empties, and mail upon mail. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from shared.calendar.digest import differing
from shared.calendar.event import Event
from shared.policy.policy import Invitations, Policy
from shared.store.records import Held, Link

# A person who looked at the counts meant what they saw, and a little more.
GROWTH = 2
# What attendees are not told of; of all else Exchange may mail them.
SILENT = frozenset({"categories", "reminder"})


@dataclass(frozen=True, slots=True)
class Limits:
    """A number and a share must both be passed: a small calendar may empty, a large one may
    lose a handful.
    """

    deletions: int = 30
    changes: int = 200
    percent: int = 50

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(policy.brake_deletions, policy.brake_changes, policy.brake_percent)


@dataclass(frozen=True, slots=True)
class Count:
    """What a round would do; `links` are those before it."""

    links: int
    deletions: int
    changes: int


def brake(count: Count, limits: Limits) -> bool:
    """Whether a person must say first that it is meant."""
    return _deletes_too_much(count, limits) or _changes_too_much(count, limits)


def _deletes_too_much(count: Count, limits: Limits) -> bool:
    return count.deletions > max(limits.deletions, count.links * limits.percent / 100)


def _changes_too_much(count: Count, limits: Limits) -> bool:
    return count.changes > max(limits.changes, count.links * limits.percent / 100)


def is_meant(count: Count, held: Held, limits: Limits) -> bool:
    """Whether somebody ruled on it, and it has not outgrown what they ruled on."""
    if held.ruling is None:
        return False
    if _deletes_too_much(count, limits) and count.deletions > held.deletions * GROWTH:
        return False
    return not _changes_too_much(count, limits) or count.changes <= held.changes * GROWTH


def mails(old: Event, new: Event, fields: Collection[str] | None = None) -> int:
    """How many attendees Exchange may mail when the organiser's `old` is written as `new`."""
    named = set(differing(old, new) if fields is None else fields) - SILENT
    people = {a.address.lower() for event in (old, new) for a in event.attendees}
    return len(people) if named else 0


def will_mail(link: Link, policy: Policy) -> bool:
    """Whether to write what the host app has makes Exchange mail whom it named."""
    if link.app is None or not link.is_organizer or policy.invitations is Invitations.NONE:
        return False
    if link.outlook is None:
        return bool(link.app.attendees)
    return mails(link.outlook, link.app) > 0


def quiet_until(link: Link, policy: Policy) -> datetime | None:
    """Until then a write that mails waits, so that many edits make one mail. None: it need not."""
    if link.mailed is None or not policy.mail_pause_seconds:
        return None
    return link.mailed + timedelta(seconds=policy.mail_pause_seconds)
