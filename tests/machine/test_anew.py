"""A tenant that is created anew under the id of one that is being erased, or was a moment ago,
keeps all that is its own.

No mailbox is connected, so that each moment can be tried: who ends calendars names them by rows
that are gone by then.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import TryAgain
from shared.onboarding.ending import carry_on, end_tenant
from shared.store.memory import MemoryStore
from shared.store.records import (
    Connection,
    ConnectionKind,
    Contact,
    Copies,
    DueKind,
    Receipt,
    State,
    Tenant,
)
from shared.sync.timers import sweep
from shared.sync.wake import END
from tests.machine.stage import (
    ENTRA,
    SETTINGS,
    TENANT,
    Crash,
    FragileStore,
    Fuse,
    ListQueues,
    Stage,
)

LONG = timedelta(hours=1)
STAGE = Stage()


class Watched(FragileStore):
    """Whoever wants the id tries to get it at the `wanted`th verb, and from then on."""

    def __init__(self, office: "Office") -> None:
        super().__init__(office.memory, office.fuse)
        self._office = office

    def __getattr__(self, name: str) -> Any:
        verb = super().__getattr__(name)

        async def watched(*args: Any, **kwargs: Any) -> Any:
            self._office.verbs += 1
            if self._office.verbs >= self._office.wanted:
                await self._office.create_anew()
            return await verb(*args, **kwargs)

        return watched


@dataclass
class Office:
    """Where one tenant is ended and another begins."""

    stage: Stage
    memory: MemoryStore = field(default_factory=MemoryStore)
    queues: ListQueues = field(default_factory=ListQueues)
    fuse: Fuse = field(default_factory=Fuse)
    secrets: set[str] = field(default_factory=set[str])
    now: datetime = STAGE.now
    verbs: int = 0
    wanted: float = float("inf")
    anew: bool = False
    receipt: str = ""

    async def open(self, name: str) -> None:
        await self.memory.put_tenant(
            Tenant(TENANT, name, State.ACTIVE, self.now, entra_tenant=ENTRA)
        )
        await self.memory.claim_entra(ENTRA, TENANT)
        await self.memory.put_contacts(TENANT, [Contact("p1", TENANT, "staff", name, ("a@b.c",))])
        await self.memory.put_connection(
            Connection("user-a", TENANT, ConnectionKind.USER, State.ACTIVE, self.now, ENTRA)
        )
        self.secrets.add("user-a")

    async def create_anew(self) -> None:
        """As the API does: not while a tenant of that id is there."""
        if not self.anew and await self.memory.tenant(TENANT) is None:
            self.anew = True
            await self.open("Anew")

    async def forget(self, connection: Connection) -> None:
        self.fuse.before()
        self.secrets.discard(connection.id)
        self.fuse.afterwards()

    @property
    def services(self) -> Any:
        store = Watched(self)
        wake = replace(self.stage.wake, store=store, queues=self.queues)
        return SimpleNamespace(
            store=store,
            queues=self.queues,
            engine=replace(self.stage.engine, store=store, wake=wake),
            grants=self,
            signing=self,
            settings=SETTINGS,
            clock=lambda: self.now,
        )

    async def work(self) -> None:
        """A process that dies is followed by another, in which no fuse is set."""
        while self.queues.sent:
            _, message = self.queues.sent.popleft()
            try:
                await carry_on(self.services, message)
            except TryAgain:
                self.queues.sent.append((END, message))
            except Crash:
                self.fuse = Fuse()

    async def rest(self) -> None:
        """The sweep finds what a dead process left, and time passes."""
        for _ in range(4):
            self.now += LONG
            await sweep(self.services.engine, self.now)
            await self.work()


async def ended(wanted: float, left: int | None, *, after: bool) -> Office:
    office = Office(STAGE)
    await office.open("Old")
    tenant = await office.memory.tenant(TENANT)
    assert tenant is not None
    receipt = await end_tenant(office.services, tenant, Copies.LEAVE, notify=False)
    office.receipt, office.wanted, office.verbs = receipt.id, wanted, 0
    office.fuse = Fuse(left, after)
    await office.work()
    return office


async def check(office: Office, case: object) -> None:
    """Also after messages that came late, and all looks that were put off."""
    await office.create_anew()
    office.queues.sent.append((END, f"{TENANT}~{office.receipt}"))
    await office.rest()
    tenant = await office.memory.tenant(TENANT)
    assert tenant is not None, case
    assert (tenant.name, tenant.receipt, tenant.state) == ("Anew", "", State.ACTIVE), case
    assert await office.memory.claim_entra(ENTRA, "other") == TENANT, case
    assert [one.id for one in await office.memory.connections(TENANT)] == ["user-a"], case
    assert [one.name for one in await office.memory.contacts(TENANT)] == ["Anew"], case
    assert office.secrets == {"user-a"}, case
    receipt = await office.memory.receipt(office.receipt)
    assert isinstance(receipt, Receipt), case
    assert receipt.ended is not None, case
    assert await office.memory.due(DueKind.END, office.now + LONG) == [], case


async def test_it_may_be_created_at_any_moment():
    """Between any two looks at storage of who erases the one before."""
    whole = await ended(float("inf"), None, after=False)
    for wanted in range(whole.verbs + 1):
        office = await ended(wanted, None, after=False)
        await check(office, wanted)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_it_may_be_created_while_a_cut_off_end_goes_on(after: bool):
    """Wherever the first try was cut off, at any moment of the second."""
    whole = await ended(float("inf"), None, after=after)
    for left in range(whole.fuse.count):
        office = await ended(float("inf"), left, after=after)
        tries = office.verbs
        for wanted in range(whole.verbs + 3):
            office = await ended(float("inf"), left, after=after)
            office.verbs, office.wanted = 0, wanted
            await office.rest()
            await check(office, (left, wanted, tries))
