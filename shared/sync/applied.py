"""A pending change that Outlook has: settled, and told to whom it concerns."""

from dataclasses import replace

from shared.store.records import CalendarKey, Link, Settlement
from shared.sync.conference import join_url_for_app
from shared.sync.derived import following
from shared.sync.home import is_moving_here
from shared.sync.inbound import ended
from shared.sync.report import outcome
from shared.sync.shift import Shift
from shared.sync.work import Work


async def settle_applied(shift: Shift, work: Work, link: Link) -> None:
    """`link` is the link from then on."""
    now = shift.clock()
    settlement = Settlement(link=link, done=work.pending)
    if not work.pending.silent:
        done = ended(work.pending, now, warnings=work.warnings)
        told = outcome(shift.key, done, now, join_url_for_app(link))
        settlement = replace(settlement, operations=(done,), changes=(told,))
    await shift.settle(following(shift.policy_for(link), work.pending, settlement, now))
    if is_moving_here(link):
        await shift.wake.writer(CalendarKey.parse(link.home))


async def settle_unchanged(shift: Shift, work: Work) -> None:
    """Outlook shows what is wanted already, as far as the last look goes, or as it can."""
    base = work.link.outlook if work.link.home else work.link.app
    await settle_applied(shift, work, replace(work.link, base=base))
