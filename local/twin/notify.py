"""Change and lifecycle notifications: validated, queued, sent, tried again for four hours.

Times of Graph's rules: first attempt 3 s, later ones 10 s, back-off up to 4 h on the twin's
clock (change-notifications-delivery-webhooks). The pauses between attempts are the twin's own.
"""

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote_plus
from uuid import uuid4

import httpx

from local.twin.endpoints import Endpoints
from local.twin.subscriptions import Unacceptable
from local.twin.watch import Subscription, Subscriptions, when_text

if TYPE_CHECKING:
    from local.twin.app import Twin

Kind = Literal["created", "updated", "deleted"]
LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

VALIDATION_SECONDS = 10
FIRST_ATTEMPT_SECONDS = 3
LATER_ATTEMPT_SECONDS = 10
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(hours=4)
HOLD_SECONDS = 2.0
AUTHORIZATION_NOTICE = timedelta(minutes=10)
ITEMS_A_POST = 100
KEPT = 1_000


@dataclass
class Item:
    """`body` is what is sent; a held one waits until a later one has overtaken it."""

    subscription_id: str
    url: str
    body: dict[str, Any]
    held_since: float | None = None


@dataclass(frozen=True)
class Delivery:
    """One attempt. Status 0 means no answer; outcome: delivered, retrying or dropped."""

    at: datetime
    url: str
    attempt: int
    status: int
    milliseconds: float
    outcome: str
    items: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class Notifier:
    def __init__(
        self,
        twin: "Twin",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        authority: Path | None = None,
    ) -> None:
        self._twin = twin
        self._transport = transport
        self._authority = authority
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: dict[str, list[Item]] = {}
        self._flushing: set[str] = set()
        self.endpoints = Endpoints()
        self.subscriptions = Subscriptions()
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)

    def reset(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._pending.clear()
        self._flushing.clear()
        self.endpoints = Endpoints()
        self.subscriptions = Subscriptions()
        self.deliveries.clear()

    async def close(self) -> None:
        tasks = list(self._tasks)
        self.reset_tasks()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def reset_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()

    @property
    def idle(self) -> bool:
        """Nothing waits to be sent for the first time or again."""
        return not self._pending and not self._delivering()

    def _delivering(self) -> list[asyncio.Task[None]]:
        return [t for t in self._tasks if t.get_name() == "delivery"]

    async def settled(self, seconds: float) -> bool:
        """Waits until idle, at most that many real seconds."""
        until = time.monotonic() + seconds
        while (tasks := self._delivering()) and (left := until - time.monotonic()) > 0:
            await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return self.idle

    # what happened

    def changed(
        self,
        tenant_id: str,
        user_id: str,
        calendar_id: str,
        event_id: str,
        immutable_id: str,
        etag: str,
        kind: Kind,
    ) -> None:
        """Queues a notification for each subscription that watches; needs no running loop."""
        now = self._twin.clock.now()
        for subscription in self.subscriptions.of_mailbox(user_id, now):
            wanted = subscription.calendar_id in (None, calendar_id) and not subscription.paused
            if not wanted or subscription.tenant_id != tenant_id:
                continue
            shown_id = immutable_id if subscription.immutable_ids else event_id
            for echo in self._repeated(kind):
                if echo in subscription.kinds:
                    self._enqueue(_change_item(subscription, echo, shown_id, etag))

    def _repeated(self, kind: Kind) -> list[Kind]:
        """One edit may be told several times: a create as created, then updated."""
        count = max(1, self._twin.switches.notifications_per_change)
        later: Kind = "deleted" if kind == "deleted" else "updated"
        echoes: list[Kind] = [later] * (count - 1)
        return [kind, *echoes]

    def lifecycle(
        self, subscription_id: str, event: LifecycleEvent, *, pause: bool = False
    ) -> bool:
        """False when the subscription is gone or named no URL for lifecycle notifications."""
        now = self._twin.clock.now()
        found = self.subscriptions.get(subscription_id, now)
        if found is None:
            return False
        if event == "subscriptionRemoved":
            self.subscriptions.remove(subscription_id)
        elif pause:
            self.subscriptions.put(replace(found, paused=True))
        if found.lifecycle_url is None:
            return False
        self._push(Item(found.id, found.lifecycle_url, _lifecycle_body(found, event)))
        return True

    def watch(self, subscription_id: str) -> None:
        """Keeps the appointments of a new or renewed subscription, as the switches set them."""
        found = self.subscriptions.get(subscription_id, self._twin.clock.now())
        switches = self._twin.switches
        notice = timedelta(minutes=switches.reauthorize_before_expiry_minutes)
        lasts = timedelta(minutes=switches.authorization_lasts_minutes)
        if found is not None and notice:
            self._start(self._remind(found, found.expires - notice), "reminder")
        if found is not None and lasts:
            self._start(self._run_out(found, found.authorized + lasts), "authorization")

    async def _remind(self, watched: Subscription, due: datetime) -> None:
        await self._twin.clock.sleep_until(due)
        if self._current(watched):
            self.lifecycle(watched.id, "reauthorizationRequired")

    async def _run_out(self, watched: Subscription, end: datetime) -> None:
        await self._remind(watched, end - AUTHORIZATION_NOTICE)
        await self._twin.clock.sleep_until(end)
        if current := self._current(watched):
            self.subscriptions.put(replace(current, paused=True))

    def _current(self, watched: Subscription) -> Subscription | None:
        """The subscription, unless it ended or was renewed since."""
        found = self.subscriptions.get(watched.id, self._twin.clock.now())
        return found if found and found.authorized == watched.authorized else None

    # the handshake

    async def validate(self, url: str) -> None:
        """Raises Unacceptable, in Graph's words, when the endpoint does not prove itself."""
        token = (
            "Validation: Testing client application reachability for subscription Request-Id: "
            f"{uuid4()}"
        )
        address = f"{url}{'&' if '?' in url else '?'}validationToken={quote_plus(token)}"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            async with asyncio.timeout(VALIDATION_SECONDS):
                answer = await self._http.post(address, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            raise Unacceptable(
                400, "InvalidRequest", "Subscription validation request timed out."
            ) from None
        except httpx.HTTPError:
            raise _unproven("Notification endpoint could not be reached.") from None
        _check_validation(answer, token)

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            trust: ssl.SSLContext | bool = True
            if self._transport is None:
                trust = ssl.create_default_context()
                if self._authority is not None:
                    trust.load_verify_locations(self._authority)
            self._client = httpx.AsyncClient(
                transport=self._transport, verify=trust, timeout=None, trust_env=False
            )
        return self._client

    # the queue

    def _enqueue(self, item: Item) -> None:
        verdict = self.endpoints.verdict(item.url, self._twin.clock.now())
        if self._twin.switches.slow_endpoints_are_punished and verdict == "drop":
            return
        found = self.subscriptions.get(item.subscription_id, self._twin.clock.now())
        names = self._twin.directory.names(found.user_id if found else None)
        rule = self._twin.faults.for_notification(names)
        match rule.kind if rule else None:
            case "lose":
                return
            case "duplicate":
                self._push(item)
                self._push(replace(item))
            case "delay":
                self._later(item, rule.seconds if rule else 0)
            case "reorder":
                self._push(replace(item, held_since=time.monotonic()))
            case _ if self._twin.switches.slow_endpoints_are_punished and verdict == "delay":
                self._later(item, 600)
            case _:
                self._push(item)

    def _later(self, item: Item, seconds: float) -> None:
        due = self._twin.clock.now() + timedelta(seconds=seconds)

        async def wait() -> None:
            await self._twin.clock.sleep_until(due)
            self._push(item)

        self._start(wait(), "delay")

    def _push(self, item: Item) -> None:
        self._pending.setdefault(item.url, []).append(item)
        if item.url not in self._flushing and self._start(self._flush(item.url), "delivery"):
            self._flushing.add(item.url)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> bool:
        """False when no loop runs: what waits is sent with the next change that has one."""
        try:
            task = asyncio.get_running_loop().create_task(work, name=name)
        except RuntimeError:
            work.close()
            return False
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _flush(self, url: str) -> None:
        try:
            while self._pending.get(url):
                await asyncio.sleep(self._twin.switches.notification_delay_ms / 1000)
                ready = self._ready(url)
                for batch in ready:
                    self._start(self._deliver(url, batch), "delivery")
                if not ready:
                    await asyncio.sleep(0.05)
        finally:
            self._flushing.discard(url)

    def _ready(self, url: str) -> list[list[Item]]:
        """Batches in the order to send; a held item follows one that came after it."""
        items = self._pending.pop(url, [])
        free = [i for i in items if i.held_since is None]
        held = [i for i in items if i.held_since is not None]
        patient = [i for i in held if time.monotonic() - (i.held_since or 0) < HOLD_SECONDS]
        if not free and patient:
            self._pending[url] = patient
            held = [i for i in held if i not in patient]
        batches = [free[n : n + ITEMS_A_POST] for n in range(0, len(free), ITEMS_A_POST)]
        return [*batches, *([held] if held else [])]

    async def _deliver(self, url: str, items: list[Item]) -> None:
        began, pause, attempt = self._twin.clock.now(), FIRST_PAUSE, 1
        while items and not await self._attempt(url, items, attempt, began):
            if self._twin.clock.now() - began >= GIVE_UP_AFTER:
                return
            await self._twin.clock.sleep_until(self._twin.clock.now() + pause)
            pause, attempt = min(pause * 2, LONGEST_PAUSE), attempt + 1
            items = [i for i in items if self._wanted(i)]

    def _wanted(self, item: Item) -> bool:
        removed = item.body.get("lifecycleEvent") == "subscriptionRemoved"
        now = self._twin.clock.now()
        return removed or self.subscriptions.get(item.subscription_id, now) is not None

    async def _attempt(self, url: str, items: list[Item], attempt: int, began: datetime) -> bool:
        patience = FIRST_ATTEMPT_SECONDS if attempt == 1 else LATER_ATTEMPT_SECONDS
        started, status = time.monotonic(), 0
        with contextlib.suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(patience):
                answer = await self._http.post(url, json={"value": [i.body for i in items]})
                status = answer.status_code
        seconds = time.monotonic() - started
        self.endpoints.note(url, seconds, self._twin.clock.now())
        delivered = 200 <= status < 300
        last = self._twin.clock.now() - began >= GIVE_UP_AFTER
        outcome = "delivered" if delivered else "dropped" if last else "retrying"
        self.deliveries.append(
            Delivery(
                at=self._twin.clock.now(),
                url=url,
                attempt=attempt,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                outcome=outcome,
                items=[i.body for i in items],
            )
        )
        return delivered


def _change_item(subscription: Subscription, kind: Kind, event_id: str, etag: str) -> Item:
    resource = f"Users/{subscription.user_id}/Events/{event_id}"
    body = {
        **_common(subscription),
        "changeType": kind,
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "@odata.etag": etag,
            "id": event_id,
        },
    }
    return Item(subscription.id, subscription.notification_url, body)


def _lifecycle_body(subscription: Subscription, event: LifecycleEvent) -> dict[str, Any]:
    body = _common(subscription)
    body["lifecycleEvent"] = event
    return body


def _common(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": when_text(subscription.expires),
        "clientState": subscription.client_state,
        "tenantId": subscription.tenant_id,
    }


def _check_validation(answer: httpx.Response, token: str) -> None:
    if answer.status_code != 200:
        raise _unproven("Notification endpoint must respond with 200 OK to validation request.")
    if not answer.headers.get("content-type", "").lower().startswith("text/plain"):
        raise _unproven("The answer to the validation request must be text/plain.")
    if answer.text.strip() != token:
        raise _unproven("The answer to the validation request must be the decoded token.")


def _unproven(why: str) -> Unacceptable:
    return Unacceptable(400, "ValidationError", f"Subscription validation request failed. {why}")
