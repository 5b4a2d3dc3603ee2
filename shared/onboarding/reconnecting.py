"""A link that mends a connection: for the same person, as far as before, under the same id."""

from shared.onboarding.links import Wanted, create_link
from shared.services import Services
from shared.store.records import Connection, ConsentLink, Tenant


async def reconnect_link(
    services: Services, tenant: Tenant, connection: Connection, return_url: str
) -> ConsentLink:
    """Another account that opens it is refused. Raises Refused."""
    wanted = Wanted(
        kind=connection.kind,
        reach=connection.reach,
        expected=connection.user_id,
        reconnects=connection.id,
        login_hint=connection.address,
        return_url=return_url,
    )
    return await create_link(services, tenant, wanted)
