"""What the API names as the request that helps, of a calendar that does not work as it should."""

import pytest

from shared.api.standing import calendar_standing_json
from shared.store.records import Calendar, CalendarKey, Connection, ConnectionKind, State
from tests.unit.api.stage import NOW

GRANT = Connection("grant", "acme", ConnectionKind.SERVICE_ACCOUNT, State.ACTIVE, NOW, "entra")
CHECK = "POST /v1/tenants/acme/connections/grant/check"


@pytest.mark.parametrize(
    ("state", "cause", "step", "fixed_by"),
    [
        (State.DEGRADED, "sharing-lowered", CHECK, "user"),
        (State.DEGRADED, "throttled", "", "microsoft"),
        (State.ACTION_REQUIRED, "sharing-withdrawn", CHECK, "user"),
        (State.ACTION_REQUIRED, "mailbox-unlicensed", CHECK, "tenant_admin"),
        (State.ACTION_REQUIRED, "mailbox-on-premises", CHECK, "tenant_admin"),
        (State.ACTION_REQUIRED, "mailbox-inactive", CHECK, "tenant_admin"),
    ],
)
def test_a_look_at_once_where_somebody_else_has_to_act(state, cause, step, fixed_by):
    """Who that is stands beside it; what passes by itself needs no request."""
    key = CalendarKey("acme", "ada")
    calendar = Calendar(key, "grant", "oid", "ada@acme.example", state, NOW, cause=cause)
    told = calendar_standing_json(calendar, GRANT)

    assert (told["next_step"], told["explanation"]["fixed_by"]) == (step, fixed_by)
    assert told["from_connection"] is False
