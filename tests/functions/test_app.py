import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NAMES = {
    "api",
    "catch_up",
    "connect_mailboxes",
    "deliver_changes",
    "end_tenant",
    "graph_lifecycle",
    "graph_notifications",
    "oauth_admin_consent",
    "oauth_callback",
    "oauth_help",
    "oauth_start",
    "renew_subscriptions",
    "sweep",
    "sync_calendar",
    "write_appointment",
}


@pytest.fixture(scope="session")
def app():
    """By function name: its bindings, and what one call through Microsoft's runtime gave."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.functions.probe"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_runtime_finds_every_function(app):
    """Microsoft's runtime indexes the app and finds these functions and no others."""
    assert set(app) == NAMES


def test_every_function_runs(app):
    """Each function, called once as the host calls it, ends without an exception."""
    failed = {
        name: one["outcome"]["error"]
        for name, one in app.items()
        if not one["outcome"]["succeeded"]
    }

    assert failed == {}


def test_routes_do_not_overlap(app):
    """The host knows no precedence: no route may match a path that another one is for."""
    routes = [b["route"] for one in app.values() for b in one["bindings"] if "route" in b]
    catch_all = [route for route in routes if "{" in route]

    assert catch_all == ["v1/{*path}"]
    assert len(set(routes)) == len(routes)
    assert not any(r.startswith(("v1", "admin", "runtime", "/")) for r in routes if "{" not in r)


def test_nobody_outside_needs_a_function_key(app):
    """Graph and browsers hold no function key; the API checks keys of its own."""
    levels = {b["authLevel"] for one in app.values() for b in one["bindings"] if "route" in b}

    assert {level.lower() for level in levels} == {"anonymous"}


def test_the_api_answers_through_its_function(app):
    """The API's own answer comes through with status, type and body."""
    outcome = app["api"]["outcome"]

    assert outcome["status"] == 200
    assert outcome["type"] == "application/json"
    assert json.loads(outcome["body"])["id"] == "acme"


def test_graph_gets_its_token_back(app):
    """The handshake is answered with the token as plain text, in which nothing is markup."""
    outcome = app["graph_notifications"]["outcome"]

    assert outcome["status"] == 200
    assert outcome["type"] == "text/plain"
    assert outcome["body"] == "Validation: &lt;1&gt;&amp;2"


def test_a_browser_gets_pages(app):
    """Whatever goes wrong at oauth/* ends on a page that says who can fix it."""
    for name in ("oauth_start", "oauth_help", "oauth_callback", "oauth_admin_consent"):
        outcome = app[name]["outcome"]

        assert outcome["status"] in {400, 404}
        assert outcome["type"] == "text/html; charset=utf-8"
        assert "Who can fix it" in outcome["body"]
