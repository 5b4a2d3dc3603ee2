"""Each of Graph's refusals becomes the remedy it asks for."""

from datetime import UTC, datetime

import httpx
import pytest

from shared.errors import Contended, Reconnect, Rejected, Resync, Throttled, Unavailable
from shared.graph.errors import (
    PATIENCE,
    UnexpectedAnswer,
    code_of,
    is_missing,
    retry_after,
    translate,
)


def answer(status: int, code: str = "", headers: dict[str, str] | None = None) -> httpx.Response:
    body = {"error": {"code": code, "message": "Ada's salary review was refused"}}
    return httpx.Response(status, json=body, headers={"request-id": "r-1", **(headers or {})})


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (429, "TooManyRequests", Throttled),
        (503, "ApplicationThrottled", Throttled),
        (503, "", Unavailable),
        (502, "", Unavailable),
        (504, "", Unavailable),
        (500, "generalException", Unavailable),
        (404, "ErrorMailboxMoveInProgress", Unavailable),
        (410, "", Resync),
        (410, "SyncStateNotFound", Resync),
        (400, "syncStateNotFound", Resync),
        (404, "RESYNCREQUIRED", Resync),
        (400, "SyncStateInvalid", Resync),
        (412, "ErrorIrresolvableConflict", Contended),
        (409, "ErrorIrresolvableConflict", Contended),
        (401, "InvalidAuthenticationToken", Reconnect),
        (403, "ErrorAccessDenied", Reconnect),
        (404, "MailboxNotEnabledForRESTAPI", Reconnect),
        (404, "Request_ResourceNotFound", Reconnect),
        (400, "ErrorInvalidRequest", Rejected),
        (413, "", Rejected),
    ],
)
def test_table(status, code, error):
    """Status and code decide together."""
    assert isinstance(translate(answer(status, code), write=True), error)


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (401, "InvalidAuthenticationToken", "token-refused"),
        (403, "ErrorAccessDenied", "access-denied"),
        (403, "insufficient_claims", "interaction-required"),
        (404, "ErrorInvalidUser", "mailbox-missing"),
    ],
)
def test_causes(status, code, cause):
    """What a person must mend is named by a cause, with Microsoft's id of the request."""
    error = translate(answer(status, code), write=False)

    assert (cause, "r-1") == (error.cause, error.trace)


def test_reads_are_not_rejected():
    """A refused read is no fault of a change: it is unforeseen, and nobody catches it."""
    assert isinstance(translate(answer(400, "ErrorInvalidRequest"), write=False), UnexpectedAnswer)


def test_no_text_is_passed_on():
    """Graph's message may quote the mailbox; only its code is told."""
    error = translate(answer(400, "ErrorInvalidRecipients"), write=True)

    assert "Ada" not in repr((error, error.args, error.problem))
    assert "ErrorInvalidRecipients" in error.problem.detail


class TestCode:
    def test_innermost_known(self):
        """Of nested codes the innermost one we know decides, in any spelling."""
        nested = httpx.Response(
            400,
            json={
                "error": {
                    "code": "BadRequest",
                    "innererror": {
                        "code": "SYNCSTATENOTFOUND",
                        "innerError": {"code": "Whatever", "date": "2026-11-21"},
                    },
                }
            },
        )

        assert code_of(nested) == "SYNCSTATENOTFOUND"

    def test_outermost_else(self):
        """Of codes nobody knows the outermost is told."""
        nested = {"error": {"code": "Outer", "innerError": {"code": "Inner"}}}

        assert code_of(httpx.Response(400, json=nested)) == "Outer"

    @pytest.mark.parametrize(
        "content", [b"", b"<html>Bad gateway</html>", b"[]", b'{"error": "no"}']
    )
    def test_no_error_body(self, content):
        """A gateway's page has no code."""
        assert code_of(httpx.Response(502, content=content)) == ""


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Sat, 21 Nov 2026 08:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0),
        ("soon", PATIENCE),
        ("", PATIENCE),
    ],
)
def test_retry_after(header, seconds):
    """Both forms of Retry-After are read; without one there is a fixed patience."""
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)

    assert seconds == retry_after(httpx.Response(429, headers={"Retry-After": header}), now)


def test_patience_reaches_the_error():
    """The queue waits as long as Graph asked for."""
    assert translate(answer(429, "", {"Retry-After": "42"}), write=True).after == 42


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("ErrorItemNotFound", True),
        ("itemNotFound", True),
        ("ErrorInvalidUser", False),
        ("", False),
    ],
)
def test_missing_item(code, missing):
    """Only Exchange's own word makes an event gone; a missing mailbox deletes nothing."""
    assert missing is is_missing(answer(404, code))
