"""What somebody does to a calendar while a worker is at it: in one process, so that the moment
is certain.
"""

from dataclasses import replace

import pytest

from shared.policy.document import Document
from shared.store.records import State
from shared.sync.policies import apply
from tests.machine.stage import TENANT, Stage
from tests.machine.telling import LUNCH, put, shown


class Meanwhile:
    """A store in which one deed is done right before the first call of one verb."""

    def __init__(self, store, verb, deed):
        self._store = store
        self._verb = verb
        self._deed = deed

    def __getattr__(self, name):
        if name != self._verb or self._deed is None:
            return getattr(self._store, name)

        async def interrupted(*args):
            deed, self._deed = self._deed, None
            await deed()
            return await getattr(self._store, name)(*args)

        return interrupted


@pytest.fixture
async def stage():
    made = Stage()
    await made.connect("anna")
    yield made
    await made.twin.close()


async def worked_while(stage, verb, deed):
    """A worker has a round to do, the deed comes in between, and all messages are taken."""
    engine = stage.engine
    stage.engine = replace(engine, store=Meanwhile(engine.store, verb, deed))
    await engine.wake.dirty(stage.key("anna"), stage.now)
    while stage.queues.sent:
        await stage.take_message()
    return await stage.memory.calendar(stage.key("anna"))


@pytest.mark.parametrize("verb", ["put_calendar", "unmark"])
async def test_a_disconnection_during_a_round_is_not_overlooked(stage, verb):
    """The worker that read the calendar's row before it does not bring the calendar back."""
    engine = stage.engine

    async def disconnect():
        await engine.disconnect(await stage.memory.connection(TENANT, "grant"))

    calendar = await worked_while(stage, verb, disconnect)
    connection = await stage.memory.connection(TENANT, "grant")

    assert (calendar.state, connection.state) == (State.DISCONNECTED, State.DISCONNECTED)


async def test_a_subscription_removed_at_the_end_of_a_round_is_asked_for_anew(stage):
    """Graph's word that comes while a worker is at the calendar is not lost on that worker."""
    engine = stage.engine

    async def removed():
        await engine.lifecycle(stage.key("anna"), "subscriptionRemoved")

    calendar = await worked_while(stage, "unmark", removed)

    assert calendar.subscription_expires is not None


async def test_a_reconnection_is_not_taken_for_the_disconnected_calendar(stage):
    """A calendar that is connected again right when a worker finds it disconnected is synced."""
    engine, store, key = stage.engine, stage.memory, stage.key("anna")

    async def reconnect():
        calendar = await store.calendar(key)
        await store.put_calendar(replace(calendar, state=State.PROVISIONING))
        await engine.wake.dirty(key, stage.now)

    await store.put_calendar(replace(await store.calendar(key), state=State.DISCONNECTED))
    calendar = await worked_while(stage, "marked", reconnect)

    assert calendar.state is State.ACTIVE


async def set_policy(stage, **fields):
    tenant = await stage.memory.tenant(TENANT)
    document = Document.from_json(fields)
    await apply(stage.memory, stage.engine.wake, tenant, document, stage.now)


async def test_a_policy_applied_at_the_end_of_a_round_is_not_overlooked(stage):
    """The worker that began under the old one reads the calendar again under the new one."""

    async def settings_change():
        await set_policy(stage, privacy="busy_only")

    calendar = await worked_while(stage, "unmark", settings_change)

    assert calendar.policy_version == 1


async def test_what_is_accepted_under_a_new_policy_is_not_refused_by_the_old(stage):
    """Sync is switched on and used while a worker is at the calendar that began without."""
    await set_policy(stage, direction="off")

    async def switched_on():
        await set_policy(stage, direction="both")
        await put(stage, LUNCH)

    await worked_while(stage, "unmark", switched_on)

    assert shown(stage) == ["Lunch"]
