"""Kusto queries as far as the alerts use them: enough to find a name that does not exist.

A pipeline is a source and what it is piped through. Each name in it must be a column of its source,
made by an earlier step, or a word of the language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Azure Monitor's reference of tables: learn.microsoft.com/azure/azure-monitor/reference/tables
_APP = (
    *("TimeGenerated", "OperationId", "OperationName", "ParentId", "Properties", "AppRoleName"),
    *("AppRoleInstance", "ItemCount", "Measurements", "Type", "SDKVersion", "_ResourceId"),
)
TABLES: dict[str, frozenset[str]] = {
    "AppRequests": frozenset(
        {*_APP, "Id", "Name", "Url", "Success", "ResultCode", "DurationMs", "Source"}
    ),
    "AppDependencies": frozenset(
        {*_APP, "Id", "Name", "Target", "Data", "Success", "ResultCode", "DurationMs"}
        | {"DependencyType"}
    ),
    "AppTraces": frozenset({*_APP, "Message", "SeverityLevel"}),
    "AppExceptions": frozenset(
        {*_APP, "ExceptionType", "OuterType", "OuterMessage", "InnermostType", "ProblemId"}
        | {"SeverityLevel", "Method", "Details"}
    ),
    "AppMetrics": frozenset({*_APP, "Name", "Sum", "Min", "Max"}),
    "StorageQueueLogs": frozenset(
        {"TimeGenerated", "OperationName", "Uri", "StatusCode", "StatusText", "AccountName"}
        | {"Category", "DurationMs", "ObjectKey", "AuthenticationType", "_ResourceId"}
    ),
    "AZKVAuditLogs": frozenset(
        {"TimeGenerated", "OperationName", "HttpStatusCode", "ResultType", "ResultSignature"}
        | {"ResultDescription", "DurationMs", "RequestUri", "CallerIpAddress", "_ResourceId"}
    ),
}
STEPS = frozenset({"where", "extend", "project", "distinct", "join", "summarize", "union"})
MAKING = frozenset({"extend", "project", "summarize"})
REPLACING = frozenset({"project", "distinct", "summarize"})
WORDS = frozenset(
    {"and", "or", "not", "in", "has", "has_any", "contains", "startswith", "endswith", "true"}
    | {"false", "kind", "leftanti", "inner", "on", "isfuzzy", "by", "string", "long", "now"}
    | {"isempty", "tostring", "split", "count", "countif", "sum", "bin", "ago", "dynamic"}
)
_TOKEN = re.compile(r"'[^'\n]*'|[A-Za-z_]\w*|\d+[dhms]?|[()\[\],:|]|[=!<>~+\-*/.]+|(\S)")


class KqlError(Exception):
    """Says what is wrong with the query."""


@dataclass
class _Reading:
    tokens: list[str]
    at: int = 0
    strings: list[str] = field(default_factory=list)

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        found = self.next()
        if not found or (wanted and found not in wanted):
            raise KqlError(f"{' or '.join(wanted)} is expected, not {found or 'the end'!r}")
        self.at += 1
        return found


def check(query: str) -> list[str]:
    """The texts in it. Raises KqlError."""
    reading = _Reading(list(_tokens(query)))
    _pipeline(reading)
    if reading.next():
        raise KqlError(f"{reading.next()!r} is too much")
    return reading.strings


def _tokens(query: str) -> Iterator[str]:
    for found in _TOKEN.finditer(query):
        if found[1]:
            raise KqlError(f"{found[1]!r} is no part of the language")
        yield found[0]


def _pipeline(reading: _Reading) -> frozenset[str]:
    """Its columns, at its end."""
    columns = _source(reading)
    while reading.next() == "|":
        reading.take("|")
        columns = _step(reading, columns)
    return columns


def _source(reading: _Reading) -> frozenset[str]:
    word = reading.take()
    if word == "union":
        return _union(reading)
    if word == "datatable":
        return _datatable(reading)
    if word not in TABLES:
        raise KqlError(f"there is no table {word}")
    return TABLES[word]


def _union(reading: _Reading) -> frozenset[str]:
    if reading.next() == "isfuzzy":
        for word in ("isfuzzy", "=", "true"):
            reading.take(word)
    columns = _bracketed(reading)
    while reading.next() == ",":
        reading.take(",")
        columns |= _bracketed(reading)
    return columns


def _bracketed(reading: _Reading) -> frozenset[str]:
    reading.take("(")
    columns = _pipeline(reading)
    reading.take(")")
    return columns


def _datatable(reading: _Reading) -> frozenset[str]:
    reading.take("(")
    name = reading.take()
    reading.take(":")
    reading.take("string")
    reading.take(")")
    reading.take("[")
    while reading.take()[0] in "',":
        pass
    return frozenset({name})


def _step(reading: _Reading, columns: frozenset[str]) -> frozenset[str]:
    step = reading.take()
    if step not in STEPS:
        raise KqlError(f"there is no step {step!r}")
    if step == "join":
        return _join(reading, columns)
    made = frozenset(_expression(reading, columns, makes=step in MAKING))
    return made if step in REPLACING else columns | made


def _join(reading: _Reading, columns: frozenset[str]) -> frozenset[str]:
    for word in ("kind", "="):
        reading.take(word)
    reading.take("leftanti", "inner")
    others = _bracketed(reading)
    reading.take("on")
    key = reading.take()
    if key not in columns or key not in others:
        raise KqlError(f"both sides of a join need {key}")
    return columns


def _expression(reading: _Reading, columns: frozenset[str], *, makes: bool) -> Iterator[str]:
    """Up to the step's end; gives the names that stand alone or are made."""
    depth = 0
    while (token := reading.next()) and not (depth == 0 and token in {"|", ")"}):
        reading.take()
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)
        if token.startswith("'"):
            reading.strings.append(token[1:-1])
        elif re.match(r"[A-Za-z_]", token) and token not in WORDS:
            is_made = makes and depth == 0 and reading.next() == "="
            if not is_made and token not in columns:
                raise KqlError(f"there is no column {token}")
            if depth == 0:
                yield token
    if depth:
        raise KqlError("a bracket is open")
