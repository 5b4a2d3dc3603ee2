"""The alerts ask for what exists: tables, columns, and what the app says of itself."""

import json
import re
from pathlib import Path

import pytest

from shared.catalogue import CAUSES
from shared.telemetry import MEASURES
from tests.docs.pages import blocks, read, rows
from tests.infra.kql import KqlError, check
from tests.infra.sources import ALERTS, NAMES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ALERTS).read_text()
PAGE = "docs/operations.md"
TIMERS = json.loads((ROOT / NAMES).read_text())["timers"]
_RULE = re.compile(
    r"^ {4}name: '(?P<name>[\w-]+)'$.*?'''\n(?P<query>.*?)'''", re.MULTILINE | re.DOTALL
)
# What the host, storage and the vault say; all else that a query looks for is the app's.
THEIRS = {
    *("MaxDequeueCount", "-poison", "PutMessage", "-poison/messages"),
    *("SecretPurge", "Authentication", "NearExpiry", "Expired", "0", "5", " "),
}


def queries(text: str = TEXT) -> dict[str, str]:
    """By name of the rule; the timers as the deployment puts them in."""
    return {
        found["name"]: found["query"].replace("{0}", "'sweep', 'catch_up'")
        for found in _RULE.finditer(text)
    }


def said_by_the_app() -> set[str]:
    """Codes of the catalogue, and events of the log."""
    sources = [file for name in ("shared", "functions") for file in (ROOT / name).rglob("*.py")]
    events = {e for file in sources for e in re.findall(r'note\(\s*"([\w.]+)"', file.read_text())}
    return events | set(CAUSES) | {f"calbridge.{name}" for name in MEASURES}


@pytest.mark.parametrize("name", queries())
def test_each_query_asks_for_what_exists(name):
    """It can be parsed, its tables and columns exist, and what it looks for is said."""
    looked_for = set(check(queries()[name]))

    assert looked_for - THEIRS - said_by_the_app() == set()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("AppTraces |", "AppTrace |", "no table AppTrace"),
        ("AZKVAuditLogs\n", "AZKVAuditLog\n", "no table AZKVAuditLog"),
        ("Message has 'MaxDequeueCount'", "Text has 'MaxDequeueCount'", "no column Text"),
        ("HttpStatusCode >= 400", "httpStatusCode_d >= 400", "no column httpStatusCode_d"),
        ("isempty(ResultCode)", "isempty(ResultCode", "bracket is open"),
        ("isempty(ResultCode)", "isempyt(ResultCode)", "no column isempyt"),
        ("| where Success", "| wher Success", "no step 'wher'"),
        ("project Name)", "project OperationName)", "no column Name"),
        ("  ) on Name", "  ) on Id", "both sides of a join need Id"),
        ("OperationName == 'PutMessage'", "OperationName == \"PutMessage'", "no part of the"),
        ("distinct Name", "distinct Nmae", "no column Nmae"),
    ],
)
def test_a_slip_in_a_query_is_found(right, wrong, said):
    """A table, a column, a step, a bracket or a quote that is not right."""
    assert right in TEXT

    with pytest.raises(KqlError, match=re.escape(said)):
        _check_all(queries(TEXT.replace(right, wrong)))


def _check_all(found: dict[str, str]) -> None:
    for query in found.values():
        check(query)


def test_a_code_that_is_no_more_is_found():
    """An alert would wait for a word that nobody says."""
    changed = queries(TEXT.replace("'app-credential-refused'", "'app-credential-denied'"))
    looked_for = {one for query in changed.values() for one in check(query)}

    assert looked_for - THEIRS - said_by_the_app() == {"app-credential-denied"}


def test_every_alert_is_explained():
    """The runbook has each rule and no other, with a section of its own, and each measure."""
    listed = [row[0].strip("`") for row in rows(PAGE, "When an alert rings")]
    alerts = [name for name in listed if name in queries()]
    sections = re.findall(r"^### (.+)$", read(PAGE), re.MULTILINE)
    measures = [row[0].strip("`") for row in rows(PAGE, "What is measured")]

    assert sorted(alerts) == sorted(sections) == sorted(queries())
    assert sorted(measures) == sorted(f"calbridge.{name}" for name in MEASURES)


def test_what_the_runbook_finds_in_the_log_is_said():
    """The words by which one alert's causes are told apart are those that its query looks for."""
    told = {row[0].strip("`") for row in rows(PAGE, "When an alert rings")} - queries().keys()
    looked_for = set(check(queries()["expiring-credentials"]))

    assert told - {"in the log"} == looked_for - THEIRS


@pytest.mark.parametrize("query", [one.text for one in blocks(PAGE) if one.language == "kql"])
def test_each_query_of_the_runbook_asks_for_what_exists(query):
    """As those of the alerts."""
    assert set(check(query)) - {"vault", "app"} - set(TIMERS) <= said_by_the_app()


def test_a_column_that_was_summed_away_is_found():
    """After `summarize` there are its groups and what it made, and no others."""
    with pytest.raises(KqlError, match="no column ResultCode"):
        check("AppRequests | summarize Times = count() by Name | where ResultCode == '5'")
    assert check("AppRequests | summarize Times = count() by Name | where Name has 'x'") == ["x"]
