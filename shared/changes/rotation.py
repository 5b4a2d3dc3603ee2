"""A new signing secret for an endpoint, while the former ones go on for a while.

The name of what is being made is in the endpoint's row before the vault knows it, and the secret
is in the vault before the row says that it is in force. So whoever is cut off leaves nothing that
nobody knows of, and the endpoint always has a secret. Names are never used again: what a process
has read of the vault stays good.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.changes.endpoints import find_endpoint, name_of
from shared.changes.signing import new_secret
from shared.errors import Contended, Problem, Refused
from shared.services import Services
from shared.settings import Secret
from shared.store.records import Due, DueKind, Endpoint
from shared.sync.wake import DELIVER

OVERLAP_HOURS = 24
MOST_OVERLAP_HOURS = 720
# Each one more is one more signature with every delivery.
MOST_FORMER = 5
# Longer than a vault that answers at all takes.
MAKING = timedelta(minutes=10)
TRIES = 5
SOON = 2.0


@dataclass(frozen=True, slots=True)
class Rotated:
    """The secret is shown this once; afterwards only the vault has it."""

    endpoint: Endpoint
    secret: Secret


async def rotate_secret(
    services: Services, tenant: str, endpoint: str, overlap: timedelta
) -> Rotated:
    """Asked for again, what it gave before is one more of the former secrets: no receiver that
    has any of them is left out. No former one outlives the overlap asked for last.
    """
    name, secret = secrets.token_hex(8), new_secret()
    found = await _changed(
        services, tenant, endpoint, lambda e, now: _begun(e, name, now, overlap)
    )
    await services.signing.keep(found.id, secret, name)
    kept = await _changed(services, tenant, endpoint, lambda e, now: _done(e, name, now, overlap))
    await services.queues.send(DELIVER, name_of(kept))
    return Rotated(kept, secret)


async def shed(services: Services, endpoint: Endpoint) -> Endpoint:
    """Without the secrets whose time is over, which go from the vault first."""
    now = services.clock()
    ended = {name for name, until in (*endpoint.former, *endpoint.coming) if until <= now}
    if not ended:
        return endpoint
    await services.signing.destroy_named(endpoint.id, sorted(ended))
    former = tuple(one for one in endpoint.former if one[0] not in ended)
    coming = tuple(one for one in endpoint.coming if one[0] not in ended)
    return await services.store.put_endpoint(replace(endpoint, former=former, coming=coming))


def with_secrets_of(wanted: Endpoint, fresh: Endpoint) -> Endpoint:
    """What is wanted of a row that a rotation has changed meanwhile."""
    return replace(
        wanted,
        secret=fresh.secret,
        former=fresh.former,
        coming=fresh.coming,
        etag=fresh.etag,
    )


def _begun(endpoint: Endpoint, name: str, now: datetime, overlap: timedelta) -> Endpoint:
    _check_room(endpoint, now, overlap)
    return replace(endpoint, coming=(*endpoint.coming, (name, now + MAKING)))


def _check_room(endpoint: Endpoint, now: datetime, overlap: timedelta) -> None:
    """Raises Refused where one more would be too many."""
    in_force = [until for _, until in endpoint.former if until > now]
    if overlap and len(in_force) >= MOST_FORMER:
        detail = f"The first of the {MOST_FORMER} former secrets ends at {min(in_force)}."
        raise Refused(Problem("secret-rotated-too-often", detail, "/overlap_hours"))


def _done(endpoint: Endpoint, name: str, now: datetime, overlap: timedelta) -> Endpoint:
    """Raises Contended for one that took so long that its secret may be gone again."""
    until = dict(endpoint.coming).get(name)
    if until is None or until - MAKING / 2 <= now:
        raise Contended(SOON, "the rotation took too long")
    last = now + overlap
    former = ((known, min(end, last)) for known, end in endpoint.former)
    return replace(
        endpoint,
        secret=name,
        former=(*former, (endpoint.secret, last)),
        coming=tuple(one for one in endpoint.coming if one[0] != name),
    )


async def _changed(
    services: Services,
    tenant: str,
    endpoint: str,
    change: Callable[[Endpoint, datetime], Endpoint],
) -> Endpoint:
    """A delivery may save its cursor at any moment, so the row is read again and changed again.
    The reminder comes first: it finds what ends, whoever dies meanwhile.
    """
    for _ in range(TRIES):
        found = await find_endpoint(services, tenant, endpoint)
        wanted = change(found, services.clock())
        for at in {until for _, until in (*wanted.former, *wanted.coming)}:
            await services.store.remind(Due(DueKind.DELIVER, at, name_of(found)))
        try:
            return await services.store.put_endpoint(wanted)
        except Contended:
            continue
    raise Contended(SOON, "the endpoint is being changed by others")
