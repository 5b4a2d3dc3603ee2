"""Appointments beyond the host app's horizon, and those that come into view."""

from dataclasses import replace
from datetime import datetime

from shared.policy.horizon import is_hidden
from shared.policy.policy import Policy
from shared.store.records import Change, Link, Settlement


def in_view(link: Link, policy: Policy, now: datetime) -> Link:
    hidden = link.app is not None and is_hidden(link.app, policy, now)
    return replace(link, hidden=hidden)


def seen_in_view(settlement: Settlement, policy: Policy, now: datetime) -> Settlement:
    """The settlement, and what it tells of its appointment, with `hidden` as it is by now."""
    if settlement.link is None:
        return settlement
    link = in_view(settlement.link, policy, now)
    if link.hidden == settlement.link.hidden:
        return settlement
    changes = tuple(_told(change, hidden=link.hidden) for change in settlement.changes)
    return replace(settlement, link=link, changes=changes)


def _told(change: Change, *, hidden: bool) -> Change:
    if "appointment" not in change.data:
        return change
    appointment = change.data["appointment"] | {"hidden": hidden}
    return replace(change, data=change.data | {"appointment": appointment})
