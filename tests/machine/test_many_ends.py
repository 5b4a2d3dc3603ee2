"""The end of an organisation with many calendars."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.store.records import CalendarKey, State
from tests.machine.stage import TENANT, Stage

MANY = 200


class Counting:
    """A store that counts the calendars read from it."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.read = Counter[str]()

    def __getattr__(self, name: str) -> Any:
        self.read[name] += 1
        return getattr(self._store, name)


async def many() -> Stage:
    stage = Stage()
    await stage.connect("anna")
    (first,) = await stage.memory.calendars(TENANT)
    for n in range(MANY):
        key = CalendarKey(TENANT, f"{n:04}")
        await stage.memory.put_calendar(
            replace(first, key=key, user_id=key.calendar, address=f"{n}@x.test", etag="",
                    aliases=(), subscription="")
        )  # fmt: skip
    stage.queues.sent.clear()
    return stage


ORDERS = {
    "forwards": lambda key: key,
    "backwards": lambda key: key,
    "mixed": lambda key: key[::-1],
}


@pytest.mark.parametrize("order", ORDERS)
async def test_each_calendar_reads_but_a_few_others(order: str):
    """In whatever order they end, the connection ends with the last, once."""
    stage = await many()
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await stage.engine.disconnect(connection)
    keys = sorted({key for _, key in stage.queues.sent}, key=ORDERS[order])
    assert len(keys) == MANY + 1
    engine = replace(stage.engine, store=Counting(stage.engine.store))  # type: ignore[arg-type]
    for key in reversed(keys) if order == "backwards" else keys:
        found = await stage.memory.connection(TENANT, "grant")
        assert found is not None
        assert found.state is State.DISCONNECTING
        await engine.work(CalendarKey.parse(key))
        stage.now += timedelta(seconds=1)

    ended = await stage.memory.connection(TENANT, "grant")
    assert ended is not None
    assert ended.state is State.DISCONNECTED
    assert engine.store.read["calendar"] < 40 * MANY  # type: ignore[attr-defined]
    assert engine.store.read["calendars"] == 0  # type: ignore[attr-defined]
