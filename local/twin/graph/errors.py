"""Error bodies and the headers that every answer carries."""

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.twin.problem import GraphProblem


def graph_error(
    status: int,
    code: str,
    message: str,
    request: Request,
    headers: dict[str, str] | None = None,
) -> Response:
    common = common_headers(request)
    inner = {
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        "request-id": common["request-id"],
        "client-request-id": common["client-request-id"],
    }
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return JSONResponse(body, status, headers={**common, **(headers or {})})


def answer_problem(problem: GraphProblem, request: Request) -> Response:
    return graph_error(
        problem.status, problem.code, problem.message, request, problem.headers or None
    )


def common_headers(request: Request) -> dict[str, str]:
    request_id = str(uuid.uuid4())
    return {
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Twin","Slice":"E","Ring":"1"}}',
        "Date": format_datetime(datetime.now(UTC), usegmt=True),
    }
