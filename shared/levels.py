"""What is measured from time to time, for nobody asks for it: queues, and calendars by state."""

from collections import Counter
from datetime import datetime

from shared.services import Services
from shared.store.records import State, Tenant
from shared.sync.wake import QUEUES, poison
from shared.telemetry import stands

EVERY = 15
"""Minutes between two counts of all calendars: it reads all of them."""
PAGE = 1000


async def measure(services: Services, now: datetime) -> None:
    for queue in QUEUES:
        for name in (queue, poison(queue)):
            stands("queue.length", await services.queues.length(name), queue=name)
        since = await services.queues.waiting_since(queue)
        waited = (now - since).total_seconds() if since else 0
        stands("queue.age", max(round(waited), 0), queue=queue)
    if now.minute % EVERY == 0:
        await _count_calendars(services)


async def _count_calendars(services: Services) -> None:
    """Also of states that no calendar is in, or a gauge would stay at its last value."""
    found: Counter[State] = Counter()
    for tenant in await _tenants(services):
        found.update(one.state for one in await services.store.calendars(tenant.id))
    for state in State:
        stands("calendars", found[state], state=state.value)


async def _tenants(services: Services) -> list[Tenant]:
    found: list[Tenant] = []
    while page := await services.store.tenants(found[-1].id if found else "", PAGE):
        found += page
    return found
