"""Graph's answers, translated into our errors at this border, once.

Codes come in two spellings (Exchange's `ErrorItemNotFound`, Graph's `itemNotFound`) and in any
case, at any depth of `innerError`: the innermost known one decides. Texts are never passed on:
they may quote what the mailbox holds.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import httpx

from shared.errors import (
    CalbridgeError,
    Contended,
    Problem,
    Reconnect,
    Rejected,
    Resync,
    Throttled,
    Unavailable,
)

PATIENCE = 10.0
"""Seconds to wait where Graph asks for patience but does not say how long."""

RESYNC = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
NO_MAILBOX = {
    "mailboxnotenabledforrestapi",
    "mailboxnothostedinexchangeonline",
    "mailboxnotsupportedforrestapi",
    "errornonexistentmailbox",
    "errorinvaliduser",
    "resourcenotfound",
    "request_resourcenotfound",
}
GONE_ITEM = {"erroritemnotfound", "itemnotfound"}
THROTTLED = {"applicationthrottled", "activitylimitreached", "toomanyrequests"}
MOVING = {"errormailboxmoveinprogress", "errormailboxstoreunavailable"}
INTERACTION = {"insufficient_claims", "insufficientclaims"}
KNOWN = RESYNC | NO_MAILBOX | GONE_ITEM | THROTTLED | MOVING | INTERACTION
NOT_FOUND, GONE, TOO_MANY = 404, 410, 429
REFUSED = range(400, 500)
BUSY = {423, 500, 502, 503, 504, 509}


class UnexpectedAnswer(Exception):
    """Graph answered what no fact explains. Nobody catches it: it ends in poison and an alert."""

    def __init__(self, status: int, code: str, request_id: str) -> None:
        super().__init__(f"Graph answered {status} {code} (request {request_id})")
        self.status = status


def codes_of(body: object) -> list[str]:
    """Every code of an error body, innermost first, as Graph spelled it."""
    return list(_codes(body))[::-1]


def _codes(body: object) -> Iterator[str]:
    found = _member(body, "error") or _member(body, "innerError")
    while found is not None:
        code = found.get("code")
        if isinstance(code, str) and code:
            yield code
        found = _member(found, "innerError")


def _member(body: object, name: str) -> Mapping[str, Any] | None:
    """By name without regard to case: `innererror` and `innerError` are both met."""
    if isinstance(body, dict):
        for key, value in cast("dict[str, Any]", body).items():
            if key.lower() == name.lower() and isinstance(value, dict):
                return cast("dict[str, Any]", value)
    return None


def code_of(response: httpx.Response) -> str:
    """The code that decides: the innermost known one, else the outermost."""
    try:
        found = codes_of(response.json())
    except ValueError:
        return ""
    known = [code for code in found if code.lower() in KNOWN]
    return (known or found[::-1] or [""])[0]


def retry_after(response: httpx.Response, now: datetime | None = None) -> float:
    """Seconds, from either form of Retry-After (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    with suppress(ValueError):
        until = parsedate_to_datetime(text)
        return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
    return PATIENCE


def is_missing(response: httpx.Response) -> bool:
    """The item is gone, as opposed to its mailbox."""
    return response.status_code == NOT_FOUND and (code_of(response).lower() in GONE_ITEM)


def is_nothing(response: httpx.Response) -> bool:
    """Where no mailbox is in the path, any 404 means that the one thing named is gone."""
    return response.status_code == NOT_FOUND


def translate(response: httpx.Response, *, write: bool) -> CalbridgeError | UnexpectedAnswer:
    code = code_of(response)
    status = response.status_code
    known = code.lower()
    if status == GONE or known in RESYNC:
        return Resync(code)
    if status == TOO_MANY or known in THROTTLED:
        return Throttled(retry_after(response), code)
    if status in BUSY or known in MOVING:
        return Unavailable(retry_after(response), code)
    if known in INTERACTION:
        return Reconnect("interaction-required", trace_of(response))
    return _refusal(response, status, code, write=write)


def _refusal(
    response: httpx.Response, status: int, code: str, *, write: bool
) -> CalbridgeError | UnexpectedAnswer:
    trace = trace_of(response)
    match status:
        case 401:
            return Reconnect("token-refused", trace)
        case 403:
            return Reconnect("access-denied", trace)
        case 404 if code.lower() in NO_MAILBOX:
            return Reconnect("mailbox-missing", trace)
        case 409 | 412:
            return Contended(reason=code)
        case _ if write and status in REFUSED:
            return Rejected(refused(status, code))
        case _:
            return UnexpectedAnswer(status, code, trace)


def refused(status: int, code: str) -> Problem:
    detail = f"Microsoft 365 refused the change: {code or status}."
    return Problem("refused-by-microsoft", detail, extra={"microsoft_code": code or str(status)})


def subscription_refused(error: Rejected | Reconnect) -> Rejected:
    """A quota, or a notification URL that did not answer the handshake: no reason to stop the
    calendar, which is then polled.
    """
    if isinstance(error, Reconnect):
        return Rejected(Problem("subscription-refused", extra={"microsoft_code": error.cause}))
    return Rejected(Problem("subscription-refused", error.problem.detail, "", error.problem.extra))


def trace_of(response: httpx.Response) -> str:
    return response.headers.get("request-id", "")
