"""One of the two places that catch our errors (`_queue` is the other)."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from typing import cast
from urllib.parse import parse_qsl
from uuid import uuid4

import azure.functions as func
from opentelemetry.trace import SpanKind

from functions._trace import in_host_trace
from shared.catalogue import problem_json, problem_of
from shared.errors import CalbridgeError, Problem
from shared.observe import content_free, correlated, correlation, note
from shared.onboarding.pages import Page, problem_page
from shared.telemetry import span, tell, traceparent

Trigger = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]

API = "api"
LARGEST_FORM, MOST_FIELDS = 4096, 10
"""Ours hold a link's name and a choice."""

_GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")


def answers_json(work: Trigger) -> Trigger:
    """Our errors become application/problem+json; bugs escape to the host (500, alert)."""
    return _answers(work, problem_response)


def answers_page(work: Trigger) -> Trigger:
    """Our errors become a page for the person at the browser."""
    return _answers(work, lambda problem: page_response(problem_page(problem, correlation())))


def _answers(work: Trigger, show: Callable[[Problem], func.HttpResponse]) -> Trigger:
    @in_host_trace
    @wraps(work)
    async def answered(req: func.HttpRequest) -> func.HttpResponse:
        name = work.__name__
        with correlated(_correlation_of(req)), content_free(), _traced(req, name):
            try:
                answer = await work(req)
            except CalbridgeError as error:
                problem = problem_of(error)
                note("request.refused", code=problem.code, route=name)
                answer = show(problem)
            tell(status=answer.status_code)
            return answer

    return answered


def _traced(req: func.HttpRequest, name: str) -> AbstractContextManager[None]:
    """The caller of the API may have a trace of its own, which the host goes on with if it keeps
    traces.
    """
    theirs = name == API and not traceparent()
    given = headers_of(req).get("traceparent", "") if theirs else ""
    return span(name, (given,), SpanKind.SERVER, function=name, method=req.method)


def headers_of(req: func.HttpRequest) -> Mapping[str, str]:
    """By lower-case name. The library's own type says nothing of what it holds."""
    return cast("Mapping[str, str]", req.headers)


def form_of(req: func.HttpRequest) -> Mapping[str, str]:
    """What a form of ours sent; empty for anything that is none."""
    try:
        fields = parse_qsl(req.get_body()[:LARGEST_FORM].decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(fields)


def _correlation_of(req: func.HttpRequest) -> str:
    given = headers_of(req).get("x-request-id", "")
    return given if _GIVEN.fullmatch(given) else str(uuid4())


def problem_response(problem: Problem) -> func.HttpResponse:
    body = problem_json(problem, f"urn:uuid:{correlation()}")
    headers = {"Content-Type": "application/problem+json"}
    if wait := problem.extra.get("retry_after"):
        headers["Retry-After"] = str(wait)
    return func.HttpResponse(json.dumps(body), status_code=body["status"], headers=headers)


def page_response(page: Page) -> func.HttpResponse:
    return func.HttpResponse(page.html, status_code=page.status, headers=page.headers())
