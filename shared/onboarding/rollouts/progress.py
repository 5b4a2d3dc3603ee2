"""How far a rollout is, and how long it will still take. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.store.records import MailboxClass, Rollout, Stage

OPEN = (Stage.FOUND, Stage.WAITING, Stage.CONNECTING)
# A pass finds nothing new sooner than this; one that finds nothing is put off by a tenth of the
# time since the last that did.
SHORTEST, LONGEST = 2.0, 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` is of those found so far; `seconds_left` None where nothing was measured yet."""

    total: int
    open: int
    percent: int
    seconds_left: int | None


def progress_of(rollout: Rollout, now: datetime) -> Progress:
    counts = rollout.counts
    total = sum(counts.get(stage.value, 0) for stage in Stage)
    left = sum(counts.get(stage.value, 0) for stage in OPEN)
    return Progress(total, left, _percent(rollout, total, left), _seconds_left(rollout, left, now))


def _percent(rollout: Rollout, total: int, left: int) -> int:
    is_listed = rollout.listed is not None
    if total == 0:
        return 100 if is_listed else 0
    return min((total - left) * 100 // total, 100 if is_listed else 99)


def _seconds_left(rollout: Rollout, left: int, now: datetime) -> int | None:
    if left == 0 and rollout.listed is not None:
        return 0
    arrived = rollout.counts.get(Stage.LIVE, 0) + rollout.counts.get(Stage.FAILED, 0)
    if rollout.started is None or rollout.listed is None or not arrived:
        return None
    return round((now - rollout.started).total_seconds() / arrived * left)


def in_trouble(rollout: Rollout) -> int:
    """Mailboxes that are only waited for."""
    return rollout.counts.get(f"{Stage.FOUND}.{MailboxClass.TROUBLE}", 0)


def pause_before_next(rollout: Rollout, now: datetime) -> float:
    """In seconds: soon while it moves, later the longer it has not."""
    idle = (now - (rollout.moved or rollout.since)).total_seconds()
    return min(max(SHORTEST, idle / 10), LONGEST)


def rollout_json(rollout: Rollout, now: datetime) -> dict[str, Any]:
    progress = progress_of(rollout, now)
    stages = {stage.value: rollout.counts.get(stage.value, 0) for stage in Stage}
    classes = {
        kind.value: sum(rollout.counts.get(f"{stage}.{kind}", 0) for stage in Stage)
        for kind in MailboxClass
        if kind.value
    }
    return {
        "id": rollout.id,
        "connection": rollout.connection,
        "source": rollout.source.value,
        "group": rollout.group,
        "ring": rollout.ring,
        "dry": rollout.dry,
        "follow": rollout.follow,
        "state": rollout.state.value,
        "cause": rollout.cause,
        "since": rollout.since,
        "created": rollout.created,
        "listed_at": rollout.listed,
        "done_at": rollout.done,
        "mailboxes": {"total": progress.total, "by_stage": stages, "by_class": classes},
        "percent": progress.percent,
        "seconds_left": progress.seconds_left,
    }
