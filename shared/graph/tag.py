"""How an event says that it is ours, and whose: an extended property that delta cannot show."""

import uuid
from typing import Any

TAG_ID = "String {8f6b3f7e-51c0-4c55-9d0a-7a1f5a3c2c11} Name calbridge"
_NAMESPACE = uuid.UUID("8f6b3f7e-51c0-4c55-9d0a-7a1f5a3c2c11")


def tag_value(tenant: str, appointment: str) -> str:
    return f"{tenant}/{appointment}"


def tag_property(tenant: str, appointment: str) -> dict[str, str]:
    return {"id": TAG_ID, "value": tag_value(tenant, appointment)}


def tag_filter(value: str) -> str:
    quoted = value.replace("'", "''")
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG_ID}' and ep/value eq '{quoted}')"


def appointment_in(item: dict[str, Any], tenant: str) -> str:
    """The appointment's id, "" when the event has no tag or another tenant's."""
    for found in item.get("singleValueExtendedProperties") or ():
        if str(found.get("id", "")).lower() == TAG_ID.lower():
            owner, _, appointment = str(found.get("value", "")).partition("/")
            return appointment if owner == tenant else ""
    return ""


def transaction_id(tenant: str, calendar: str, appointment: str, version: int) -> str:
    """The same for every try of one create, so that Graph can tell a repeat from a new wish."""
    return str(uuid.uuid5(_NAMESPACE, f"{tenant}/{calendar}/{appointment}/{version}"))
