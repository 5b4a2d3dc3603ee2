"""What is paused rests: nothing is read from it or written to it until it is resumed. Pure.

A pause is said once, of a tenant, a connection or a calendar, and holds for all below it.
"""

from shared.store.records import Calendar, Connection, State, Tenant

CALENDAR = "calendar-paused"
CONNECTION = "connection-paused"
TENANT = "tenant-paused"


def resting(
    tenant: Tenant | None, connection: Connection | None, calendar: Calendar | None
) -> str:
    """The cause, "" where nothing is paused; that of the widest pause counts."""
    for one, cause in ((tenant, TENANT), (connection, CONNECTION), (calendar, CALENDAR)):
        if one is not None and one.state is State.PAUSED:
            return cause
    return ""
