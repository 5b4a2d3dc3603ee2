"""Logs of allow-listed fields: what is not on the list cannot be logged by accident."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.errors import CalbridgeError
from shared.settings import SettingsError

FIELDS = frozenset(
    {
        "after",
        "appointment",
        "calendar",
        "cause",
        "changes",
        "client_request",
        "code",
        "connection",
        "count",
        "deletions",
        "due",
        "endpoint",
        "error",
        "events",
        "failures",
        "function",
        "graph_request",
        "ignored",
        "kind",
        "lag",
        "library",
        "links",
        "method",
        "number",
        "operation",
        "queue",
        "reason",
        "retry_after",
        "route",
        "seconds",
        "state",
        "status",
        "subscription",
        "tenant",
        "tries",
        "version",
    }
)

# These log URLs and answers, which hold addresses, delta tokens and webhook URLs.
TALKATIVE = ("httpx", "httpcore", "azure", "msal", "msal_extensions", "urllib3", "h2", "hpack")


_correlation: ContextVar[str] = ContextVar("correlation", default="")
_logger = logging.getLogger("calbridge")


@contextmanager
def correlated(correlation: str) -> Generator[None]:
    """Every note inside carries `correlation`."""
    token = _correlation.set(correlation)
    try:
        yield
    finally:
        _correlation.reset(token)


def correlation() -> str:
    return _correlation.get()


def note(event: str, *, level: int = logging.INFO, **fields: str | float | None) -> None:
    """One line of JSON. Raises ValueError for a field that is not in FIELDS."""
    if unknown := fields.keys() - FIELDS:
        raise ValueError(f"not on the list of log fields: {', '.join(sorted(unknown))}")
    entry = {"event": event, **{k: v for k, v in fields.items() if v is not None}}
    if current := _correlation.get():
        entry["correlation"] = current
    _logger.log(level, "%s", json.dumps(entry, ensure_ascii=True))


class Unexpected(Exception):
    """In the place of a bug's exception, whose text may quote what it was working on."""


@contextmanager
def content_free() -> Generator[None]:
    """What escapes is logged by the host, text, causes and all: here it keeps its type and the
    places it came by.
    """
    try:
        yield
    except (CalbridgeError, SettingsError, Unexpected) as error:
        raise error from None
    except Exception as error:  # noqa: BLE001 - raised again, without its text
        raise Unexpected(type(error).__name__).with_traceback(error.__traceback__) from None


class _Reduced(logging.Handler):
    """A library's warning is known by who gave it: its text may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        note(
            "library.warned",
            level=record.levelno,
            library=record.name,
            error=kind.__name__ if kind else None,
        )


def hush() -> None:
    """Libraries may warn, but not tell what they do, nor what they were doing it with."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers = [_Reduced()]
