"""docs/operations.md does what it says: each of its commands is run against the running system.

What a page must say in one way and a test in another is exchanged by the table STANDS_FOR, and ids
and keys are given as variables of the shell, as the page has them. Nothing else is changed.
"""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue import QueueServiceClient

from shared.changes.signing import verified
from shared.settings import Secret
from shared.store.records import CalendarKey
from shared.sync.wake import ROUND
from tests.azurite import Azurite
from tests.docs.pages import read
from tests.host.running import ROOT
from tests.journeys.scene import Customer, Scene, eventually, opened
from tests.stack import KEY, Stack

pytestmark = [pytest.mark.long, pytest.mark.slow]

PAGE = "docs/operations.md"
# On the page, and here: the place of the API, its key, the tenant, and this very Python.
STANDS_FOR: dict[str, Callable[[Customer], str]] = {
    "http://localhost:7071": lambda customer: customer.scene.stack.url,
    "local-development-key": lambda _: KEY,
    "acme": lambda customer: customer.name,
    ".venv/bin/python": lambda _: sys.executable,
}
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# curl's own file of settings, so that the commands stay as they are.
CURLRC = 'silent\nshow-error\nwrite-out = "\\n%{http_code}\\n"\n'


def commands() -> dict[str, list[str]]:
    """By section; what stands before the first one is under ""."""
    parts = ["", *_SECTION.split(read(PAGE))]
    found = {
        name: _COMMANDS.findall(text) for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {name: blocks for name, blocks in found.items() if blocks}


@dataclass
class Answered:
    """What one curl of a block printed."""

    status: int
    body: Any


@dataclass
class Page:
    customer: Customer
    folder: Path

    async def run(self, section: str, nth: int, **variables: str) -> list[Answered]:
        """The section's nth block, from 0, after the one that opens the page."""
        return _answers(await asyncio.to_thread(self.output, section, nth, variables))

    def output(self, section: str, nth: int, variables: dict[str, str]) -> str:
        script = "\n".join([*commands()[""], commands()[section][nth]])
        for said, meant in STANDS_FOR.items():
            script = script.replace(said, meant(self.customer))
        (self.folder / ".curlrc").write_text(CURLRC)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "CURL_HOME": str(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def _answers(printed: str) -> list[Answered]:
    lines = [line for line in printed.splitlines() if line]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [Answered(int(status), json.loads(body)) for body, status in pairs]


class Rotating(Stack):
    """Its API keys can be changed while it lives, as an operator changes them."""

    keys = KEY

    @property
    def values(self) -> dict[str, str]:
        return super().values | {"CALBRIDGE_API_KEYS": self.keys}

    def restart_with(self, keys: str) -> None:
        self.kill_app()
        self.keys = keys
        self.start_app()


@pytest.fixture(scope="module")
def own(emulator: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotating]:
    made = Rotating(emulator.fresh(), tmp_path_factory.mktemp("runbook"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def scene(own: Rotating) -> AsyncIterator[Scene]:
    async with opened(own) as made:
        yield made


@pytest.fixture
async def page(scene: Scene, tmp_path: Path) -> Page:
    """With a customer of its own, whose calendar of megan is in sync."""
    policy = {"brake_deletions": 1, "brake_percent": 1}
    return Page(await scene.connect("megan", policy=policy), tmp_path)


RUN: set[tuple[str, int]] = set()


def runs(section: str, *blocks: int) -> Callable[[Any], Any]:
    """Says which of the page's blocks a test runs."""
    RUN.update((section, nth) for nth in blocks or (0,))
    return lambda test: test


def test_every_command_of_the_page_is_run():
    """What is added to the page is to be added here, and what it no longer has is to go."""
    on_page = {(name, nth) for name, blocks in commands().items() for nth in range(len(blocks))}

    assert on_page - {("", 0)} == RUN


@runs("Is it well")
async def test_health(page):
    """All parts are well, and each is told with its time."""
    (ready,) = await page.run("Is it well", 0)

    assert (ready.status, ready.body["status"]) == (200, "ok")
    assert all(part["milliseconds"] >= 0 for part in ready.body["parts"])


@runs("Putting poison messages back")
async def test_poison_messages(page):
    """What was given up is worked on again, and no poison is left."""
    customer, storage = page.customer, page.customer.scene.stack.storage
    before = (await customer.calendar("megan"))["last_round"]
    queues = QueueServiceClient.from_connection_string(storage)
    key = CalendarKey(customer.name, customer.people["megan"])
    await customer.scene.store.mark(key, datetime.now(UTC), (ROUND,))
    await asyncio.to_thread(_poisoned, queues, str(key))
    variables = {"STORAGE": storage}
    printed = await asyncio.to_thread(page.output, "Putting poison messages back", 0, variables)

    assert "put back into sync-calendar" in printed
    await customer.in_round_after("megan", before)
    assert not await asyncio.to_thread(_left, queues)


def _poisoned(queues: QueueServiceClient, key: str) -> None:
    """As the host gives up: the queue's own message, in its -poison queue."""
    poison = queues.get_queue_client("sync-calendar-poison")
    if "sync-calendar-poison" not in {one.name for one in queues.list_queues()}:
        poison.create_queue()
    poison.send_message(base64.b64encode(key.encode()).decode())


def _left(queues: QueueServiceClient) -> list[Any]:
    return list(queues.get_queue_client("sync-calendar-poison").peek_messages())


@runs("Rotating API keys", 0, 1)
async def test_rotating_api_keys(page, own):
    """Two keys are good while both are listed, and one when the old one is left out."""
    printed = await asyncio.to_thread(page.output, "Rotating API keys", 0, {})
    assert printed == ""
    new = "the-new-key-of-the-host-app"
    await asyncio.to_thread(own.restart_with, f"{new},{KEY}")
    both = await page.run("Rotating API keys", 1, new=new, old=KEY)
    await asyncio.to_thread(own.restart_with, new)
    refused = await page.customer.api("GET")
    await asyncio.to_thread(own.restart_with, KEY)

    assert [one.status for one in both] == [200, 200]
    assert refused.status_code == 401


@runs("Rotating a webhook's secret")
async def test_rotating_a_webhook_s_secret(page):
    """The answer shows the new secret, and what is delivered then verifies with either."""
    customer = page.customer
    async with customer.host_app() as app:
        (endpoint,) = (await customer.api("GET", "/webhook-endpoints")).json()["endpoints"]
        (rotated,) = await page.run("Rotating a webhook's secret", 0, endpoint=endpoint["id"])
        await customer.settled("visit", "megan")
        await app.hears("visit", "operation.applied")
        got = app.receiver.got[-1]

    assert rotated.body["former_secrets_until"]
    assert verified(Secret(rotated.body["secret"]), got.headers, got.body)
    assert verified(Secret(app.secret), got.headers, got.body)


@runs("Reading a calendar anew")
async def test_reading_a_calendar_anew(page):
    """There is a round at once, and nothing is told twice."""
    customer = page.customer
    await customer.books("megan", "Dentist")
    await customer.idle()
    told, before = len(await customer.changes()), (await customer.calendar("megan"))["last_round"]
    (read_anew,) = await page.run("Reading a calendar anew", 0, calendar=customer.people["megan"])
    await customer.in_round_after("megan", before)
    await customer.idle()

    assert read_anew.status == 202
    assert len(await customer.changes()) == told


@runs("Stopping something", 0, 1)
async def test_stopping_something(page):
    """While it is paused what is written waits; afterwards it goes out."""
    customer, calendar = page.customer, page.customer.people["megan"]
    stopped = await page.run("Stopping something", 0, calendar=calendar)
    waiting = await customer.put("visit", "megan", wait=1)
    seen = await customer.events("megan", "visit")
    resumed = await page.run("Stopping something", 1, calendar=calendar)

    assert {one.status for one in (*stopped, *resumed)} <= {200, 202}
    assert (waiting.status_code, seen) == (202, [])
    assert await customer.shows("megan", "visit")
    await customer.in_state("megan", "active")


@runs("A calendar is held")
async def test_a_held_calendar(page):
    """It is held by the brake; the plan changes nothing, and the second command lets it pass."""
    customer = page.customer
    for n in range(4):
        await customer.settled(f"visit{n}", "megan")
    await customer.idle()
    await customer.lose_notifications("megan")
    for n in range(4):
        await customer.deletes("megan", f"visit{n}")
    await customer.scene.let_time_pass(customer)
    await customer.scene.run("catch_up")
    held = await customer.in_state("megan", "action_required")
    planned, done = await page.run("A calendar is held", 0, calendar=customer.people["megan"])
    await customer.in_state("megan", "active")

    assert held["cause"] == "mass-change"
    assert (planned.body["done"], done.body["done"]) == (False, True)
    assert await customer.appointments() == []


@runs("Bringing back what was lost")
async def test_bringing_back_what_was_lost(page):
    """What somebody deleted in Outlook is in Outlook again."""
    customer = page.customer
    await customer.settled("visit", "megan")
    await customer.idle()
    await customer.deletes("megan", "visit")
    gone = await customer.change("visit", "appointment.deleted")
    history, restored = await page.run(
        "Bringing back what was lost",
        0,
        appointment="visit",
        version=str(gone["data"]["appointment"]["version"]),
    )

    assert history.body["history"]
    assert restored.status in {200, 202}
    assert await customer.shows("megan", "visit")


@runs("A calendar that is stuck")
async def test_a_calendar_that_is_stuck(page):
    """The calendar says how it is, and its connection is tried."""
    customer = page.customer
    (connection,) = (await customer.api("GET", "/connections")).json()["connections"]
    shown, checked = await page.run(
        "A calendar that is stuck",
        0,
        calendar=customer.people["megan"],
        connection=connection["id"],
    )

    assert {"state", "cause", "last_round", "held"} <= shown.body.keys()
    assert checked.status in {200, 202}


@runs("A throttled tenant")
async def test_a_throttled_tenant(page):
    """The status tells causes, and the age of the oldest round."""
    (status,) = await page.run("A throttled tenant", 0)

    assert status.body["troubles"] == []
    assert status.body["lag"]["oldest_round_seconds"] >= 0


@runs("Erasing a tenant", 0, 1)
async def test_erasing_a_tenant(page):
    """The receipt comes to its end, and the tenant is not known any more."""
    (begun,) = await page.run("Erasing a tenant", 0)

    async def ended() -> Any:
        (found,) = await page.run("Erasing a tenant", 1, receipt=begun.body["id"])
        return found.body if found.body["state"] == "disconnected" else None

    receipt = await eventually(ended, "the tenant is erased")
    assert begun.status == 202
    assert receipt["secrets"] is not None
    assert (await page.customer.api("GET")).status_code == 404


@runs("Storage is out of reach")
async def test_the_status_of_the_service(page):
    """Tenants by state, and what to do in time."""
    (status,) = await page.run("Storage is out of reach", 0)

    assert status.status == 200
    assert status.body


@runs("Rolling back")
async def test_after_a_rollback(page):
    """Ready, and the service's status."""
    ready, status = await page.run("Rolling back", 0)

    assert ready.body["status"] == "ok"
    assert status.status == 200
