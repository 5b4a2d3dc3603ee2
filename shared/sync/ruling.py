"""What a person says of a held round is stored, and done by the calendar's worker."""

from dataclasses import replace
from datetime import datetime

from shared.errors import Contended, Problem, Refused
from shared.policy.document import Document
from shared.policy.policy import Direction
from shared.store.records import Calendar, CalendarKey, Held, Ruling, Tenant
from shared.store.store import Store
from shared.sync.wake import Wake

ATTEMPTS = 5


async def held(store: Store, key: CalendarKey) -> tuple[Calendar, Held]:
    """Raises Refused where there is nothing to rule on."""
    calendar = await store.calendar(key)
    if calendar is None:
        raise Refused(Problem("calendar-unknown"))
    if calendar.held is None:
        raise Refused(Problem("not-held", "No round of this calendar is held."))
    return calendar, calendar.held


def check_discard(tenant: Tenant) -> None:
    direction = Document.from_json(tenant.policy).policy_for().direction
    if direction is Direction.TO_APP:
        raise Refused(
            Problem("direction-to-app", "This tenant's policy writes nothing to Outlook.")
        )


async def rule(
    store: Store, wake: Wake, key: CalendarKey, ruling: Ruling, now: datetime
) -> Calendar:
    """The last word counts, until the worker has begun with the round. Raises Refused."""
    for _ in range(ATTEMPTS):
        calendar, what = await held(store, key)
        await wake.remember(key, now)
        try:
            stored = await store.put_calendar(replace(calendar, held=replace(what, ruling=ruling)))
        except Contended:
            continue
        await wake.dirty(key, now)
        return stored
    raise Contended(after=1, reason="the calendar's row is changed faster than it is saved")
