"""The end of a calendar, a connection or a whole tenant: begun here, under a receipt.

What is asked for is stored at once and takes effect at once; workers do the rest. Asking again
gives the same receipt, and goes on where somebody was cut off.
"""

import secrets
from dataclasses import replace

from shared.errors import Problem, Refused
from shared.onboarding.connections import (
    alive,
    disconnect,
    end_alone,
    move_tenant,
    tell_connection,
)
from shared.onboarding.erasing import LATE, SEALED, erase, let_be, look_last, look_late
from shared.services import Services
from shared.store.records import (
    Calendar,
    Connection,
    Copies,
    Due,
    DueKind,
    Ended,
    Receipt,
    State,
    Tenant,
)
from shared.sync.leaving import close, close_connection
from shared.sync.standing import moved
from shared.sync.wake import END, GRACE

PAGE = 1000


async def end_calendar(
    services: Services, calendar: Calendar, copies: Copies, *, notify: bool
) -> Receipt:
    """Its connection stays. Raises Refused where it ended before there were receipts."""
    if calendar.receipt and not alive(calendar.state):
        return await _known(services, calendar.receipt)
    receipt = await _receipt(services, Ended.CALENDAR, copies, notify=notify)
    await services.engine.end(calendar, receipt.id)
    return receipt


async def end_connection(
    services: Services, tenant: Tenant, connection: Connection, copies: Copies, *, notify: bool
) -> Receipt:
    if connection.receipt and not alive(connection.state):
        return await _known(services, connection.receipt)
    receipt = await _receipt(services, Ended.CONNECTION, copies, notify=notify)
    await _look_after(services, tenant.id, receipt)
    await disconnect(services, tenant, connection, receipt.id)
    return await _known(services, receipt.id)


async def end_tenant(
    services: Services, tenant: Tenant, copies: Copies, *, notify: bool
) -> Receipt:
    """Everything of it is disconnected, then erased, the tenant itself last."""
    if tenant.receipt:
        return await _known(services, tenant.receipt)
    receipt = await _receipt(services, Ended.TENANT, copies, notify=notify)
    await _look_after(services, tenant.id, receipt)
    ending = replace(tenant, receipt=receipt.id)
    await move_tenant(services, ending, State.DISCONNECTING, "disconnected-by-app")
    await services.queues.send(END, f"{tenant.id}~{receipt.id}")
    return receipt


async def carry_on(services: Services, name: str) -> None:
    """What a message of the queue END means: `name` is `tenant~receipt`, or that of a last look
    at a tenant that was erased.
    """
    if name.startswith(SEALED):
        await look_last(services, name)
        return
    tenant_id, _, receipt_id = name.partition("~")
    tenant = await services.store.tenant(tenant_id)
    receipt = await services.store.receipt(receipt_id)
    if receipt is not None and receipt.ended is None:
        if receipt.what is Ended.TENANT:
            await _off_board(services, tenant, receipt)
        elif tenant is not None:
            await _end_begun(services, tenant)
    receipt = await services.store.receipt(receipt_id)
    if receipt is None or receipt.ended is not None:
        await let_be(services, name)


async def _off_board(services: Services, tenant: Tenant | None, receipt: Receipt) -> None:
    """A tenant of that name that is there under no such receipt was created anew since."""
    if tenant is not None and tenant.receipt == receipt.id:
        if not await _all_ended(services, tenant, receipt):
            return
        await look_late(services, tenant.id, receipt.id, services.clock() + LATE)
        await erase(services, tenant, receipt)
    await close(services.store, receipt, services.clock())


async def _all_ended(services: Services, tenant: Tenant, receipt: Receipt) -> bool:
    after, ended = "", True
    while found := await services.store.connections(tenant.id, after, PAGE):
        after = found[-1].id
        for connection in found:
            ended &= await _is_ended(services, connection, receipt.id)
    return ended


async def _end_begun(services: Services, tenant: Tenant) -> None:
    after = ""
    while found := await services.store.connections(tenant.id, after, PAGE):
        after = found[-1].id
        for connection in found:
            if connection.state is State.DISCONNECTING:
                await _is_ended(services, connection, connection.receipt)
            elif connection.state is State.DISCONNECTED:
                await close_connection(services.store, connection, services.clock())


async def _is_ended(services: Services, connection: Connection, receipt: str) -> bool:
    """Begins it where it has not begun, and wakes whom it waits for."""
    if connection.state is State.DISCONNECTED:
        return True
    if not await services.store.calendars(connection.tenant, connection.id):
        begun = moved(connection, State.DISCONNECTING, connection.cause, services.clock())
        ended = await end_alone(services, replace(begun, receipt=begun.receipt or receipt))
        await tell_connection(services, ended, connection)
        return True
    await services.engine.disconnect(connection, receipt)
    return False


async def _receipt(services: Services, what: Ended, copies: Copies, *, notify: bool) -> Receipt:
    made = Receipt(secrets.token_hex(16), what, services.clock(), copies, notify)
    return await services.store.put_receipt(made)


async def _known(services: Services, receipt: str) -> Receipt:
    if found := await services.store.receipt(receipt):
        return found
    raise Refused(Problem("receipt-unknown"))


async def _look_after(services: Services, tenant: str, receipt: Receipt) -> None:
    at = services.clock() + GRACE
    await services.store.remind(Due(DueKind.END, at, f"{tenant}~{receipt.id}"))
