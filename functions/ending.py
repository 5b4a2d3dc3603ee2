import azure.functions as func

from functions._queue import on_message, worked
from shared.onboarding.ending import carry_on
from shared.services import services
from shared.sync.wake import END

ending = func.Blueprint()


@on_message(ending, END)
async def end_tenant(message: func.QueueMessage) -> None:
    name = message.get_body().decode()
    await worked(END, name, carry_on(services(), name))
