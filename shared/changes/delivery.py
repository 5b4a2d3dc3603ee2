"""Sends one endpoint what is behind its cursor, in order, one worker at a time.

Nothing here waits: a failure is kept with the time of the next try, and a message for then.
"""

import asyncio
import json
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

import httpx
from opentelemetry.trace import SpanKind

from shared.changes.cloud_event import CONTENT_TYPE, cloud_event
from shared.changes.endpoints import name_of
from shared.changes.rotation import shed, with_secrets_of
from shared.changes.signing import signature
from shared.errors import Contended, Refused
from shared.observe import note
from shared.services import Services
from shared.settings import Secret
from shared.store.records import Change, Due, DueKind, Endpoint, EndpointState
from shared.sync.wake import DELIVER
from shared.telemetry import counted, lasted, span, tell

TIMEOUT = 15
PAGE = 100
SAVE_EVERY = 20
# Saving renews the lease: it must outlast SAVE_AFTER and one delivery.
SAVE_AFTER = timedelta(seconds=30)
LEASE = timedelta(seconds=90)
# Longer backlogs go on with a new message, so that one endpoint does not hold a worker for hours.
MOST_PER_RUN = 1000
MOST_ANSWER = 64 * 1024

OF_OUTLOOK = "calbridge.appointment."
SUCCESS = range(200, 300)
GONE = 410

# Standard Webhooks, "deliverability and reliability": the pauses between tries.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)


class Outcome(Enum):
    CONFIRMED = auto()
    FAILED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class _Run:
    """One worker's turn with an endpoint. `saved` is when the row was last written."""

    services: Services
    endpoint: Endpoint
    secrets: tuple[Secret, ...]
    saved: datetime
    unsaved: int = 0
    sent: int = 0


def parse_name(name: str) -> tuple[str, str]:
    """Raises ValueError when `name` is not `tenant~endpoint`."""
    tenant, tilde, endpoint = name.partition("~")
    if not (tenant and tilde and endpoint):
        raise ValueError("an endpoint's name is tenant~endpoint")
    return tenant, endpoint


async def deliver(services: Services, tenant: str, endpoint: str) -> None:
    """Quietly does nothing when the endpoint is gone, disabled, held by another worker (which
    looks again before it ends) or waiting for its next try.
    """
    found = await services.store.endpoint(tenant, endpoint)
    found = await shed(services, found) if found else None
    if found is None or not _ready(found, services.clock()):
        return
    while await services.store.head(tenant) > found.cursor:
        secrets = await services.signing.of(found, services.clock())
        if not secrets:
            await _disable(services, found, "endpoint-secret-missing")
            return
        held = await _hold(services, found)
        if held is None:
            return
        run = await _send_all(_Run(services, held, secrets, services.clock()))
        found = run.endpoint
        if found.state is not EndpointState.ACTIVE:
            return
        if run.sent >= MOST_PER_RUN:
            await services.queues.send(DELIVER, name_of(found))
            return


def _ready(endpoint: Endpoint, now: datetime) -> bool:
    waiting = endpoint.next_try is not None and endpoint.next_try > now
    held = endpoint.busy_until is not None and endpoint.busy_until > now
    return endpoint.state is not EndpointState.DISABLED and not waiting and not held


async def _hold(services: Services, endpoint: Endpoint) -> Endpoint | None:
    """The due row finds the endpoint again should this worker die with the lease."""
    until = services.clock() + LEASE
    await services.store.remind(Due(DueKind.DELIVER, until, name_of(endpoint)))
    try:
        return await services.store.put_endpoint(replace(endpoint, busy_until=until))
    except Contended:
        return None


async def _send_all(run: _Run) -> _Run:
    """To the end of the log, to the first failure, or to the run's limit; the lease is free
    afterwards.
    """
    endpoint = run.endpoint
    while run.sent < MOST_PER_RUN:
        page = await run.services.store.changes(endpoint.tenant, run.endpoint.cursor, PAGE)
        if not page:
            break
        for change in page:
            outcome = await _post(run, change)
            if outcome is Outcome.GONE:
                return replace(run, endpoint=await _gone(run))
            if outcome is Outcome.FAILED:
                return replace(run, endpoint=await _failed(run))
            run = await _confirmed(run, change)
    return replace(run, endpoint=await _free(run))


