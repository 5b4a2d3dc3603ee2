from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from local.twin.app import Twin, create_app
from local.twin.entra.apps import CALBRIDGE_CLIENT_ID
from local.twin.entra.tokens import GRAPH, Subject
from local.twin.seed import CONTOSO
from tests.twin.notify.receiver import ORIGIN, Receiver


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def twin(receiver: Receiver) -> AsyncIterator[Twin]:
    twin = Twin(transport=receiver.transport, seed="demo")
    twin.switches.notification_delay_ms = 20
    yield twin
    await twin.close()


class Graph:
    """A client of Graph as the app, or as a person of Contoso."""

    def __init__(self, twin: Twin, http: httpx.AsyncClient) -> None:
        self._twin = twin
        self.http = http

    def token(self, person: str | None = None, rights: tuple[str, ...] = ("Calendars.ReadWrite",)):
        user = self._twin.world.person(CONTOSO, person) if person else None
        subject = Subject(
            tenant_id=CONTOSO,
            app_id=CALBRIDGE_CLIENT_ID,
            object_id=user.id if user else "app-object",
            scopes=frozenset(rights),
            roles=frozenset(rights),
            app_only=user is None,
        )
        issuer = "https://login.microsoftonline.com/x/v2.0"
        return self._twin.entra.tokens.access(subject, GRAPH, issuer, self._twin.clock.now())

    async def ask(
        self, method: str, path: str, *, person: str | None = None, rights=None, prefer="", **body
    ) -> httpx.Response:
        token = self.token(person, rights or ("Calendars.ReadWrite",))
        headers = {"Authorization": f"Bearer {token}", "Prefer": prefer}
        return await self.http.request(method, f"/v1.0{path}", headers=headers, json=body or None)

    def wanted(self, **changes: Any) -> dict[str, Any]:
        expires = self._twin.clock.now() + timedelta(days=2)
        return {
            "changeType": "created,updated,deleted",
            "notificationUrl": f"{ORIGIN}/notify",
            "resource": "/users/megan@contoso.example/events",
            "expirationDateTime": expires.isoformat(),
            "clientState": "secret-state",
            **changes,
        }

    async def subscribe(self, *, prefer: str = "", **changes: Any) -> dict[str, Any]:
        answer = await self.ask("POST", "/subscriptions", prefer=prefer, **self.wanted(**changes))
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
async def graph(twin: Twin) -> AsyncIterator[Graph]:
    transport = httpx.ASGITransport(create_app(twin))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as http:
        yield Graph(twin, http)


@pytest.fixture
def megan(twin: Twin):
    return twin.exchange.act_as_person(CONTOSO, "megan@contoso.example")


@pytest.fixture
def meeting() -> dict[str, Any]:
    return {
        "subject": "Plan",
        "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"},
    }
