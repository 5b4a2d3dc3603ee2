"""A person's way through a consent link, in a browser, with an organisation of their own."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Browser, Page, expect

from local.run import settings
from local.run.requirements import ROOT
from shared.store.tables import TableStore
from tests.browser.stack import Stack

KEY = {"X-Api-Key": "local-development-key"}
PATIENCE = 20


@dataclass
class Walk:
    """`name` is the customer, and what its domain begins with. Kim is nobody special there, and
    root an administrator.
    """

    stack: Stack
    browser: Browser
    page: Page
    name: str
    twin: httpx.AsyncClient
    api: httpx.AsyncClient
    links: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def domain(self) -> str:
        return f"{self.name}.example"

    def who(self, name: str) -> str:
        return f"{name}@{self.domain}"

    async def play(self, path: str, method: str = "POST", **body: Any) -> Any:
        """Puts the twin into it."""
        answer = await self.twin.request(method, f"/_twin{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def prepare(self, policy: str = "users_may") -> None:
        await self.organisation(self.name, policy)
        await self.customer(self.name)

    async def customer(self, name: str) -> None:
        (await self.api.put(f"/v1/tenants/{name}", json={"name": "Lakeside"})).raise_for_status()

    async def organisation(self, name: str, policy: str = "users_may") -> None:
        domain = f"{name}.example"
        await self.play("/tenants", domain=domain, name=name, consent_policy=policy)
        for who, admin in (("root", True), ("kim", False)):
            upn, shown = f"{who}@{domain}", who.capitalize()
            await self.play("/people", tenant=domain, upn=upn, display_name=shown, is_admin=admin)

    async def fault(self, number: int, path: str, **action: Any) -> None:
        """The next step of somebody of this organisation ends with that number."""
        await self.play(
            "/faults",
            match={"path": path, "tenant": self.domain},
            action={"aadsts": number, **action},
        )

    async def link(self, kind: str = "user", tenant: str = "", **wanted: Any) -> dict[str, Any]:
        """Kim's, where it is for a person."""
        hint = {"login_hint": self.who("kim")} if kind == "user" else {}
        path = f"/v1/tenants/{tenant or self.name}/consent-links"
        answer = await self.api.post(path, json={"kind": kind, **hint, **wanted})
        assert answer.status_code == 201, answer.text
        self.links.append(answer.json())
        return answer.json()

    async def open(self, link: dict[str, Any] | None = None, choice: str = "") -> None:
        """The newest link where none is named; leaves by the choice, the first where none is."""
        await self.page.goto((link or self.links[-1])["url"])
        button = self.page.locator(f"#as-{choice}") if choice else self.first
        await button.click()

    @property
    def first(self):
        return self.page.locator("#choices button").first

    async def choose(self, account: str) -> None:
        await self.page.locator("#other-account").fill(account)
        await self.page.locator("#next").click()

    async def accept(self) -> None:
        await self.page.locator("#accept").click()

    async def decline(self) -> None:
        await self.page.locator("#cancel").click()

    async def agree(self, *, for_all: bool = False, account: str = "") -> None:
        """From the first page to the last one."""
        if not for_all:
            await self.open(choice="user")
            await self.accept()
            return
        who = account or self.who("root")
        await self.open(choice="organisation")
        await self.choose(who)
        await self.accept()
        await self.choose(who)

    async def elsewhere(self) -> "Walk":
        """The same in another browser."""
        context = await self.browser.new_context()
        page = await context.new_page()
        return Walk(self.stack, self.browser, page, self.name, self.twin, self.api, [*self.links])

    async def ask(self) -> int:
        """Microsoft stopped the person: back at the link, its number is asked about."""
        shown = self.page.locator("#problem")
        await expect(shown).to_be_visible()
        number = await shown.get_attribute("data-code") or ""
        await self.page.goto(self.links[-1]["url"])
        await self.page.locator("#number").fill(number)
        await self.page.locator("#explain").click()
        return int(number.removeprefix("AADSTS"))

    async def state(self) -> dict[str, Any]:
        link = self.links[-1]
        path = f"/v1/tenants/{self.name}/consent-links/{link['id']}"
        return (await self.api.get(path)).json()

    async def told(self) -> list[tuple[str, str]]:
        """What the log says of the newest link: states with their causes."""
        answer = await self.api.get(f"/v1/tenants/{self.name}/changes", params={"after": 0})
        return [
            (change["data"]["state"], change["data"]["cause"])
            for change in answer.json()["changes"]
            if change["data"].get("consent_link") == self.links[-1]["id"]
        ]

    def store(self) -> TableStore:
        values = settings.load(ROOT / settings.SAMPLE, self.stack.shift)
        return TableStore(values["AzureWebJobsStorage"])


def named(situation: str) -> str:
    return re.sub(r"[^a-z]", "", situation)
