"""Logs of allow-listed fields: what is not on the list cannot be logged by accident."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

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

# These log URLs, which hold addresses, delta tokens and webhook URLs.
TALKATIVE = ("httpx", "httpcore", "azure", "msal", "urllib3")

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


def hush() -> None:
    """Libraries may warn, but not tell what they do."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
