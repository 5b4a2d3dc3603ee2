"""Webhook endpoints: consumers of a tenant's log, each with its cursor and signing secret."""

import secrets
from dataclasses import dataclass, replace

from shared.changes.destination import check_url
from shared.changes.signing import new_secret
from shared.errors import Problem, Refused
from shared.services import Services
from shared.settings import Secret
from shared.store.records import Endpoint, EndpointState
from shared.sync.wake import DELIVER


@dataclass(frozen=True, slots=True)
class Created:
    """The secret is shown this once; afterwards only the vault has it."""

    endpoint: Endpoint
    secret: Secret


def name_of(endpoint: Endpoint) -> str:
    """The queue message and due name of an endpoint."""
    return f"{endpoint.tenant}~{endpoint.id}"


async def create_endpoint(
    services: Services, tenant: str, url: str, after: int | None = None
) -> Created:
    """Deliveries start behind change number `after`, by default with the next change."""
    check_url(url, services.settings.delivery_private_hosts)
    head = await services.store.head(tenant)
    if after is not None and after > head:
        raise Refused(Problem("invalid-request", f"The newest change is number {head}.", "/after"))
    cursor = head if after is None else after
    endpoint = Endpoint(id=secrets.token_hex(10), tenant=tenant, url=url, cursor=cursor)
    secret = new_secret()
    await services.signing.keep(endpoint.id, secret)
    kept = await services.store.put_endpoint(endpoint)
    if cursor < head:
        await services.queues.send(DELIVER, name_of(kept))
    return Created(kept, secret)


async def find_endpoint(services: Services, tenant: str, endpoint: str) -> Endpoint:
    found = await services.store.endpoint(tenant, endpoint)
    if found is None:
        raise Refused(Problem("endpoint-unknown"))
    return found


async def enable_endpoint(services: Services, tenant: str, endpoint: str) -> Endpoint:
    """Deliveries go on behind the cursor: what was logged meanwhile is not lost."""
    found = await find_endpoint(services, tenant, endpoint)
    fresh = replace(found, state=EndpointState.ACTIVE, failures=0, next_try=None, cause="")
    kept = await services.store.put_endpoint(fresh)
    await services.queues.send(DELIVER, name_of(kept))
    return kept


async def delete_endpoint(services: Services, tenant: str, endpoint: str) -> None:
    """The row goes last: it is the only one that knows the secrets' names."""
    found = await find_endpoint(services, tenant, endpoint)
    await services.signing.destroy(found)
    await services.store.drop_endpoint(found)
