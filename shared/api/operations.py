from typing import Any

from fastapi import APIRouter

from shared.api.given import Given, OfTenant, OperationId
from shared.api.schemas.appointment import OperationOut
from shared.api.waits import shown_operation
from shared.errors import Problem, Refused
from shared.sync.home import home_of

operations = APIRouter(prefix="/tenants/{tenant}/operations", tags=["operations"])


@operations.get("/{operation}", response_model=OperationOut)
async def get_operation(tenant: OfTenant, operation: OperationId, services: Given) -> Any:
    """What became of one accepted change; its id is the appointment's and the version."""
    appointment, _, version = operation.rpartition(".")
    key = await home_of(services.store, tenant.id, appointment)
    found = await services.store.operation(key, appointment, int(version)) if key else None
    if found is None:
        raise Refused(Problem("operation-unknown"))
    return await shown_operation(services.store, key, found)
