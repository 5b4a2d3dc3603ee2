"""What is told of a request to Graph."""

from datetime import UTC, datetime

import pytest
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_http.httpx_request_adapter import HttpxRequestAdapter

from shared.graph.route import Route
from shared.graph.telling import route_of

WHO, EVENT = "mole@acme.example", "AAMkAGI="


@pytest.fixture
def route():
    adapter = HttpxRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = "https://graph.example/v1.0"
    return Route(adapter, WHO, "the-calendar")


def test_a_route_names_nobody(route):
    """The path's template is told: no mailbox, event, link or query."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    link = "https://graph.example/v1.0/users/mole/calendarView/delta?$deltatoken=secret"
    asked = [
        route.delta(now, now),
        route.delta_on(link),
        route.event(EVENT),
        route.delete(EVENT),
        route.unsubscribe("sub-1"),
    ]

    assert [route_of(one) for one in asked] == [
        "/users/{user%2Did}/calendars/{calendar%2Did}/calendarView/delta()",
        "/users/{user%2Did}/calendarView/delta()",
        "/users/{user%2Did}/events/{event%2Did}",
        "/users/{user%2Did}/events/{event%2Did}",
        "/subscriptions/{subscription%2Did}",
    ]
