"""Every answer that is no success: application/problem+json, worded by the catalogue."""

from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from shared.catalogue import problem_json, problem_of
from shared.errors import CalbridgeError, Problem
from shared.observe import correlation, note

METHOD_NOT_ALLOWED = 405
SERVER_TROUBLE = 500


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    instance = f"urn:uuid:{correlation()}" if correlation() else ""
    body = problem_json(problem, instance)
    extra = dict(headers or {})
    if wait := problem.extra.get("retry_after"):
        extra["Retry-After"] = str(wait)
    if problem.code == "key-missing-or-wrong":
        extra["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, body["status"], extra, "application/problem+json")


def add_problems(app: FastAPI) -> None:
    app.add_exception_handler(CalbridgeError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_routing)


async def _of_ours(_request: Request, error: Exception) -> Response:
    problem = problem_of(cast("CalbridgeError", error))
    note("request.refused", code=problem.code)
    return problem_response(problem)


async def _of_validation(_request: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    return problem_response(validation_problem(found))


async def _of_routing(_request: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    known = {404: "route-unknown", METHOD_NOT_ALLOWED: "method-not-allowed"}
    code = known.get(raised.status_code, "invalid-request")
    headers = {k: v for k, v in (raised.headers or {}).items() if k.lower() == "allow"}
    return problem_response(Problem(code), headers)


def validation_problem(errors: Sequence[Any]) -> Problem:
    """The first of pydantic's errors: a caller corrects one after the other."""
    first = cast("dict[str, Any]", errors[0])
    if first["type"] == "json_invalid":
        return Problem("malformed-json")
    place, *path = (str(part) for part in first["loc"])
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    if place == "body":
        pointer = "".join(f"/{_escaped(part)}" for part in path)
        named = ".".join(path) or "the body"
        return Problem("invalid-request", f"{named}: {first['msg']}.{more}", pointer)
    named = ".".join(path) or place
    return Problem("invalid-request", f"{place} parameter {named}: {first['msg']}.{more}")


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