async def _confirmed(run: _Run, change: Change) -> _Run:
    healthy = replace(
        run.endpoint,
        cursor=change.number,
        failures=0,
        next_try=None,
        state=EndpointState.ACTIVE,
        cause="",
    )
    run = replace(run, endpoint=healthy, unsaved=run.unsaved + 1, sent=run.sent + 1)
    now = run.services.clock()
    if run.unsaved < SAVE_EVERY and now - run.saved < SAVE_AFTER:
        return run
    kept = await _saved(run.services, run.endpoint, replace(healthy, busy_until=now + LEASE))
    secrets = await run.services.signing.of(kept, now)
    return replace(run, endpoint=kept, secrets=secrets or run.secrets, unsaved=0, saved=now)


async def _saved(services: Services, held: Endpoint, wanted: Endpoint) -> Endpoint:
    """Also where a rotation has changed the secrets meanwhile. Raises Contended where the lease
    of `held` is no longer this worker's.
    """
    try:
        return await services.store.put_endpoint(wanted)
    except Contended:
        fresh = await services.store.endpoint(held.tenant, held.id)
        if fresh is None or fresh.busy_until != held.busy_until:
            raise
        return await services.store.put_endpoint(with_secrets_of(wanted, fresh))


async def _free(run: _Run) -> Endpoint:
    return await _saved(run.services, run.endpoint, replace(run.endpoint, busy_until=None))


async def _gone(run: _Run) -> Endpoint:
    return await _disable(run.services, run.endpoint, "endpoint-gone")


async def _disable(services: Services, endpoint: Endpoint, cause: str) -> Endpoint:
    note("endpoint.disabled", tenant=endpoint.tenant, endpoint=endpoint.id, cause=cause)
    wanted = replace(
        endpoint, state=EndpointState.DISABLED, cause=cause, busy_until=None, next_try=None
    )
    return await _saved(services, endpoint, wanted)


async def _failed(run: _Run) -> Endpoint:
    failures = run.endpoint.failures + 1
    if failures > len(SCHEDULE):
        return await _disable(run.services, run.endpoint, "endpoint-given-up")
    pause = spread(SCHEDULE[failures - 1])
    next_try = run.services.clock() + pause
    waiting = replace(
        run.endpoint,
        state=EndpointState.FAILING,
        cause="endpoint-failing",
        failures=failures,
        next_try=next_try,
        busy_until=None,
    )
    name = name_of(waiting)
    await run.services.store.remind(Due(DueKind.DELIVER, next_try, name))
    kept = await _saved(run.services, run.endpoint, waiting)
    await run.services.queues.send(DELIVER, name, pause.total_seconds() + 1)
    return kept


def spread(pause: timedelta) -> timedelta:
    """Up to a fifth longer, so that endpoints that failed together do not return together."""
    return pause * (1 + random.uniform(0, 0.2))  # noqa: S311 - spreads load, no secret


async def _post(run: _Run, change: Change) -> Outcome:
    told = {"tenant": run.endpoint.tenant, "endpoint": run.endpoint.id, "number": change.number}
    with span("delivery", (change.traceparent,), SpanKind.CLIENT, **told):
        outcome = await _sent(run, change)
        tell(outcome=outcome.name.lower())
    counted("deliveries", outcome=outcome.name.lower())
    if outcome is Outcome.CONFIRMED and change.type.startswith(OF_OUTLOOK):
        lag = run.services.clock() - (change.began or change.time)
        lasted("lag.in", lag.total_seconds())
    return outcome


async def _sent(run: _Run, change: Change) -> Outcome:
    endpoint, now = run.endpoint, run.services.clock()
    body = json.dumps(cloud_event(endpoint.tenant, change), ensure_ascii=False)
    headers = {
        "content-type": CONTENT_TYPE,
        **signature(run.secrets, f"{endpoint.tenant}-{change.number}", now, body),
    }
    status = await _status(run.services.http, endpoint.url, body.encode(), headers)
    note(
        "delivery",
        tenant=endpoint.tenant,
        endpoint=endpoint.id,
        number=change.number,
        status=status,
    )
    tell(status=status)
    if status == GONE:
        return Outcome.GONE
    return Outcome.CONFIRMED if status in SUCCESS else Outcome.FAILED


async def _status(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]
) -> int:
    """0 when there was no answer in time. The answer's body is read only to keep the
    connection, and only so far.
    """
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > MOST_ANSWER:
                    break
            return response.status_code
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, Refused):
        return 0
