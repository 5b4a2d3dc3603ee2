"""What sync takes away of either side is kept for a while. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.calendar.event import Event, Sensitivity
from shared.policy.policy import Policy, Privacy, Winner
from shared.policy.shape import shape
from shared.store.records import Kept, Link, Loss, Origin
from shared.sync.merge import Merged

Contents = tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Keeping:
    """`link` is as it is from then on."""

    link: Link
    policy: Policy
    now: datetime

    def of(self, side: Origin, before: Event | None, loss: Loss, by: str = "") -> Contents:
        """Unless `by` says otherwise, the other side took it away."""
        if before is None or not self.policy.undo_days:
            return ()
        if side is Origin.OUTLOOK and not _is_open(before, self.policy):
            return ()
        by = by or (Origin.OUTLOOK if side is Origin.APP else Origin.APP).value
        link, before = self.link, self._known(before)
        return (Kept(link.appointment, link.version, side, loss, before, self.now, by),)

    def _known(self, before: Event) -> Event:
        """Of an event made in Outlook, no more than the policy lets be known of it by now."""
        if self.link.origin is Origin.APP:
            return before
        now = self.link.outlook or before
        shaped = shape(replace(before, sensitivity=now.sensitivity), self.policy)
        return replace(shaped, sensitivity=before.sensitivity)

    def merged(self, app: Event | None, outlook: Event | None, merged: Merged) -> Contents:
        """In a conflict either side may lose a field; else only who did not write."""
        kept: Contents = ()
        if merged.app_needs:
            kept += self.of(Origin.APP, app, Loss.OVERWRITTEN)
        if any(conflict.winner is Winner.APP for conflict in merged.conflicts):
            kept += self.of(Origin.OUTLOOK, outlook, Loss.OVERWRITTEN)
        return kept


def _is_open(event: Event, policy: Policy) -> bool:
    """What the host app may not see is not kept for it."""
    ordinary = event.sensitivity is Sensitivity.NORMAL or policy.private_events is Privacy.FULL
    return ordinary and policy.privacy is Privacy.FULL
