"""A tenant that is erased leaves nothing, wherever the workers who do it are cut off."""

from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import TryAgain
from shared.onboarding.ending import carry_on, end_tenant
from shared.store.records import Connection, ConnectionKind, Copies, State
from shared.sync.wake import END
from tests.machine.stage import ENTRA, SETTINGS, TENANT, Crash, Stage, crash_points
from tests.machine.telling import furnish


class Vault:
    """Of grants and of endpoints; each secret by the id of what it is of."""

    def __init__(self, stage: Stage) -> None:
        self.secrets = {"user-carol"}
        self.stage = stage

    async def forget(self, connection: Connection) -> None:
        self.stage.fuse.before()
        self.secrets.discard(connection.id)
        self.stage.fuse.afterwards()

    async def destroy(self, endpoint: str) -> None:
        self.secrets.discard(endpoint)


class Ending(Stage):
    def __init__(self) -> None:
        self.vault = Vault(self)
        super().__init__()

    async def _forget_grant(self, connection: Connection) -> None:
        await self.vault.forget(connection)

    def services(self) -> Any:
        return SimpleNamespace(
            store=self.store,
            engine=self.engine,
            queues=self.queues,
            grants=self.vault,
            signing=self.vault,
            settings=SETTINGS,
            clock=lambda: self.now,
        )

    async def _run(self, queue: str, message: str) -> None:
        if queue != END:
            await super()._run(queue, message)
            return
        try:
            await carry_on(self.services(), message)
        except TryAgain:
            self.queues.sent.append((queue, message))
        except Crash:
            self.crash()


async def furnished() -> Ending:
    """Two mailboxes with appointments, a person's grant beside the organisation's."""
    stage = Ending()
    await stage.connect("anna", "ben")
    await stage.memory.put_connection(
        Connection(
            "user-carol", TENANT, ConnectionKind.USER, State.ACTIVE, stage.now, ENTRA,
            user_id=stage.people["carol"].id, address="carol@contoso.test",
        )
    )  # fmt: skip
    await stage.memory.claim_entra(ENTRA, TENANT)
    await furnish(stage)
    return stage


async def erased(effect: int | None, *, after: bool) -> tuple[Ending, int]:
    stage = await furnished()
    receipt = await end_tenant(stage.services(), await stage.tenant(), Copies.REMOVE, notify=False)
    stage.fuse.count = 0
    stage.fuse.left, stage.fuse.after = effect, after
    while stage.queues.sent:
        await stage.take_message()
    count = stage.fuse.count
    await stage.settle_down()
    await stage.settle_down()
    found = await stage.memory.receipt(receipt.id)
    assert found is not None
    assert found.ended is not None, effect
    return stage, count


def traces(stage: Ending) -> list[str]:
    """Of the tenant's id and addresses (both hold the word), its Entra tenant and people. To look
    for a calendar makes it an empty partition.
    """
    held = stage.memory._partitions
    stage.memory._partitions = {key: one for key, one in held.items() if one != type(one)()}
    subjects = [ENTRA, TENANT, *(one.id for one in stage.people.values())]
    tables = {name: repr(rows) for name, rows in vars(stage.memory).items()}
    return [name for name, rows in tables.items() if any(one in rows for one in subjects)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_nothing_of_it_stays_wherever_its_end_is_cut_off(after: bool):
    whole, effects = await erased(None, after=after)
    assert traces(await furnished())
    assert traces(whole) == []
    expected = await whole.memory.parts((await _receipt(whole)).id)
    for effect in crash_points(effects):
        stage, _ = await erased(effect, after=after)
        assert traces(stage) == [], effect
        assert stage.vault.secrets == set(), effect
        assert stage.twin.exchange.outbox == [], effect
        parts = await stage.memory.parts((await _receipt(stage)).id)
        assert sum(one.removed for one in parts) == sum(one.removed for one in expected), effect


async def _receipt(stage: Ending) -> Any:
    (found,) = stage.memory._receipts.values()
    return found
