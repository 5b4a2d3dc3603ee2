"""Both sides changed: what becomes of each field."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from shared.calendar.digest import differing, responses, same_field, with_responses
from shared.calendar.event import FIELDS, Event
from shared.policy.policy import Owner, Policy, Winner
from shared.sync.series_merge import merge_series


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that somebody wrote and that did not stand; values are those of `Event`, of a
    series the events. `days` are those of the series on which it did not stand.
    """

    field: str
    app: Any
    outlook: Any
    winner: Winner
    days: tuple[date, ...] = ()


# A series is merged inside, once all that its days follow is.
_WHOLE = tuple(name for name in FIELDS if name != "series")


@dataclass(frozen=True, slots=True)
class Merged:
    """`outlook_needs` and `app_needs` are the fields in which that side is not yet `event`."""

    event: Event
    outlook_needs: tuple[str, ...]
    app_needs: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def merge(base: Event, outlook: Event, app: Event, policy: Policy) -> Merged:
    """Field by field: its owner, else who changed it, else the policy's winner.

    Where both sides mean the same, the host app's exact value stands: it should not see what
    Exchange rewrote. An edit by a side that does not own the field is reported like a conflict.
    """
    winners = {name: _winner(name, base, outlook, app, policy) for name in _WHOLE}
    taken = {
        name: getattr(outlook if winner is Winner.OUTLOOK else app, name)
        for name, winner in winners.items()
    }
    event = replace(app, **taken)
    event = replace(event, attendees=with_responses(event.attendees, responses(outlook)))
    event, losses = merge_series(base, outlook, app, event, policy)
    return Merged(
        event,
        outlook_needs=differing(outlook, event),
        app_needs=differing(app, event),
        conflicts=tuple(
            Conflict(name, getattr(app, name), getattr(outlook, name), winner)
            for name, winner in winners.items()
            if _lost(name, base, outlook, app, winner)
        )
        + tuple(Conflict("series", app, outlook, lost.winner, lost.days) for lost in losses),
    )


def with_winner(policy: Policy, modified: datetime | None, accepted: datetime) -> Policy:
    """`LATEST` as the winner of one case; Graph tells whole seconds, and a tie is Outlook's."""
    if policy.winner is not Winner.LATEST:
        return policy
    ours = modified is not None and modified < accepted.replace(microsecond=0)
    return replace(policy, winner=Winner.APP if ours else Winner.OUTLOOK)


def _winner(name: str, base: Event, outlook: Event, app: Event, policy: Policy) -> Winner:
    if same_field(name, outlook, app):
        return Winner.APP
    owner = policy.owner(name)
    if owner is not Owner.EITHER:
        return Winner(owner.value)
    if same_field(name, base, outlook):
        return Winner.APP
    if same_field(name, base, app):
        return Winner.OUTLOOK
    return policy.winner


def _lost(name: str, base: Event, outlook: Event, app: Event, winner: Winner) -> bool:
    """Whether the losing side had changed the field to something else than what stands."""
    loser = app if winner is Winner.OUTLOOK else outlook
    return not same_field(name, outlook, app) and not same_field(name, base, loser)
