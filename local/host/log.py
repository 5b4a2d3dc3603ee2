"""Log lines: one per record, readable or JSON, with the invocation they belong to."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from azure_functions_runtime import invocation_id_cv

from local.host.settings import HostJson

# Their INFO is one line per storage request, or the whole index on one line.
_QUIET = ("azure", "azure.functions", "uvicorn", "asyncio")
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"[{_moment(record)}] {record.levelname:<7} {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class BareLines(logging.Formatter):
    """For whoever puts a time before each line already."""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        line = f"{level}{record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if invocation := getattr(record, "invocation_id", None) or invocation_id_cv.get():
            line["invocationId"] = invocation
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line | getattr(record, "fields", {}))


STYLES: dict[str, type[logging.Formatter]] = {
    "text": TextLines,
    "bare": BareLines,
    "json": JsonLines,
}


def start(style: str) -> None:
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(STYLES[style]())
    logging.basicConfig(level=logging.INFO, handlers=[lines], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The runtime logs an import error's trace itself; the host says it in one sentence.
    logging.getLogger("azure.functions").setLevel(logging.CRITICAL)


def apply(host: HostJson) -> None:
    """host.json's logging.logLevel.default, for the app and the host alike."""
    named = str(host.value("logging.logLevel.default", "Information")).lower()
    logging.getLogger().setLevel(_LEVELS.get(named, logging.INFO))
    logging.getLogger("azure.functions").setLevel(logging.WARNING)


def ready() -> logging.Logger:
    """Heard whatever the level: whoever started the host waits for its line."""
    logger = logging.getLogger("host.ready")
    logger.setLevel(logging.INFO)
    return logger


def farewell() -> None:
    """An app has no hook to close its clients in; that it leaves them open is no error of its."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
