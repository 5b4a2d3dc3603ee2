import azure.functions as func

from functions._queue import on_message, worked
from shared.onboarding.rollouts import worker as rollouts
from shared.services import services
from shared.store.records import CalendarKey
from shared.sync.wake import CONNECT, PULL, PUSH

sync = func.Blueprint()


@on_message(sync, PULL)
async def sync_calendar(message: func.QueueMessage) -> None:
    key = message.get_body().decode()
    await worked(PULL, key, services().engine.work(CalendarKey.parse(key)))


@on_message(sync, PUSH)
async def write_appointment(message: func.QueueMessage) -> None:
    key = message.get_body().decode()
    await worked(PUSH, key, services().engine.work(CalendarKey.parse(key)))


@on_message(sync, CONNECT)
async def connect_mailboxes(message: func.QueueMessage) -> None:
    key = message.get_body().decode()
    await worked(CONNECT, key, rollouts.work(services(), key))
