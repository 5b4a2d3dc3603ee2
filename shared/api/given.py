"""What routes are given: services, checked ids, the tenant of the path."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from shared.errors import Problem, Refused
from shared.services import Services
from shared.store.records import Tenant

MOST_WAIT = 20


async def _services(request: Request) -> Services:
    """Async, because a plain function would run in a thread without an event loop."""
    return request.app.state.provider()


Given = Annotated[Services, Depends(_services)]

TenantId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
AppointmentId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,120}$")]
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,120}$")]
OperationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,120}\.[0-9]{1,12}$")]
PlainId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@-]{1,120}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Wait = Annotated[float, Query(ge=0, le=MOST_WAIT, description="Seconds to wait for an outcome.")]


async def _tenant(tenant: TenantId, services: Given) -> Tenant:
    found = await services.store.tenant(tenant)
    if found is None:
        raise Refused(Problem("tenant-unknown"))
    check_stays(found)
    return found


def check_stays(tenant: Tenant) -> None:
    """Raises Refused for one that is being erased."""
    if tenant.receipt:
        raise Refused(
            Problem(
                "tenant-disconnecting",
                extra={"state": tenant.state.value, "receipt": tenant.receipt},
            )
        )


OfTenant = Annotated[Tenant, Depends(_tenant)]
