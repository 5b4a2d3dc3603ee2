"""What another policy would do to an appointment that is there already. Nothing of it mails."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from shared.calendar.digest import differing
from shared.calendar.event import Event
from shared.policy.horizon import is_hidden
from shared.policy.policy import Direction, Policy
from shared.policy.shape import hidden_fields, shape


class Effect(StrEnum):
    HIDE_CONTENT = "hide_content"
    """The host app is told of an update that takes content away, and none of it is stored."""
    SHOW_CONTENT = "show_content"
    """Content that was hidden is told as an update."""
    FIRST_ONLY = "first_only"
    """Of a series of Outlook's no more than the first occurrence is left."""
    WHOLE_SERIES = "whole_series"
    """A series of Outlook's of which only the first occurrence was known becomes one."""
    HIDE = "hide"
    """It is beyond the horizon by then."""
    COME_INTO_VIEW = "come_into_view"
    """It is within the horizon by then."""
    SWITCH_OFF = "switch_off"
    """The host app's edits are refused from then on; the event stays."""
    SWITCH_ON = "switch_on"
    """The host app's edits are accepted from then on."""
    MAY_IMPORT = "may_import"
    """An event that was left alone may become an appointment."""


def effects(
    event: Event, was: Policy, becomes: Policy, now: datetime, *, own: bool, first_only: bool
) -> Iterator[Effect]:
    """`event` is what Outlook has, as far as it is known; `own` says that the host app made it."""
    if not own:
        yield from _of_content(event, was, becomes)
        yield from _of_series(event, becomes, first_only=first_only)
    before, after = is_hidden(event, was, now), is_hidden(event, becomes, now)
    if before is not after:
        yield Effect.HIDE if after else Effect.COME_INTO_VIEW
    if _is_heard(was) is not _is_heard(becomes):
        yield Effect.SWITCH_ON if _is_heard(becomes) else Effect.SWITCH_OFF


def _of_content(event: Event, was: Policy, becomes: Policy) -> Iterator[Effect]:
    before = hidden_fields(event.sensitivity, was)
    after = hidden_fields(event.sensitivity, becomes)
    if set(differing(shape(event, becomes), event)) - {"series"}:
        yield Effect.HIDE_CONTENT
    elif set(before) - set(after):
        yield Effect.SHOW_CONTENT


def _of_series(event: Event, becomes: Policy, *, first_only: bool) -> Iterator[Effect]:
    if event.series is not None and shape(event, becomes).series is None:
        yield Effect.FIRST_ONLY
    if first_only and becomes.series_in is becomes.series_in.SERIES:
        yield Effect.WHOLE_SERIES


def _is_heard(policy: Policy) -> bool:
    return policy.direction in {Direction.BOTH, Direction.TO_OUTLOOK}


def may_import(was: Policy, becomes: Policy) -> bool:
    """Whether events that were left alone may come in, of which no content is kept to judge by."""
    return becomes.backfill is not was.backfill and becomes.backfill is not becomes.backfill.NONE
