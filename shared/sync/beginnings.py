"""When what a round shows was done in Outlook, as far as anybody tells: it measures the lag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.graph.seen import Seen
from shared.store.records import Change, Settlement

OF_OUTLOOK = "calbridge.appointment."
# Exchange's clock is not ours.
APART = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Beginnings:
    """`marked` is when the calendar was marked for the round: by Graph's notification, or a poll.
    `modified` is lastModifiedDateTime by event id.
    """

    marked: datetime | None = None
    last_round: datetime | None = None
    modified: Mapping[str, datetime] = field(default_factory=dict[str, datetime])

    def told(self, settlement: Settlement) -> Settlement:
        """Each change of Outlook's with its beginning, where that is known."""
        if self.marked is None or not settlement.changes:
            return settlement
        began = self._of(settlement.link.event_id if settlement.link else "", self.marked)
        changes = tuple(_begun(change, began) for change in settlement.changes)
        return replace(settlement, changes=changes)

    def _of(self, event_id: str, marked: datetime) -> datetime:
        """An event may be shown for another reason than its last edit, which is then older than
        the round before: a removal, a day of a series, a window that slides.
        """
        modified = self.modified.get(event_id)
        if modified is None or self.last_round is None or modified < self.last_round - APART:
            return marked
        return min(modified, marked)


def beginnings(marked: datetime, last_round: datetime | None, items: Iterable[Seen]) -> Beginnings:
    modified = {one.event_id: one.last_modified for one in items if one.last_modified}
    return Beginnings(marked, last_round, modified)


def _begun(change: Change, began: datetime) -> Change:
    return replace(change, began=began) if change.type.startswith(OF_OUTLOOK) else change
