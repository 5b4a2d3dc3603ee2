"""Ending what is connected, and the receipts of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from shared.api.given import Given, OfTenant, PlainId, TenantId
from shared.api.schemas.lives import CopiesWord, ReceiptOut
from shared.errors import Problem, Refused
from shared.onboarding.ending import end_calendar, end_connection, end_tenant
from shared.onboarding.naming import find_calendar
from shared.services import Services
from shared.store.records import Copies, Ended, Receipt, ReceiptPart, State

endings = APIRouter(tags=["connections"])

Wanted = Annotated[
    CopiesWord, Query(description="What becomes of the events your application made.")
]
Notify = Annotated[
    bool, Query(description="Remove meetings too, which mails their attendees a cancellation.")
]
WHY = ("with_guests", "of_others", "refused", "unreachable")


def receipt_json(receipt: Receipt, parts: Sequence[ReceiptPart]) -> dict[str, Any]:
    secrets = sum(part.secrets for part in parts)
    kept = [part for part in parts if part.purge_by]
    standing = [part for part in parts if part.subscription_until]
    return {
        "id": receipt.id,
        "what": receipt.what.value,
        "state": (State.DISCONNECTED if receipt.ended else State.DISCONNECTING).value,
        "asked": receipt.asked,
        "ended": receipt.ended,
        "calendars": sum(part.what is Ended.CALENDAR for part in parts),
        "subscriptions": {
            "deleted": sum(part.subscriptions for part in parts) - len(standing),
            "left": len(standing),
            "end_by": _last(part.subscription_until for part in standing),
        },
        "secrets": {
            "destroyed": secrets,
            "purged": secrets - sum(part.secrets for part in kept),
            "purge_by": _last(part.purge_by for part in kept),
        },
        "copies": {
            "wanted": receipt.copies.value,
            "notify": receipt.notify,
            **{name: _sum(parts, name) for name in ("left", "marked", "removed")},
            "left_because": {name: _sum(parts, name) for name in WHY},
        },
        "refused_writes": _sum(parts, "refused_writes"),
    }


def _sum(parts: Sequence[ReceiptPart], name: str) -> int:
    return sum(getattr(part, name) for part in parts)


def _last(times: Any) -> datetime | None:
    return max((at for at in times if at), default=None)


async def _shown(services: Services, receipt: Receipt) -> dict[str, Any]:
    return receipt_json(receipt, await services.store.parts(receipt.id))


@endings.get("/receipts/{receipt}", response_model=ReceiptOut)
async def get_receipt(receipt: PlainId, services: Given) -> Any:
    """Kept after everything it is about is gone; it names nobody."""
    found = await services.store.receipt(receipt)
    if found is None:
        raise Refused(Problem("receipt-unknown"))
    return await _shown(services, found)


@endings.delete(
    "/tenants/{tenant}/calendars/{calendar}", response_model=ReceiptOut, status_code=202
)
async def delete_calendar(
    tenant: OfTenant,
    calendar: PlainId,
    services: Given,
    copies: Wanted = "leave",
    notify: Notify = False,
) -> Any:
    """Ends the sync of one mailbox; its connection stays."""
    found = await find_calendar(services, tenant, calendar)
    if found is None:
        raise Refused(Problem("calendar-unknown"))
    receipt = await end_calendar(services, found, Copies(copies), notify=notify)
    return await _shown(services, receipt)


@endings.delete(
    "/tenants/{tenant}/connections/{connection}", response_model=ReceiptOut, status_code=202
)
async def delete_connection(
    tenant: OfTenant,
    connection: PlainId,
    services: Given,
    copies: Wanted = "leave",
    notify: Notify = False,
) -> Any:
    """Ends the grant and the sync of its calendars; events made in Outlook stay."""
    found = await services.store.connection(tenant.id, connection)
    if found is None:
        raise Refused(Problem("connection-unknown"))
    receipt = await end_connection(services, tenant, found, Copies(copies), notify=notify)
    return await _shown(services, receipt)


@endings.delete("/tenants/{tenant}", response_model=ReceiptOut, status_code=202)
async def delete_tenant(
    tenant: TenantId,
    services: Given,
    confirm: Annotated[str, Query(description="The tenant's id once more.")] = "",
    copies: Wanted = "leave",
    notify: Notify = False,
) -> Any:
    """Disconnects everything, then erases all that is kept of it. Only the receipt stays."""
    found = await services.store.tenant(tenant)
    if found is None:
        raise Refused(Problem("tenant-unknown"))
    if confirm != tenant:
        raise Refused(Problem("tenant-not-confirmed"))
    receipt = await end_tenant(services, found, Copies(copies), notify=notify)
    return await _shown(services, receipt)
