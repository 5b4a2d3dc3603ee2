"""A timer's lock in process, where its renewal can be made quick."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

from local.host.lock import Lock, LockOptions
from local.host.protos import RetryContext
from local.host.schedule import Schedule
from local.host.timers import TimerListener, TimerPlan

QUICK = LockOptions(period=15, recovery=0.1, renewal=0.2)
PATH = "locks/here/Host.Functions.tick.Listener"


@pytest.fixture
async def container(storage, request) -> AsyncIterator[ContainerClient]:
    name = request.node.name.replace("_", "-")[:60].strip("-")
    async with ContainerClient.from_connection_string(storage, name) as client:
        yield client


async def test_only_one_holds_it(container):
    """The blob and its container are made on demand; release lets the next one in."""
    first, second = Lock(container, PATH, QUICK), Lock(container, PATH, QUICK)

    assert await first.try_acquire()
    assert not await second.try_acquire()
    await first.release()
    assert await second.try_acquire()
    await second.release()


async def test_lost_lock_stops_the_timer_until_it_is_free_again(container, caplog):
    """While another holds it nothing is fired; getting it back is no startup."""
    caplog.set_level("INFO")
    fired: asyncio.Queue[str] = asyncio.Queue()

    async def fire(payload: str, _retry: RetryContext) -> bool:
        await fired.put(payload)
        return True

    plan = TimerPlan(Schedule.parse("0 0 0 1 1 *"), run_on_startup=True)
    listener = TimerListener("tick", plan, Lock(container, PATH, QUICK), None, fire)
    task = asyncio.create_task(listener.listen())
    async with asyncio.timeout(20):
        await fired.get()
        lease = BlobLeaseClient(container.get_blob_client(PATH))
        await lease.break_lease(lease_break_period=0)
        await lease.acquire(15)
        await heard(caplog, "lock was lost")
        await heard(caplog, "another host holds its lock")
        await lease.release()
        await held(container)
    listener.stop()
    await task

    assert fired.empty()


async def heard(caplog: pytest.LogCaptureFixture, text: str) -> None:
    while True:
        if text in caplog.text:
            return
        await asyncio.sleep(0.02)


async def held(container: ContainerClient) -> None:
    while True:
        blob = await container.get_blob_client(PATH).get_blob_properties()
        if blob.lease.state == "leased":
            return
        await asyncio.sleep(0.02)
