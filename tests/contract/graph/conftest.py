"""The twin in process, under Graph's real host name."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.twin.app import Twin, create_app
from local.twin.entra.tokens import GRAPH, Subject
from local.twin.world import Person
from shared.custody.access import AccessToken
from shared.graph.client import Graph
from shared.graph.mailbox import Mailbox
from shared.graph.seen import Page, Seen
from shared.settings import Secret, Settings
from shared.store.records import Calendar, CalendarKey, Connection, ConnectionKind, State

TENANT = "22222222-0000-4000-8000-000000000001"
APP = "11111111-0000-4000-8000-000000000003"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
WINDOW = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
ROLES = frozenset({"Calendars.ReadWrite", "Calendars.Read", "User.Read.All"})
CONNECTION = Connection("c1", "acme", ConnectionKind.ORGANISATION, State.ACTIVE, NOW, TENANT)
NOTIFIED = "https://app.example/graph/notifications?calendar=k"
LIFECYCLE = "https://app.example/graph/lifecycle?calendar=k"


@dataclass
class TwinTokens:
    """Tokens as the twin's Entra makes them; `dropped` counts the refused ones."""

    twin: Twin
    dropped: int = 0
    expired: int = 0
    """How many of the next tokens are too old when Graph gets them."""
    roles: frozenset[str] = field(default=ROLES)

    async def token(self, connection: Connection) -> AccessToken:
        now = self.twin.clock.now()
        made = now
        if self.expired:
            self.expired -= 1
            made = datetime(2020, 1, 1, tzinfo=UTC)
        subject = Subject(
            connection.entra_tenant, APP, "app-object", roles=self.roles, app_only=True
        )
        value = self.twin.entra.tokens.access(subject, GRAPH, "https://issuer", made)
        return AccessToken(value, now)

    def drop(self, connection: Connection) -> None:
        assert connection.id == CONNECTION.id
        self.dropped += 1


@dataclass
class Stage:
    """Ada's mailbox as the product sees it (`mailbox`) and as she does (`outlook`)."""

    twin: Twin
    tokens: TwinTokens
    graph: Graph
    ada: Person
    ben: Person
    handshakes: list[str]

    @property
    def outlook(self) -> Any:
        return self.twin.exchange.act_as_person(TENANT, self.ada.id)

    @property
    def mailbox(self) -> Mailbox:
        return self.mailbox_of(self.ada.id)

    def mailbox_of(self, user: str, graph_calendar: str = "") -> Mailbox:
        calendar = Calendar(
            CalendarKey("acme", "cal-1"),
            "c1",
            user,
            "",
            State.ACTIVE,
            NOW,
            graph_calendar=graph_calendar,
        )
        return self.graph.mailbox(calendar, CONNECTION)

    def fault(
        self, times: int | None = 1, phase: str = "before", match: Any = None, **action: Any
    ) -> None:
        """In the words of the twin's control API."""
        self.twin.faults.add(
            {"match": match or {}, "action": action, "phase": phase, "times": times}
        )

    def asked(self) -> list[str]:
        """The requests Graph saw, without the host and the user."""
        prefix = f"/v1.0/users/{self.ada.id}"
        return [f"{one.method} {one.path.removeprefix(prefix)}" for one in self.twin.requests]

    async def round(
        self, link: str = "", mailbox: Mailbox | None = None
    ) -> tuple[list[Seen], str]:
        """A delta round read to its end, and where the next one starts."""
        seen: list[Seen] = []
        page = Page((), link)
        while not page.delta_link:
            page = await (mailbox or self.mailbox).delta(page.next_link, WINDOW)
            assert bool(page.next_link) != bool(page.delta_link)
            seen += page.items
        return seen, page.delta_link


def settings(**changes: Any) -> Settings:
    return Settings(
        public_url="https://app.example",
        api_keys=(),
        signing_key=Secret("k" * 40),
        vault_url="https://vault.example",
        client_id=APP,
        client_secret=Secret("s"),
        **changes,
    )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    handshakes: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        handshakes.append(request.url.path)
        return httpx.Response(200, text=request.url.params.get("validationToken", ""))

    twin = Twin(transport=httpx.MockTransport(answer))
    twin.world.create_tenant(TENANT, "contoso.example", "Contoso")
    ada, ben = (
        twin.world.create_person(TENANT, f"{name}@contoso.example", name.title(), aliases=[alias])
        for name, alias in (("ada", "a@contoso.example"), ("ben", "b@contoso.example"))
    )
    tokens = TwinTokens(twin)
    graph = Graph(settings(), tokens, httpx.ASGITransport(create_app(twin)))
    yield Stage(twin, tokens, graph, ada, ben, handshakes)
    await graph.close()
    await twin.close()
