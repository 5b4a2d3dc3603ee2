"""A customer is connected, used in every way, and off-boarded; then all that storage and the vault
hold is looked through for it.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from shared.store.queues import AzureQueues
from shared.store.records import DueKind
from shared.sync.wake import DELIVER, END, PULL, QUEUES, poison
from tests.journeys.scene import Customer, HostApp, Scene, at, eventually
from tests.journeys.test_people import guests, tell

DAILY = {"rrule": "FREQ=DAILY;COUNT=4"}
MOST_PEEKED = 32
HOUR = timedelta(hours=1)


@dataclass
class Look:
    """What is found anywhere of one customer; `words` are its ids, addresses and contents."""

    scene: Scene
    words: re.Pattern[str]
    found: list[str] = field(default_factory=list)

    def take(self, where: str, content: object) -> None:
        if self.words.search(repr(content)):
            self.found.append(where)

    async def at_all(self) -> list[str]:
        self.found = []
        await self.at_tables()
        await self.at_queues()
        self.take("vault", vault_of(self.scene))
        return self.found

    async def at_tables(self) -> None:
        async with TableServiceClient.from_connection_string(self.scene.stack.storage) as service:
            async for table in service.list_tables():
                async for row in service.get_table_client(table.name).list_entities():
                    self.take(f"{table.name} {row['PartitionKey']} {row['RowKey']}", dict(row))

    async def at_queues(self) -> None:
        """Messages that nobody may see yet are counted, so what cannot be read is waited for; what
        is for a worker is taken at the next poll, and must be.
        """
        async with QueueServiceClient.from_connection_string(self.scene.stack.storage) as service:
            async for queue in service.list_queues():
                client = service.get_queue_client(queue.name)
                if queue.name in QUEUES:
                    await taken(client)
                for content in await whole(client):
                    self.take(f"{queue.name} {content}", content)


async def taken(client: QueueClient) -> None:
    async def look() -> bool:
        return not (await client.get_queue_properties()).approximate_message_count

    await eventually(look, f"all messages of {client.queue_name} are taken")


async def whole(client: QueueClient) -> list[str]:
    contents: list[str] = []

    async def look() -> bool:
        seen = await client.peek_messages(max_messages=MOST_PEEKED)
        contents[:] = [base64.b64decode(one.content).decode() for one in seen]
        count = (await client.get_queue_properties()).approximate_message_count
        return len(contents) == count

    await eventually(look, f"all messages of {client.queue_name} can be seen")
    return contents


def secrets_of(scene: Scene) -> set[str]:
    """Names, of deleted ones too."""
    return {one["name"] for one in vault_of(scene)}


def vault_of(scene: Scene) -> list[dict[str, Any]]:
    """All it holds, in each version; there is no file before the first secret."""
    file = scene.stack.folder / "vault.json"
    return json.loads(file.read_text())["secrets"] if file.exists() else []


async def furnished(scene: Scene) -> Customer:
    """An organisation's and a person's grant, and a rollout."""
    customer = await scene.customer("pete", "megan", policy={"backfill": "window"})
    link = await scene.consent_link(customer, "user", login_hint=customer.address("pete"))
    await scene.consent(link["url"], customer.address("pete"))
    await customer.in_state("pete", "active")
    await scene.join(customer, "megan")
    await scene.consent_link(customer, "service_account")
    rollout = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    assert rollout.status_code in {201, 202}, rollout.text
    await customer.in_state("root", "active")
    return customer


async def used(customer: Customer, host_app: HostApp) -> None:
    """Appointments, a series and a meeting, edited on both sides, one deleted and kept to be put
    back; people; a change that was refused; messages that workers gave up.
    """
    await tell(customer, {"id": "c-7", "name": "Eve Adams", "addresses": ["eve@client.example"]})
    await customer.settled("Quarterly", "megan", attendees=[{"address": "eve@client.example"}])
    await customer.settled("Standing", "pete", start=at(11), end=at(12), recurrence=DAILY)
    await customer.settled("Fleeting", "megan", start=at(13), end=at(14))
    await customer.books("pete", "Dentistry", attendees=guests(customer.address("megan")))
    await customer.deletes("megan", "Fleeting")
    await customer.edits("megan", "Quarterly", subject="Quarterly (moved)")
    await host_app.hears("Quarterly", "appointment.updated")
    await host_app.hears("Fleeting", "appointment.deleted")
    await host_app.hears_of("Dentistry")
    for queue, name in ((PULL, customer.people["megan"]), (DELIVER, "e"), (END, "r")):
        await give_up(customer, queue, name)


async def give_up(customer: Customer, queue: str, name: str) -> None:
    """What the host does with a message after its worker failed five times."""
    async with AzureQueues(customer.scene.stack.storage) as queues:
        await queues.send(poison(queue), f"{customer.name}~{name}")


def words_of(customer: Customer, *more: str) -> re.Pattern[str]:
    """The name only where it is not the beginning of another customer's."""
    own = [rf"\b{customer.name}(?!\d)", re.escape(customer.entra), *customer.people.values()]
    contents = ["Quarterly", "Standing", "Fleeting", "Dentistry", "Eve Adams", "eve@client"]
    return re.compile("|".join([*own, *contents, *more]), re.IGNORECASE)


async def off_boarded(customer: Customer) -> dict[str, Any]:
    query = {"confirm": customer.name, "copies": "remove"}
    asked = await customer.api("DELETE", params=query)
    assert asked.status_code == 202, asked.text

    async def look() -> Any:
        answer = await customer.scene.api.get(f"/receipts/{asked.json()['id']}")
        return answer.json() if answer.json()["state"] == "disconnected" else None

    return await eventually(look, "the end of the off-boarding")


async def let_last_look_come(scene: Scene) -> None:
    now = datetime.now(UTC)
    for due in await scene.store.due(DueKind.END, now + HOUR):
        await scene.store.remind(type(due)(due.kind, now - HOUR, due.name))
        await scene.store.forget(due)
    await scene.run("sweep")

    async def look() -> bool:
        return not await scene.store.due(DueKind.END, now + HOUR)

    await eventually(look, "the last look")


@pytest.mark.long
async def test_nothing_of_an_off_boarded_customer_stays(scene: Scene):
    """But a receipt that names nobody; at once, not after the last look only."""
    before = secrets_of(scene)
    customer = await furnished(scene)
    async with customer.host_app() as host_app:
        await used(customer, host_app)
        endpoint = (await customer.api("GET", "/webhook-endpoints")).json()["endpoints"][0]
        look = Look(scene, words_of(customer, endpoint["id"]))
        there = await look.at_all()
        secrets = secrets_of(scene) - before
        receipt = await off_boarded(customer)

    tables = {one.split(" ")[0] for one in there}
    assert tables >= {"calendars", "changes", "due", "people", "rollouts", "tenants"}
    assert {poison(one) for one in (PULL, DELIVER, END)} <= tables
    assert len(secrets) == 2
    assert await look.at_all() == []
    assert secrets_of(scene) == before
    assert receipt["secrets"]["destroyed"] == 2
    assert not look.words.search(str(receipt))

    await let_last_look_come(scene)

    assert await look.at_all() == []
    made = await customer.api("PUT", json={"name": "Anew"})
    assert (made.status_code, await customer.changes()) == (201, [])
