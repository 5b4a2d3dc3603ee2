"""Keeps Calbridge and Meridian Care acquainted: tenants, webhook endpoints, who is connected.

While somebody looks, it asks every few seconds whether Calbridge is there. Everything else is
looked at when Calbridge comes back, when a change says so, and once a minute all the same.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

from local.demo.calbridge import ApiProblem, Unreachable
from local.demo.outlook import OutlookRefused, OutlookUnreachable
from local.demo.practices import PRACTICES, Practice
from local.demo.product import Product
from local.demo.receiver import Receiver
from local.demo.seed import seed_appointments, seed_outlook
from local.demo.sender import Sender
from local.demo.store import Line

PAUSE = 4.0
EVERYTHING_AFTER = 60.0
PAUSE_WHILE_DOWN = 1.0
SHORTEST_PAUSE = 0.2


class Keeper:
    def __init__(self, product: Product, receiver: Receiver, sender: Sender) -> None:
        self._product = product
        self._receiver = receiver
        self._sender = sender
        self._seeded = False
        self._said = ""
        self._due = 0.0

    async def run(self) -> None:
        while True:
            with suppress(OutlookUnreachable, OutlookRefused):
                await self._seed()
            everything = self._is_due()
            if everything or self._product.live.looked_at:
                self._answers(await self._round(everything=everything))
            await self._rest()

    def _is_due(self) -> bool:
        back = not self._product.calbridge_answers
        return back or self._stale() or time.monotonic() >= self._due

    async def _rest(self) -> None:
        """Shorter when a change said that somebody's connection is no longer as known."""
        down = not self._product.calbridge_answers
        rested, enough = 0.0, PAUSE_WHILE_DOWN if down else PAUSE
        while rested < enough:
            await asyncio.sleep(SHORTEST_PAUSE)
            rested += SHORTEST_PAUSE
            if self._stale() and not down:
                return

    def _stale(self) -> bool:
        return any(self._product.store.fact(f"stale.{tenant}") for tenant in PRACTICES)

    async def _seed(self) -> None:
        if not self._seeded:
            seed_appointments(self._product)
            for practice in PRACTICES.values():
                await seed_outlook(self._product, practice)
            self._seeded = True
            self._product.live.poke()

    async def _round(self, *, everything: bool) -> bool:
        """Whether Calbridge answered."""
        try:
            await self._product.calbridge.ask("GET", "health")
            for practice in PRACTICES.values() if everything else ():
                await self._acquaint(practice)
            if everything:
                self._due = time.monotonic() + EVERYTHING_AFTER
        except Unreachable:
            return False
        except ApiProblem as problem:
            self._complain(problem.words())
        return True

    def _complain(self, words: str) -> None:
        """Once, not at every round."""
        if words != self._said:
            for tenant in PRACTICES:
                self._product.store.write(Line(tenant, "calbridge", words, state="refused"))
        self._said = words

    def _answers(self, answers: bool) -> None:
        if answers != self._product.calbridge_answers:
            self._product.calbridge_answers = answers
            self._product.live.poke()
            if answers:
                self._sender.wake()

    async def _acquaint(self, practice: Practice) -> None:
        await self._tenant(practice)
        await self._endpoint(practice.id)
        await self._receiver.catch_up(practice.id)
        await self.refresh(practice.id)

    async def _tenant(self, practice: Practice) -> None:
        path = f"tenants/{practice.id}"
        try:
            await self._product.calbridge.ask("GET", path)
        except ApiProblem as problem:
            if problem.code != "tenant-unknown":
                raise
            body = {"name": practice.name, "policy": {"backfill": "window"}}
            await self._product.calbridge.ask("PUT", path, body)

    async def _endpoint(self, tenant: str) -> None:
        """One endpoint, whose secret we hold; what else has our URL is from a forgotten life."""
        path, url = f"tenants/{tenant}/webhook-endpoints", self._url(tenant)
        known = self._product.store.fact(f"endpoint.{tenant}", {})
        found = (await self._product.calbridge.ask("GET", path))["endpoints"]
        for endpoint in found:
            ours = endpoint["id"] == known.get("id") and endpoint["url"] == url
            if ours and endpoint["state"] != "active":
                await self._product.calbridge.ask("POST", f"{path}/{endpoint['id']}/enable")
            if not ours and endpoint["url"] == url:
                await self._product.calbridge.ask("DELETE", f"{path}/{endpoint['id']}")
        if not any(endpoint["id"] == known.get("id") for endpoint in found):
            await self._register(tenant, path, url)

    def _url(self, tenant: str) -> str:
        return f"{self._product.settings.url}/webhook/{tenant}"

    async def _register(self, tenant: str, path: str, url: str) -> None:
        created = await self._product.calbridge.ask("POST", path, {"url": url})
        kept = {"id": created["id"], "secret": created["secret"]}
        self._product.store.set_fact(f"endpoint.{tenant}", kept)
        self._product.store.set_fact(f"sequence.{tenant}", created["cursor"])
        items = await self._product.calbridge.pages(
            f"tenants/{tenant}/appointments", "appointments"
        )
        for item in items:
            held = self._product.store.appointment(tenant, item["id"])
            if held is None or held.version < item["version"]:
                self._receiver.hold(tenant, item)

    async def refresh(self, tenant: str) -> None:
        """Who is connected, and what was kept back until they were."""
        store = self._product.store
        store.set_fact(f"stale.{tenant}", False)
        ask = self._product.calbridge.ask
        calendars = (await ask("GET", f"tenants/{tenant}/calendars"))["calendars"]
        connections = await self._product.calbridge.pages(
            f"tenants/{tenant}/connections", "connections"
        )
        by_address = {str(one["mailbox"]).lower(): one for one in calendars}
        changed = _keep(self._product, f"calendars.{tenant}", by_address)
        changed |= _keep(self._product, f"connections.{tenant}", connections)
        if changed:
            self._product.live.poke()
        self._sender.send_kept_back(tenant)


def _keep(product: Product, name: str, value: Any) -> bool:
    """Whether it is news."""
    if product.store.fact(name) == value:
        return False
    product.store.set_fact(name, value)
    return True
