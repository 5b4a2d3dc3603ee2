"""Keeps a calendar's subscription alive: made, renewed at half life, made anew when gone.

A mailbox that accepts none is no failure: it is polled instead, and says so.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from shared.errors import Contended, Rejected, Throttled, Unavailable
from shared.graph.seen import Subscription
from shared.store.records import Calendar, CalendarKey, Due, DueKind
from shared.sync.shift import Shift

# Graph's longest for events is 10,080 minutes; asking for the very most invites a refusal.
LIFE = timedelta(minutes=10_070)
# After a refusal Graph is asked again; until then the calendar is polled.
REFUSED_FOR = timedelta(hours=1)
LATER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where Graph can reach us."""

    public_url: str

    def notifications(self, key: CalendarKey) -> str:
        return f"{self.public_url}/graph/notifications?calendar={quote(str(key))}"

    def lifecycle(self, key: CalendarKey) -> str:
        return f"{self.public_url}/graph/lifecycle?calendar={quote(str(key))}"


async def keep_subscribed(shift: Shift, hooks: Hooks) -> None:
    now = shift.clock()
    if not _is_due(shift.calendar, now):
        return None
    try:
        subscription = await _renewed(shift, now) or await _made(shift, hooks, now)
    except Rejected:
        return await _polled(shift, now)
    except (Throttled, Unavailable):
        # The calendar is not to wait for it: the round goes on, and the next one tries again.
        return await _remind(shift, now + LATER)
    await shift.save(
        replace(
            shift.calendar,
            subscription=subscription.id,
            subscription_expires=subscription.expires,
        )
    )
    await _remind(shift, now + (subscription.expires - now) / 2)
    return None


def _is_due(calendar: Calendar, now: datetime) -> bool:
    expires = calendar.subscription_expires
    return expires is None or expires - now < LIFE / 2


async def _renewed(shift: Shift, now: datetime) -> Subscription | None:
    if not shift.calendar.subscription:
        return None
    await shift.breathe()
    return await shift.mailbox.renew(shift.calendar.subscription, now + LIFE)


async def _made(shift: Shift, hooks: Hooks, now: datetime) -> Subscription:
    """The secret is stored first: a notification may come before Graph's answer does."""
    state = secrets.token_urlsafe(32)
    await shift.save(replace(shift.calendar, subscription="", client_state=state))
    urls = hooks.notifications(shift.key), hooks.lifecycle(shift.key)
    try:
        return await shift.mailbox.subscribe(*urls, state, now + LIFE)
    except Contended:
        await _end_strays(shift)
    try:
        return await shift.mailbox.subscribe(*urls, state, now + LIFE)
    except Contended as again:
        raise Unavailable(reason="a subscription is in the way that is not listed") from again


async def _end_strays(shift: Shift) -> None:
    """Left behind by a crash between Graph's answer and our row."""
    for stray in await shift.mailbox.subscriptions():
        await shift.mailbox.unsubscribe(stray.id)


async def _polled(shift: Shift, now: datetime) -> None:
    await shift.save(
        replace(shift.calendar, subscription="", subscription_expires=now + LIFE / 2 + REFUSED_FOR)
    )
    await _remind(shift, now + REFUSED_FOR)


async def _remind(shift: Shift, at: datetime) -> None:
    await shift.store.remind(Due(DueKind.RENEW, at, str(shift.key)))


async def end_subscription(shift: Shift) -> None:
    if not shift.calendar.subscription:
        return
    await shift.mailbox.unsubscribe(shift.calendar.subscription)
    await shift.save(replace(shift.calendar, subscription="", subscription_expires=None))
