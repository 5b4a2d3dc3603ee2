"""Several edits of one meeting soon after one another become one write, and one mail."""

from dataclasses import replace

from shared.errors import TryAgain
from shared.store.records import Link, Operation, OperationState, Pending, Settlement
from shared.sync.guard import quiet_until, will_mail
from shared.sync.shift import Shift


class NotYet(TryAgain):
    """No failure: a write that waits for the edits that may follow it."""


async def pause(shift: Shift, link: Link, pending: Pending) -> None:
    """Raises NotYet while a write that mails is too soon after the last; until when is stored,
    for whoever asks for the operation.
    """
    policy, now = shift.policy_for(link), shift.clock()
    until = quiet_until(link, policy)
    if until is None or until <= now or not will_mail(link, policy):
        return
    if pending.not_before != until:
        waiting = Operation(
            pending.appointment,
            pending.version,
            pending.wish,
            OperationState.PENDING,
            pending.accepted,
            warnings=pending.warnings,
            not_before=until,
        )
        keep = replace(pending, not_before=until)
        await shift.settle(Settlement(keep=keep, operations=(waiting,)))
    raise NotYet((until - now).total_seconds())
