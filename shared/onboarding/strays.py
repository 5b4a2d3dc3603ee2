"""Secrets that no connection refers to: a grant's is written before its connection is stored, so
a sign-in that is cut off in between leaves one that nothing names.

What reminds of it is stored before either, and dropped by a sign-in that comes to its end. It
outlives its tenant, so it holds the ids sealed.
"""

import secrets
from contextlib import suppress
from datetime import datetime

from shared.custody.grants import Granted
from shared.custody.state import opened_name, sealed_name
from shared.errors import TryAgain
from shared.observe import note
from shared.onboarding.connections import keep_connection
from shared.onboarding.erasing import LATE, SEALED
from shared.services import Services
from shared.store.records import CalendarKey, Connection, ConnectionKind, Due, DueKind, State
from shared.sync.wake import GRACE

MOST = 20


async def keep_granted(services: Services, connection: Connection, granted: Granted) -> Connection:
    """The secret of a connection, then the connection."""
    due = Due(DueKind.GRANT, services.clock() + LATE, _sealed(services, connection))
    await services.store.remind(due)
    await services.grants.keep(connection, granted)
    kept = await keep_connection(services, connection)
    await services.store.forget(due)
    return kept


async def end_strays(services: Services, now: datetime) -> int:
    """The timer's pass; how many were destroyed. What cannot be now stays due."""
    count = 0
    for due in await services.store.due(DueKind.GRANT, now, limit=MOST):
        with suppress(TryAgain):
            count += await _ended(services, due, now)
            await services.store.forget(due)
    return count


async def _ended(services: Services, due: Due, now: datetime) -> bool:
    """Where an end is under way, its worker may need the grant until it destroys it, or may have
    destroyed it before the sign-in wrote it anew.
    """
    key = _opened(services, due.name)
    if key is None or await _is_left_to_another(services, due, key, now):
        return False
    found = await services.store.connection(key.tenant, key.calendar)
    if found is not None and found.state is State.DISCONNECTING:
        await services.store.remind(Due(DueKind.GRANT, now + LATE, due.name))
    if found is not None and found.state is not State.DISCONNECTED:
        return False
    await services.grants.forget(_unkept(key, now))
    note("grant.stray", tenant=key.tenant, connection=key.calendar)
    return True


async def _is_left_to_another(
    services: Services, due: Due, key: CalendarKey, now: datetime
) -> bool:
    """Whoever signed in again since may be about to store the connection."""
    known = await services.store.due(DueKind.GRANT, now + LATE + GRACE)
    later = [one for one in known if one.at > due.at]
    return any(_opened(services, one.name) == key for one in later)


def _sealed(services: Services, connection: Connection) -> str:
    """Never twice the same: who ends well drops no other sign-in's."""
    name = f"{connection.tenant}~{connection.id}~{secrets.token_hex(4)}"
    return f"{SEALED}{sealed_name(services.settings.signing_key, name)}"


def _opened(services: Services, sealed: str) -> CalendarKey | None:
    """Tenant and connection; None for what was sealed with another key."""
    opened = opened_name(services.settings.signing_key, sealed.removeprefix(SEALED))
    tenant, _, rest = opened.partition("~")
    return CalendarKey(tenant, rest.partition("~")[0]) if tenant else None


def _unkept(key: CalendarKey, now: datetime) -> Connection:
    """It names the secret, which is all that it is for."""
    return Connection(
        key.calendar, key.tenant, ConnectionKind.USER, State.DISCONNECTED, now, entra_tenant=""
    )
