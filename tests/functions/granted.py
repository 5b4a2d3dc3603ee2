"""An organisation's or an account's grant at the twin, without the way through the pages."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from local.twin.seed import CONTOSO
from shared.api.app import create_app
from shared.custody.entra import Entra
from shared.services import Services, assemble
from shared.settings import Secret
from shared.store.memory import MemoryStore
from shared.store.records import (
    Calendar,
    CalendarKey,
    Connection,
    ConnectionKind,
    Reach,
    State,
    Tenant,
)
from tests.contract.custody.conftest import Ground
from tests.twin.entra.browser import Browser
from tests.unit.api.stage import Clock, MemoryQueues, MemoryVault

KEY = "the-api-key"
ORGANISATION = f"organisation-{CONTOSO}"
ADA, MEGAN, DIEGO = (f"{one}@contoso.example" for one in ("ada", "megan", "diego"))
APPOINTMENT = {
    "mailbox": MEGAN,
    "subject": "Visit",
    "start": {"date_time": "2027-01-04T10:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2027-01-04T11:00:00", "time_zone": "Europe/Berlin"},
}


@dataclass
class Scene:
    services: Services
    clock: Clock
    twin: httpx.Client

    async def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Of the API, below the tenant."""
        transport = httpx.ASGITransport(create_app(lambda: self.services))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as api:
            return await api.request(
                method, f"/v1/tenants/acme/{path}", headers={"X-Api-Key": KEY}, **sent
            )

    def control(self, path: str, **sent: Any) -> Any:
        answer = self.twin.post(f"/_twin{path}", json=sent)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def allow(self, *roles: str) -> None:
        """An administrator gives the app these roles, and no others."""
        self.twin.post("/_twin/grants/revoke", json={"tenant": CONTOSO}).raise_for_status()
        self.control("/grants", tenant=CONTOSO, roles=list(roles), scopes=[])

    async def organisation(self, *roles: str, reach: Reach = Reach.READ_WRITE) -> Connection:
        self.allow(*roles)
        return await self.services.store.put_connection(
            Connection(
                ORGANISATION,
                "acme",
                ConnectionKind.ORGANISATION,
                State.ACTIVE,
                self.clock(),
                CONTOSO,
                reach=reach,
                granted=tuple(sorted(roles)),
            )
        )

    async def account(self, address: str, reach: Reach = Reach.READ_WRITE) -> Connection:
        """One that acts for others, signed in at Entra."""
        services, browser = self.services, Browser(self.twin)
        begun = await services.grants.begin(
            "acme",
            "link-1",
            self.clock(),
            hint=address,
            kind=ConnectionKind.SERVICE_ACCOUNT,
            reach=reach,
        )
        browser.open(begun.url)
        if browser.has("accept"):
            browser.press("accept")
        granted = await services.grants.finish(browser.landed, begun.cookie, self.clock())
        made = Connection(
            f"service-{granted.user_id}",
            "acme",
            ConnectionKind.SERVICE_ACCOUNT,
            State.ACTIVE,
            self.clock(),
            granted.entra_tenant,
            user_id=granted.user_id,
            address=address,
            reach=reach,
            granted=granted.scopes,
        )
        await services.grants.keep(made, granted)
        return await services.store.put_connection(made)

    async def connect(self, mailbox: str = MEGAN, **more: str) -> CalendarKey:
        answer = await self.ask("POST", "calendars", json={"mailbox": mailbox} | more)
        assert answer.status_code == 202, answer.text
        key = CalendarKey("acme", answer.json()["id"])
        await self.services.engine.work(key)
        return key

    async def calendar(self, key: CalendarKey) -> Calendar:
        found = await self.services.store.calendar(key)
        assert found
        return found

    async def round(self, key: CalendarKey) -> Calendar:
        await self.services.wake.dirty(key, self.clock())
        await self.services.engine.work(key)
        return await self.calendar(key)

    async def told(self, kind: str) -> list[tuple[str, str]]:
        """States and causes in the log."""
        changes = await self.services.store.changes("acme")
        return [(c.data["state"], c.data["cause"]) for c in changes if c.type == kind]


async def scene_on(ground: Ground) -> AsyncIterator[Scene]:
    settings = replace(ground.settings(), api_keys=(Secret(KEY),))
    clock = Clock(datetime.now(UTC))
    trust = ssl.create_default_context(cafile=ground.bundle)
    made = assemble(
        settings,
        MemoryStore(),
        MemoryQueues(),
        MemoryVault(),
        clock=clock,
        entra=Entra(settings, connection_verify=ground.bundle),
        graph_transport=httpx.AsyncHTTPTransport(verify=trust),
    )
    await made.store.put_tenant(
        Tenant("acme", "Acme", State.ACTIVE, clock(), entra_tenant=CONTOSO)
    )
    with ground.twin.client() as twin:
        twin.post("/_twin/reset", json={"seed": "demo"}).raise_for_status()
        yield Scene(made, clock, twin)
    await made.graph.close()
    await made.http.aclose()
