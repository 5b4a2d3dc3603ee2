"""Tells Calbridge what was changed here, in order; keeps it while Calbridge is away."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

from local.demo.calbridge import ApiProblem, Unreachable
from local.demo.product import Product
from local.demo.store import Appointment, Errand

PAUSE = 2.0
GONE = frozenset({"appointment-unknown"})
NOT_YET = frozenset({"mailbox-not-connected"})


class Sender:
    def __init__(self, product: Product) -> None:
        self._product = product
        self._work = asyncio.Event()

    def wake(self) -> None:
        self._work.set()

    async def run(self) -> None:
        while True:
            self._work.clear()
            for errand in self._product.store.errands():
                if not await self._sent(errand):
                    break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), PAUSE)

    def send_kept_back(self, tenant: str) -> None:
        """What nobody else has yet, of people who are connected by now."""
        store = self._product.store
        for item in store.appointments(tenant):
            ready = self._product.state_of(tenant, item.person)["state"] == "active"
            if ready and item.sync == "local":
                store.put(replace(item, sync="waiting"))
                store.send(tenant, item.id, "PUT", whole(item), 0)
                self.wake()

    async def _sent(self, errand: Errand) -> bool:
        """False when Calbridge does not answer: the order must be kept, so all others wait."""
        path = f"tenants/{errand.tenant}/appointments/{errand.appointment}"
        body = errand.body if errand.verb != "DELETE" else None
        try:
            answer = await self._product.calbridge.ask(errand.verb, path, body)
        except Unreachable:
            self._product.calbridge_answers = False
            self._product.live.poke()
            return False
        except ApiProblem as problem:
            self._product.store.sent(errand.number)
            self._refused(errand, problem)
        else:
            self._product.store.sent(errand.number)
            self._accepted(errand, answer["operation"])
        self._product.calbridge_answers = True
        self._product.live.poke()
        return True

    def _accepted(self, errand: Errand, operation: dict[str, Any]) -> None:
        store = self._product.store
        store.amend(errand.line, operation=operation["id"])
        held = store.appointment(errand.tenant, errand.appointment)
        if held is not None:
            synced = operation["state"] == "applied"
            version = max(held.version, operation["version"])
            sync = "synced" if synced else "waiting"
            store.put(replace(held, version=version, sync=sync, problem=""))

    def _refused(self, errand: Errand, problem: ApiProblem) -> None:
        store = self._product.store
        held = store.appointment(errand.tenant, errand.appointment)
        if errand.verb == "DELETE" and problem.code in GONE:
            store.amend(errand.line, state="note", detail="It was gone already.")
        else:
            store.amend(errand.line, state="refused", detail=problem.words())
        self._product.stopwatch.forget(errand.line)
        if held is not None:
            sync = "local" if problem.code in NOT_YET else "refused"
            store.put(replace(held, sync=sync, problem=problem.words(), deleted=False))


def whole(item: Appointment) -> dict[str, Any]:
    """All that the API takes of an appointment."""
    return {**item.fields, "mailbox": item.person}
