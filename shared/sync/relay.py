"""From a calendar's outbox into its tenant's log, and on to who is told of the log."""

from shared.people.annotation import annotated_changes
from shared.store.records import CalendarKey, EndpointState
from shared.store.store import Store
from shared.sync.wake import DELIVER, Wake
from shared.telemetry import span, with_traces

PAGE = 100


async def relay(store: Store, wake: Wake, key: CalendarKey) -> None:
    """Moves what the calendar has to tell into the tenant's log; twice does no harm."""
    any_told = False
    while changes := await store.outbox(key, PAGE):
        traces = with_traces((), (change.traceparent for change in changes))
        with span("relay", traces, calendar=key.calendar, count=len(changes)):
            told = await annotated_changes(store, key.tenant, changes)
            await store.log(key.tenant, told)
            await store.clear_outbox(key, changes)
        any_told = True
        if len(changes) < PAGE:
            break
    if any_told:
        await announce(store, wake, key.tenant)


async def announce(store: Store, wake: Wake, tenant: str) -> None:
    """Wakes the deliveries of a tenant's log."""
    for endpoint in await store.endpoints(tenant):
        if endpoint.state is EndpointState.ACTIVE:
            await wake.queues.send(DELIVER, f"{tenant}~{endpoint.id}")
