import azure.functions as func

from functions._queue import on_message, worked
from shared.changes.delivery import deliver, parse_name
from shared.services import services
from shared.sync.wake import DELIVER

delivery = func.Blueprint()


@on_message(delivery, DELIVER)
async def deliver_changes(message: func.QueueMessage) -> None:
    name = message.get_body().decode()
    await worked(DELIVER, name, deliver(services(), *parse_name(name)))
