"""A small world behind the Graph routes, with a caller that is always let in."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from local.twin.caller import Caller
from local.twin.clock import Clock
from local.twin.exchange import Exchange
from local.twin.faults import Switches
from local.twin.graph import graph_routes
from local.twin.world import Person, World

TENANT = "22222222-0000-4000-8000-000000000001"
OTHER_TENANT = "22222222-0000-4000-8000-000000000002"
APP = "11111111-0000-4000-8000-000000000003"
ROLES = frozenset(
    {
        "Calendars.ReadWrite",
        "GroupMember.Read.All",
        "MailboxSettings.Read",
        "Place.Read.All",
        "User.Read.All",
    }
)


@dataclass(frozen=True)
class Notice:
    user_id: str
    event_id: str
    kind: str


class Notices(list[Notice]):
    """Stands where the notifier stands and keeps what it is told."""

    def changed(
        self,
        tenant_id: str,
        user_id: str,
        calendar_id: str,
        event_id: str,
        immutable_id: str,
        etag: str,
        kind: str,
    ) -> None:
        self.append(Notice(user_id, event_id, kind))


class Stage:
    def __init__(self) -> None:
        self.clock = Clock()
        self.switches = Switches()
        self.notifier = Notices()
        self.world = World()
        self.exchange = Exchange(self)
        self.caller = Caller(TENANT, APP, None, frozenset(), ROLES)
        self.app = Starlette(routes=[Mount("/v1.0", routes=graph_routes(self))])
        self.world.create_tenant(TENANT, "contoso.test", "Contoso")
        self.world.create_tenant(OTHER_TENANT, "fabrikam.test", "Fabrikam")
        self.ada = self.person("ada")
        self.bob = self.person("bob")
        self.cem = self.world.create_person(OTHER_TENANT, "cem@fabrikam.test", "Cem Yilmaz")
        self.room = self.world.create_room(
            TENANT, "room1@contoso.test", "Room 1", capacity=6, building="West"
        )

    def person(self, name: str, **more: Any) -> Person:
        return self.world.create_person(TENANT, f"{name}@contoso.test", name.title(), **more)

    async def ask(
        self, caller: Caller, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        async def let_in(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "state": {"caller": caller}}, receive, send)

        transport = httpx.ASGITransport(let_in)
        async with httpx.AsyncClient(transport=transport) as client:
            url = path if path.startswith("http") else f"https://graph.microsoft.com/v1.0{path}"
            return await client.request(method, url, headers=headers, content=body)

    async def request(
        self, method: str, path: str, json: Any = None, prefer: str = "", **headers: str
    ) -> httpx.Response:
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        if prefer:
            sent["Prefer"] = prefer
        body = httpx.Request("POST", "https://x", json=json).content if json is not None else b""
        return await self.ask(self.caller, method, path, sent, body)

    async def get(self, path: str, prefer: str = "", **headers: str) -> dict[str, Any]:
        answer = await self.request("GET", path, prefer=prefer, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, json: Any, prefer: str = "") -> dict[str, Any]:
        answer = await self.request("POST", path, json, prefer)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, json: Any) -> dict[str, Any]:
        answer = await self.request("PATCH", path, json)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(
        self, method: str, path: str, json: Any = None, **more: str
    ) -> tuple[int, str]:
        answer = await self.request(method, path, json, **more)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    async def round(self, link: str, prefer: str = "") -> tuple[list[dict[str, Any]], str]:
        """Reads a delta round to its end: all items, and the delta link."""
        items: list[dict[str, Any]] = []
        for _ in range(1000):
            page = await self.get(link, prefer)
            assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page)
            items += page["value"]
            if "@odata.deltaLink" in page:
                return items, page["@odata.deltaLink"]
            link = page["@odata.nextLink"]
        raise AssertionError("a round without end")

    def mails(self) -> list[tuple[str, str]]:
        return [(mail.kind, mail.to) for mail in self.exchange.outbox]


def meeting(
    subject: str = "Talk", *guests: str, day: str = "2027-03-01", **more: Any
) -> dict[str, Any]:
    return {
        "subject": subject,
        "body": {"contentType": "HTML", "content": "<p>About it</p>"},
        "start": {"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T11:00:00", "timeZone": "UTC"},
        "attendees": [
            {"emailAddress": {"address": guest, "name": guest}, "type": "required"}
            for guest in guests
        ],
        **more,
    }


def weekly(day: str = "2027-03-01", times: int = 4, **more: Any) -> dict[str, Any]:
    """Mondays at ten, from 2027-03-01 on."""
    return meeting(
        "Weekly",
        day=day,
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["Monday"]},
            "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": times},
        },
        **more,
    )


def new_id() -> str:
    return str(uuid.uuid4())
