"""A worker that was away for longer than its lease settles nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from shared.errors import Contended
from shared.sync.wake import PULL
from tests.machine.stage import LEASE_SECONDS, Stage
from tests.machine.test_crash_sweep import LUNCH, event_id, put, work


async def test_a_page_read_before_another_worker_settled_does_not_roll_the_app_back():
    """The sleeper read a person's edit; meanwhile that edit was settled by another worker, and
    the host app wrote over it. What the sleeper read must not come back.
    """
    stage = Stage()
    await stage.connect("anna")
    await put(stage, LUNCH)
    await work(stage)
    stage.deaf.heard.clear()
    stage.outlook("anna").update_event(await event_id(stage), {"subject": "Brunch"})
    await stage.notify()

    stage.graph.slow_path = "calendarView"
    sleeper = asyncio.create_task(stage.engine.work(stage.key("anna")))
    await stage.graph.is_waiting.wait()
    stage.now += timedelta(seconds=LEASE_SECONDS + 1)
    await stage.engine.work(stage.key("anna"))
    await put(stage, replace(LUNCH, subject="Dinner"))
    await stage.engine.work(stage.key("anna"))
    stage.graph.go_on.set()
    outcome = (await asyncio.gather(sleeper, return_exceptions=True))[0]

    link = await stage.memory.link(stage.key("anna"), "lunch")
    assert isinstance(outcome, Contended)
    assert link is not None
    assert link.app is not None
    assert link.app.subject == "Dinner"
    await stage.wake.queues.send(PULL, str(stage.key("anna")))
    await stage.settle_down()
    assert stage.host.appointments["lunch"]["subject"] == "Dinner"
    assert stage.host.echoes == []
