"""How the demo applies what Calbridge tells, against a log of our own making."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local import certs
from local.demo.product import Product
from local.demo.receiver import Receiver
from local.demo.settings import Settings
from local.run.requirements import ROOT

TENANT = "lakeside"
AMIR = "amir@lakeside.example"
ZONE = "Europe/Berlin"


@dataclass
class Log:
    """Calbridge's log of one tenant, and how often it was read."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/tenants/lakeside/changes", self._changes)])

    async def _changes(self, request: Request) -> JSONResponse:
        self.read += 1
        after = int(request.query_params["after"])
        found = [change for change in self.changes if int(change["sequence"]) > after]
        return JSONResponse({"changes": found, "next": 0, "head": 0})

    def tell(self, what: str, version: int, subject: str) -> dict[str, Any]:
        """The next change: of one appointment, as it then was."""
        appointment = {
            "id": "x",
            "version": version,
            "mailbox": AMIR,
            "subject": subject,
            "start": {"date_time": "2026-11-23T10:00:00", "time_zone": ZONE},
            "end": {"date_time": "2026-11-23T11:00:00", "time_zone": ZONE},
        }
        change = {
            "sequence": str(len(self.changes) + 1),
            "type": f"calbridge.appointment.{what}",
            "data": {"appointment": appointment, "calendar": "c"},
        }
        self.changes.append(change)
        return change


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def product(log: Log, tmp_path: Path) -> AsyncIterator[Product]:
    bundle = certs.ensure(ROOT / certs.FOLDER).bundle
    settings = Settings(0, tmp_path, "http://calbridge", "key", "https://nowhere", bundle)
    product = Product(settings, httpx.ASGITransport(log.app()))
    yield product
    await product.close()


@pytest.fixture
def receiver(product: Product) -> Receiver:
    return Receiver(product)


def subjects(product: Product) -> list[str]:
    return [item.fields["subject"] for item in product.store.appointments(TENANT)]


async def test_a_change_is_applied_once(product: Product, receiver: Receiver, log: Log):
    """A delivery that comes again changes nothing and writes no second line."""
    change = log.tell("created", 1, "First")
    await receiver.take(TENANT, change)
    await receiver.take(TENANT, change)

    assert subjects(product) == ["First"]
    assert len(product.store.lines(TENANT)) == 1
    assert log.read == 0


async def test_a_gap_is_read_from_the_log(product: Product, receiver: Receiver, log: Log):
    """What was never delivered is applied first, and in order."""
    log.tell("created", 1, "First")
    log.tell("updated", 2, "Second")
    await receiver.take(TENANT, log.tell("updated", 3, "Third"))

    assert subjects(product) == ["Third"]
    assert receiver.last(TENANT) == 3
    assert [line.text for line in product.store.lines(TENANT)] == [
        "Changed in Outlook: “Third”",
        "Changed in Outlook: “Second”",
        "New in Outlook: “First”",
    ]


async def test_an_older_version_is_not_applied(product: Product, receiver: Receiver, log: Log):
    """What is held already may be newer than what the log tells of."""
    await receiver.take(TENANT, log.tell("created", 5, "Newest"))
    await receiver.take(TENANT, log.tell("updated", 4, "Older"))

    assert subjects(product) == ["Newest"]
    assert receiver.last(TENANT) == 2


async def test_what_is_yet_to_be_sent_stays_on_top(product: Product, receiver: Receiver, log: Log):
    """An edit made here is not lost to a newer version that comes from Outlook."""
    await receiver.take(TENANT, log.tell("created", 1, "First"))
    product.store.send(TENANT, "x", "PATCH", {"subject": "Mine"}, 0)
    await receiver.take(TENANT, log.tell("updated", 2, "Theirs"))

    assert subjects(product) == ["Mine"]


async def test_a_deletion_is_final_until_something_newer(
    product: Product, receiver: Receiver, log: Log
):
    """A deleted appointment is not brought back by what was before it."""
    await receiver.take(TENANT, log.tell("created", 1, "First"))
    await receiver.take(TENANT, log.tell("deleted", 3, "First"))
    await receiver.take(TENANT, log.tell("updated", 2, "Older"))
    gone = subjects(product)
    await receiver.take(TENANT, log.tell("updated", 4, "Overruled"))

    assert gone == []
    assert subjects(product) == ["Overruled"]
