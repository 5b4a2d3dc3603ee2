"""An operation as it is shown, with what it waits for."""

from typing import Any

from shared.catalogue import problem_json
from shared.errors import Problem
from shared.store.records import CalendarKey, Operation, OperationState, State
from shared.store.store import Store
from shared.sync.report import operation_json
from shared.sync.rest import resting


async def shown_operation(
    store: Store, key: CalendarKey | None, operation: Operation
) -> dict[str, Any]:
    """`waits_for` explains why a pending one has to wait for a person or a resumption."""
    cause = ""
    if key is not None and operation.state is OperationState.PENDING:
        cause = await _waits_for(store, key)
    waits_for = problem_json(Problem(cause)) if cause else None
    return {**operation_json(operation), "waits_for": waits_for}


async def _waits_for(store: Store, key: CalendarKey) -> str:
    calendar = await store.calendar(key)
    if calendar is None:
        return ""
    connection = await store.connection(key.tenant, calendar.connection)
    if cause := resting(await store.tenant(key.tenant), connection, calendar):
        return cause
    for one in (connection, calendar):
        if one is not None and one.state is State.ACTION_REQUIRED:
            return one.cause
    return ""
