"""Every answer that is no success: application/problem+json, worded by the catalogue."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from shared.catalogue import problem_json, problem_of
from shared.errors import CalbridgeError, Problem
from shared.observe import correlation, note

NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405


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


async def _of_routing(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    if status == METHOD_NOT_ALLOWED:
        return problem_response(Problem("method-not-allowed"), {"Allow": _allowed(request)})
    # Of a bad body the framework says no more than 400: text that is not UTF-8, for one.
    return problem_response(Problem("route-unknown" if status == NOT_FOUND else "malformed-json"))


def _allowed(request: Request) -> str:
    """Over all routes of the path: the framework's own answer names those of one only."""
    found: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        if compile_path(template)[0].match(request.url.path):
            found |= {method.upper() for method in operations}
    return ", ".join(sorted(found))


def validation_problem(errors: Sequence[Any]) -> Problem:
    """The first of pydantic's errors: a caller corrects one after the other."""
    first = cast("dict[str, Any]", errors[0])
    if first["type"] == "json_invalid":
        return Problem("malformed-json")
    place, *path = (str(part) for part in first["loc"])
    right = first["msg"].removeprefix("Value error, ")
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    if place == "body":
        pointer = "".join(f"/{_escaped(part)}" for part in path)
        named = ".".join(path) or "the body"
        return Problem("invalid-request", f"{named}: {right}.{more}", pointer)
    named = ".".join(path) or place
    return Problem("invalid-request", f"{place} parameter {named}: {right}.{more}")


def item_problem(error: ValidationError, at: str) -> Problem:
    """Of one of several in a body: `at` is its place in it."""
    problem = validation_problem([{**one, "loc": ("body", *one["loc"])} for one in error.errors()])
    return replace(problem, pointer=f"{at}{problem.pointer}")


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
