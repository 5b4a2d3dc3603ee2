"""One calendar provider at a time: what the host app declares of another one holds here."""

from collections.abc import Collection

from shared.errors import Problem, Refused
from shared.store.records import Calendar, State, Tenant
from shared.store.store import Store

MICROSOFT = frozenset({"", "microsoft", "microsoft365"})
# A calendar in one of these is not synced.
AT_REST = frozenset({State.PAUSED, State.DISCONNECTING, State.DISCONNECTED})
ALL = 1000


def is_other(provider: str) -> bool:
    return provider.lower() not in MICROSOFT


async def check_provider(store: Store, tenant: Tenant, addresses: Collection[str] = ()) -> None:
    """Raises Refused where another provider was declared for the tenant, or for the person whom
    one of the addresses belongs to.
    """
    if is_other(tenant.provider):
        raise Refused(_active(tenant.provider, "this customer"))
    people = await store.contacts_at(tenant.id, list(addresses)) if addresses else {}
    for found in people.values():
        if is_other(found[0].provider):
            raise Refused(_active(found[0].provider, "this person"))


async def check_tenant_free(store: Store, tenant: Tenant, provider: str, pointer: str) -> None:
    """Raises Refused where another provider is declared while calendars are synced here."""
    if not is_other(provider) or tenant.state is State.PAUSED:
        return
    paused = {
        one.id
        for one in await store.connections(tenant.id, limit=ALL)
        if one.state is State.PAUSED
    }
    synced = [
        one
        for one in await store.calendars(tenant.id)
        if one.state not in AT_REST and one.connection not in paused
    ]
    if synced:
        detail = f"{len(synced)} calendars are synced with Microsoft 365: pause or end that first."
        raise Refused(Problem("microsoft-connected", detail, pointer))


async def check_person_free(
    store: Store, tenant: Tenant, provider: str, addresses: Collection[str], pointer: str
) -> None:
    if not is_other(provider) or tenant.state is State.PAUSED:
        return
    for address in addresses:
        if await _is_synced(store, tenant.id, address):
            detail = "Their calendar is synced with Microsoft 365: pause or end that first."
            raise Refused(Problem("microsoft-connected", detail, pointer))


async def _is_synced(store: Store, tenant: str, address: str) -> bool:
    key = await store.calendar_at(tenant, address)
    calendar: Calendar | None = await store.calendar(key) if key else None
    if calendar is None or calendar.state in AT_REST:
        return False
    connection = await store.connection(tenant, calendar.connection)
    return connection is not None and connection.state not in AT_REST


def _active(provider: str, whose: str) -> Problem:
    return Problem("other-provider-active", f"{provider} is declared as active for {whose}.")
