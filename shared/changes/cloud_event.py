"""A change as a CloudEvent 1.0 in structured JSON, with the sequence extension."""

from typing import Any

from shared.store.records import Change

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def cloud_event(tenant: str, change: Change) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": change.id,
        "source": f"/v1/tenants/{tenant}",
        "type": change.type,
        "subject": change.subject,
        "time": change.time.isoformat(),
        "sequence": str(change.number),
        "sequencetype": "Integer",
        "datacontenttype": "application/json",
        "data": change.data,
    }
