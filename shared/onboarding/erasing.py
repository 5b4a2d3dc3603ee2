"""How a tenant is erased: under its own row, which says so and goes last, so that it can be
created anew only when all of it is gone.

What somebody stores who did not know that yet, a sign-in for one, is found by a last look. What
reminds of it holds the tenant's id sealed: to nobody but this app does it name anybody.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from shared.changes.secrets import names_of
from shared.custody.state import opened_name, sealed_name
from shared.errors import Contended
from shared.services import Services
from shared.store.records import Due, DueKind, Ended, Receipt, ReceiptPart, State, Tenant
from shared.sync.leaving import part_name
from shared.sync.wake import GRACE, QUEUES, poison

PAGE = 1000
# Longer than any sign-in takes from its last look at the tenant to its last write, and than any
# message waits to be seen.
LATE = timedelta(minutes=11)
# In front of a sealed name; no tenant's id begins with it.
SEALED = "~"


async def erase(services: Services, tenant: Tenant, receipt: Receipt | None) -> None:
    """Raises Contended where the tenant's row is not as given: nothing of another goes."""
    for connection in await services.store.connections(tenant.id, limit=PAGE):
        if connection.state is not State.DISCONNECTED:
            await _check_stands(services, tenant)
            await services.grants.forget(connection)
    await _forget_endpoints(services, tenant.id, receipt)
    for queue in QUEUES:
        await services.queues.drop_given_up(poison(queue), tenant.id)
    await services.store.drop_tenant(tenant)


async def look_late(services: Services, tenant: str, receipt: str, at: datetime) -> str:
    """Puts a last look into the due index; returns the name it goes by."""
    name = f"{SEALED}{sealed_name(services.settings.signing_key, f'{tenant}~{receipt}')}"
    await services.store.remind(Due(DueKind.END, at, name))
    return name


async def look_last(services: Services, name: str) -> None:
    """Erases what was stored late, unless the tenant was created anew meanwhile."""
    opened = opened_name(services.settings.signing_key, name.removeprefix(SEALED))
    tenant, _, receipt = opened.partition("~")
    if tenant and (claimed := await _claimed(services, tenant, receipt)):
        await erase(services, claimed, await services.store.receipt(receipt))
    await let_be(services, name)


async def _claimed(services: Services, tenant: str, receipt: str) -> Tenant | None:
    """A row of that id, so that it is not created anew meanwhile; None where it has been."""
    held = await services.store.tenant(tenant)
    if held is None:
        row = Tenant(tenant, "", State.DISCONNECTING, services.clock(), receipt=receipt)
        with suppress(Contended):
            return await services.store.put_tenant(row)
        return None
    return held if held.receipt == receipt else None


async def let_be(services: Services, name: str) -> None:
    for due in await services.store.due(DueKind.END, services.clock() + LATE + 5 * GRACE):
        if due.name == name:
            await services.store.forget(due)


async def _check_stands(services: Services, tenant: Tenant) -> None:
    held = await services.store.tenant(tenant.id)
    if held is None or held.etag != tenant.etag:
        raise Contended(reason="the tenant's row was changed meanwhile")


async def _forget_endpoints(services: Services, tenant: str, receipt: Receipt | None) -> None:
    for endpoint in await services.store.endpoints(tenant):
        purge_by = await services.signing.destroy(endpoint)
        if receipt is not None:
            name = part_name(receipt.id, Ended.ENDPOINT, tenant, endpoint.id)
            count = len(names_of(endpoint))
            await services.store.put_part(
                ReceiptPart(receipt.id, name, Ended.ENDPOINT, secrets=count, purge_by=purge_by)
            )
