"""Timer triggers: one at a time over all hosts, and what was missed is made up for once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from local.host.lock import Lock
from local.host.protos import RetryContext, RpcRetryOptions
from local.host.schedule import Schedule

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient

log = logging.getLogger("host")

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Status:
    """When a timer last started, is due next, and when that was noted. UTC."""

    last: datetime
    next: datetime
    updated: datetime

    def document(self) -> dict[str, str]:
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }

    @classmethod
    def parse(cls, text: bytes) -> Status:
        document = json.loads(text)
        names = ("Last", "Next", "LastUpdated")
        return cls(*(_utc(datetime.fromisoformat(document[name])) for name in names))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def on_start(schedule: Schedule, stored: Status | None, now: datetime) -> tuple[Status, bool]:
    """The status to begin with, and whether a call is past due.

    A stored Next that does not follow from its Last means the schedule was changed, which
    never counts as past due.
    """
    if stored is None:
        return Status(NEVER, schedule.after(now), now), False
    expected = schedule.after(stored.updated if stored.last == NEVER else stored.last)
    if stored.next == expected:
        return stored, now > expected
    due = schedule.after(now) if now > expected else expected
    return Status(stored.last, due, now), False


class Monitor:
    """The status blob of one timer."""

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob

    async def read(self) -> Status | None:
        try:
            stream = await self._blob.download_blob()
            return Status.parse(await stream.readall())
        except (ResourceNotFoundError, ValueError, KeyError):
            return None

    async def write(self, status: Status) -> None:
        await self._blob.upload_blob(json.dumps(status.document()), overwrite=True)


@dataclass(frozen=True)
class TimerPlan:
    schedule: Schedule
    run_on_startup: bool = False
    retry: RpcRetryOptions | None = None


# Runs the function with a payload and a retry context; says whether it succeeded.
Fire = Callable[[str, RetryContext], Awaitable[bool]]


class TimerListener:
    """Fires one timer. `monitor` is None when the timer keeps no status."""

    def __init__(
        self, name: str, plan: TimerPlan, lock: Lock, monitor: Monitor | None, fire: Fire
    ) -> None:
        self._name, self._plan, self._lock = name, plan, lock
        self._monitor, self._call = monitor, fire
        self._status: Status | None = None
        self._stop = asyncio.Event()
        self._begun = False

    def stop(self) -> None:
        self._stop.set()

    async def listen(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    await self._turn()
                except AzureError as error:
                    log.warning("Timer '%s' cannot reach storage: %s", self._name, error)
                    await self._wait(5)
        finally:
            await self._lock.release()

    async def _turn(self) -> None:
        """From getting the lock to losing it."""
        if not await self._locked():
            return
        last = await self._begin()
        while self._lock.held and not self._stop.is_set():
            due = self._plan.schedule.after(last)
            if await self._until(due):
                last = max(due, datetime.now(UTC)) if self._is_late(due) else due
                await self._fire(last, past_due=False)

    def _is_late(self, due: datetime) -> bool:
        """Whether a later time has passed too: those calls are not made up for one by one."""
        return self._plan.schedule.after(due) <= datetime.now(UTC)

    async def _locked(self) -> bool:
        told = False
        while not self._stop.is_set():
            # Still ours when only the status could not be read or written.
            if self._lock.held or await self._lock.try_acquire():
                return True
            if not told:
                log.info("Timer '%s' waits: another host holds its lock", self._name)
                told = True
            await self._wait(self._lock.options.recovery)
        return False

    async def _begin(self) -> datetime:
        now = datetime.now(UTC)
        past_due = False
        if self._monitor:
            self._status, past_due = on_start(self._plan.schedule, await self._monitor.read(), now)
            await self._monitor.write(self._status)
        starting, self._begun = not self._begun, True
        if past_due or (self._plan.run_on_startup and starting):
            await self._fire(now, past_due=past_due)
        return now

    async def _until(self, due: datetime) -> bool:
        """True when it is due; False when the wait ended for another reason."""
        while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
            # In pieces, so that a lost lock or a clock that was set is noticed.
            if await self._wait(min(left, 1)) or not self._lock.held:
                return False
        return not self._stop.is_set()

    async def _wait(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _fire(self, started: datetime, *, past_due: bool) -> None:
        await self._attempts(payload(self._status, past_due=past_due))
        if self._monitor:
            due = self._plan.schedule.after(started)
            self._status = Status(started, due, datetime.now(UTC))
            await self._monitor.write(self._status)

    async def _attempts(self, text: str) -> None:
        most = self._plan.retry.max_retry_count if self._plan.retry else 0
        for attempt in range(most + 1):
            if await self._call(text, RetryContext(attempt, most)) or attempt == most:
                return
            if await self._wait(retry_delay(self._plan.retry, attempt)):
                return


def payload(status: Status | None, *, past_due: bool) -> str:
    document: dict[str, Any] = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.document() if status else None,
        "IsPastDue": past_due,
    }
    return json.dumps(document)


def retry_delay(policy: RpcRetryOptions | None, attempt: int) -> float:
    """Seconds before the next attempt: fixed, or exponential between the policy's bounds."""
    if policy is None:
        return 0
    if policy.delay_interval is not None:
        return policy.delay_interval.total_seconds()
    least = policy.minimum_interval.total_seconds() if policy.minimum_interval else 0
    most = policy.maximum_interval.total_seconds() if policy.maximum_interval else least
    return min(least + least * (2**attempt - 1) * random.uniform(0.8, 1.2), most)
