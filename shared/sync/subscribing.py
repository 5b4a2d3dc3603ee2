"""Keeps a calendar's subscription alive: made, renewed at half life, made anew when gone.

A mailbox that accepts none is no failure: it is polled instead, and says so.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.errors import Contended, Reconnect, Rejected, Throttled, Unavailable
from shared.graph.seen import Subscription
from shared.store.records import Calendar, CalendarKey, Due, DueKind
from shared.store.store import Store
from shared.sync.rows import change_row
from shared.sync.shift import Shift
from shared.sync.standing import REFUSED_TOO_OFTEN, is_of_grant
from shared.sync.wake import Wake

# Graph's longest for events is 10,080 minutes; asking for the very most invites a refusal.
LIFE = timedelta(minutes=10_070)
# After a refusal Graph is asked again, later and later; until then the calendar is polled.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
LATER = timedelta(minutes=5)
# Two renewals, or what Graph takes for one, within ten minutes do harm.
APART = timedelta(minutes=10)
# Calendars that are due together are spread over so many seconds.
AT_ONCE = 10.0
# Refusals that a handshake which came to nothing is told by: a cold start may be behind it.
HANDSHAKE = frozenset({"validationerror", "invalidrequest", "badrequest", ""})


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where Graph can reach us. `warm` calls one of these URLs as Graph will."""

    public_url: str
    warm: Callable[[str], Awaitable[None]] | None = None

    async def warmed(self) -> None:
        """Before Graph calls, who has ten seconds of patience."""
        if self.warm is not None:
            await self.warm(f"{self.public_url}/graph/notifications")

    def notifications(self, key: CalendarKey) -> str:
        return f"{self.public_url}/graph/notifications?calendar={quote(str(key))}"

    def lifecycle(self, key: CalendarKey) -> str:
        return f"{self.public_url}/graph/lifecycle?calendar={quote(str(key))}"


async def keep_subscribed(shift: Shift, hooks: Hooks) -> None:
    now = shift.clock()
    if not _is_due(shift.calendar, now):
        return
    try:
        subscription = await _renewed(shift, now) or await _made(shift, hooks, now)
    except Rejected as refusal:
        await _polled(shift, refusal, now)
    except (Throttled, Unavailable) as busy:
        # The calendar is not to wait for it: the round goes on, and a later one tries again.
        wait = max(LATER, timedelta(seconds=busy.after))
        await _later(shift, now + wait + timedelta(seconds=spread(shift.key, 60)))
    else:
        await _kept(shift, subscription, now)


async def _kept(shift: Shift, subscription: Subscription, now: datetime) -> None:
    """Renewed at half of the life that Graph gave it, not in the same minute as all others."""
    life = max(subscription.expires - now, timedelta())
    due = now + life / 2 + timedelta(seconds=spread(shift.key, life.total_seconds() / 16))
    await _remind(shift, due)
    await shift.keep(
        subscription=subscription.id,
        subscription_expires=subscription.expires,
        subscription_due=due,
        subscription_renewed=now,
        subscription_tries=0,
    )


def _is_due(calendar: Calendar, now: datetime) -> bool:
    if calendar.subscription_due is not None:
        return calendar.subscription_due <= now
    expires = calendar.subscription_expires
    return expires is None or expires - now < LIFE / 2


def changes_by(event: str, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """What Graph's lifecycleEvent, in any case, asks of the row; nothing where a round is all.
    Renewing does what reauthorizing does, so never twice in ten minutes.
    """
    renewed = calendar.subscription_renewed
    match event.lower():
        case "subscriptionremoved":
            return {"subscription": "", "subscription_due": now}
        case "reauthorizationrequired":
            return {"subscription_due": max(now, renewed + APART) if renewed else now}
        case _:
            return {}


def spread(key: CalendarKey, seconds: float) -> float:
    """Always the same for a calendar, between 0 and `seconds`."""
    return int(hashlib.sha256(str(key).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF * seconds


async def _renewed(shift: Shift, now: datetime) -> Subscription | None:
    if not shift.calendar.subscription:
        return None
    await shift.breathe()
    try:
        return await shift.mailbox.renew(shift.calendar.subscription, now + LIFE)
    except Reconnect as reconnect:
        if is_of_grant(reconnect.cause):
            raise
        # Of the subscription or of the mailbox: what follows finds out which.
        return None


async def _made(shift: Shift, hooks: Hooks, now: datetime) -> Subscription:
    """The secret is stored first: a notification may come before Graph's answer does."""
    state = secrets.token_urlsafe(32)
    await shift.keep(subscription="", client_state=state)
    await hooks.warmed()
    await shift.breathe()
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


async def _polled(shift: Shift, refusal: Rejected, now: datetime) -> None:
    """Our own URL may have been too slow, as it is after a cold start; of anything else Graph
    will not think better so soon.
    """
    code = str(refusal.problem.extra.get("microsoft_code", "")).lower()
    tries = shift.calendar.subscription_tries + 1
    pause = min(FIRST_PAUSE * 2 ** min(tries - 1, 6), LONGEST_PAUSE)
    if code not in HANDSHAKE:
        tries, pause = max(tries, REFUSED_TOO_OFTEN), LONGEST_PAUSE
    due = now + pause + timedelta(seconds=spread(shift.key, pause.total_seconds() / 2))
    await _remind(shift, due)
    await shift.keep(subscription="", subscription_due=due, subscription_tries=tries)


async def _later(shift: Shift, due: datetime) -> None:
    await _remind(shift, due)
    await shift.keep(subscription_due=due)


async def _remind(shift: Shift, at: datetime) -> None:
    await shift.store.remind(Due(DueKind.RENEW, at, str(shift.key)))


async def end_subscription(shift: Shift) -> None:
    if not shift.calendar.subscription:
        return
    await shift.mailbox.unsubscribe(shift.calendar.subscription)
    await shift.keep(subscription="", subscription_expires=None, subscription_due=None)


async def hear(store: Store, wake: Wake, key: CalendarKey, event: str, now: datetime) -> None:
    """Graph's word about our subscription; `event` is its lifecycleEvent, in any case."""
    calendar = await store.calendar(key)
    if calendar is None:
        return
    if told := changes_by(event, calendar, now):
        await change_row(store, key, lambda row: replace(row, **told))
        await store.remind(Due(DueKind.RENEW, told["subscription_due"], str(key)))
    # What Graph tells of many at once is not to be answered all at once.
    await wake.dirty(key, now, after=spread(key, AT_ONCE))
