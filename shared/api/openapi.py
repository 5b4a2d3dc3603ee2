"""The OpenAPI 3.1 document, finished: keys, problems, and the webhooks of the log."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.api.schemas.telling import ProblemOut
from shared.catalogue import CAUSES

DESCRIPTION = """Two-way sync between your appointments and Microsoft 365 calendars.

Every problem is application/problem+json with a `code` of one catalogue, who can fix it and how.
Every change of a tenant is an entry of its log, delivered to webhook endpoints and read with
`GET /v1/tenants/{tenant}/changes`.
"""

EVENTS = {
    "calbridge.appointment.created": "An event made in Outlook became an appointment",
    "calbridge.appointment.updated": "Outlook changed an appointment",
    "calbridge.appointment.deleted": "Outlook deleted an appointment",
    "calbridge.appointment.cancelled": "Outlook cancelled an appointment",
    "calbridge.appointment.copy_differs": "An attendee's copy shows something else",
    "calbridge.appointment.copy_removed": "A participant deleted their own copy",
    "calbridge.appointment.detached": "Outlook deleted the event of an appointment that stays",
    "calbridge.operation.applied": "A change you sent is in Outlook",
    "calbridge.operation.refused": "A change you sent will never be in Outlook",
    "calbridge.calendar.renamed": "The owner of a calendar has another address or name",
    "calbridge.calendar.state": "The state of a calendar changed",
    "calbridge.connection.refilled": "What a broken connection missed is caught up",
    "calbridge.connection.state": "The state of a connection changed",
    "calbridge.rollout.state": "The state of a rollout changed",
    "calbridge.tenant.state": "The state of a tenant changed",
}

PROBLEM = {"$ref": "#/components/schemas/Problem"}
PROBLEMS = {
    "400": "Not valid",
    "401": "The API key is missing or wrong",
    "404": "Not found",
    "413": "The body is larger than 1 MiB",
    "503": "A service we depend on does not answer; see Retry-After",
}
OF_WRITES = {
    "409": "In conflict with what is there",
    "412": "The version is not the current one",
    "415": "The body is not JSON",
    "422": "Microsoft 365 refused the change (only with wait)",
}
OPEN = {"/v1/health", "/v1/health/ready"}


def describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Calbridge",
        version="1.0.0",
        description=DESCRIPTION,
        routes=app.routes,
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _problem_schema()
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _finish(operation, method, is_open=path in OPEN)
    document["webhooks"] = {name: _webhook(name, text) for name, text in EVENTS.items()}
    return document


def _problem_schema() -> dict[str, Any]:
    schema = ProblemOut.model_json_schema()
    schema["properties"]["code"]["enum"] = sorted(CAUSES)
    return schema


def _finish(operation: dict[str, Any], method: str, *, is_open: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    documented = {"503": PROBLEMS["503"]} if is_open else dict(PROBLEMS)
    if method != "get" and not is_open:
        documented |= OF_WRITES
    for status, text in documented.items():
        responses.setdefault(status, _problem_response(text))
    operation["security"] = [] if is_open else [{"bearer": []}, {"key": []}]


def _problem_response(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": PROBLEM}}}


def _webhook(name: str, text: str) -> dict[str, Any]:
    """The same for all types but for `type` itself."""
    event = {
        "allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {"type": "object", "properties": {"type": {"const": name}}},
        ]
    }
    headers = [
        _header("webhook-id", "The same at every try of one change."),
        _header("webhook-timestamp", "Seconds since 1970."),
        _header("webhook-signature", "Standard Webhooks: v1, and HMAC-SHA256 in base64."),
    ]
    return {
        "post": {
            "summary": text,
            "operationId": name.replace(".", "_"),
            "security": [],
            "parameters": headers,
            "requestBody": {
                "required": True,
                "content": {"application/cloudevents+json": {"schema": event}},
            },
            "responses": {
                "2XX": {"description": "Confirmed"},
                "410": {"description": "Send nothing more: the endpoint is disabled"},
                "default": {"description": "Tried again later, with growing pauses"},
            },
        }
    }


def _header(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": text,
        "schema": {"type": "string"},
    }
