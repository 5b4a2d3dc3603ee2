"""Everything of `make run` but the demo, on ports and in a folder of its own, with customers."""

import asyncio
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from local import certs
from local.run import settings
from local.run.command import HIGHEST_SHIFT
from local.run.requirements import ROOT, Unmet, check_ports
from tests.twin.entra.browser import Browser
from tests.unit.changes.receiver import Receiver, receiving

PATIENCE = 120.0
DAY = (datetime.now(UTC) + timedelta(days=7)).date()
SERVICES = ("local.host", "azurite", "local.twin", "local.vault")


@dataclass
class Stack:
    """`process` is `python -m local.run`, the parent of all the others."""

    process: subprocess.Popen[str]
    shift: int

    @property
    def url(self) -> str:
        return f"http://localhost:{settings.STANDARD_PORTS['host'] + self.shift}"

    @property
    def twin_url(self) -> str:
        return f"https://localhost:{settings.STANDARD_PORTS['twin'] + self.shift}"

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time that each service has used so far."""
        return dict(_used(process) for process in _children(self.process.pid))


def _children(parent: int) -> list[Path]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [Path("/proc", process) for process in found]


def _used(process: Path) -> tuple[str, float]:
    command = (process / "cmdline").read_text()
    name = next((name for name in SERVICES if name in command), command)
    user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    return name.removeprefix("local."), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(values: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """`values` are settings beside or instead of those that `make run` takes."""
    shift = _free_shift()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w") as log:
        command = [sys.executable, "-m", "local.run", "--without", "demo"]
        command += _with(values or {}, Path(folder, "settings.json"))
        process = subprocess.Popen(
            [*command, "--shift", str(shift), "--state", folder],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            _ready(process, Path(folder, "log"))
            yield Stack(process, shift)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _with(values: Mapping[str, str], file: Path) -> list[str]:
    if not values:
        return []
    document = json.loads(settings.choose(ROOT).read_text())
    file.write_text(json.dumps(document | {"Values": document["Values"] | dict(values)}))
    return ["--settings", str(file)]


def _free_shift() -> int:
    """By chance, so that two runs at a time do not meet."""
    while True:
        shift = random.randrange(10_000, HIGHEST_SHIFT)
        with suppress(Unmet):
            check_ports((name, port + shift) for name, port in settings.STANDARD_PORTS.items())
            return shift


def _ready(process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while "Ctrl-C stops all" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The stack does not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


@dataclass
class Customer:
    """A tenant whose people's calendars are connected, and its host app's webhook."""

    name: str
    api: httpx.AsyncClient
    twin: httpx.AsyncClient
    people: list[str]
    receiver: Receiver
    arrived: list[float] = field(default_factory=list)
    """When each of `receiver.got` came, by the monotonic clock."""

    async def put(self, appointment: str, who: str, subject: str, wait: float = 0) -> int:
        """The status of the answer."""
        number = sum(map(ord, appointment)) % 1200
        start = datetime.fromisoformat(f"{DAY}T00:00:00") + timedelta(minutes=number)
        body = {"mailbox": who, "subject": subject} | {
            name: {"date_time": moment.isoformat(), "time_zone": "UTC"}
            for name, moment in (("start", start), ("end", start + timedelta(minutes=30)))
        }
        path = f"/tenants/{self.name}/appointments/{appointment}"
        answer = await self.api.put(path, json=body, params={"wait": wait})
        if not answer.is_success:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")
        return answer.status_code

    async def events(self, who: str) -> list[dict[str, Any]]:
        answer = await self.twin.get(f"/people/{who}/events")
        return answer.raise_for_status().json()["value"]

    async def subject(self, who: str, event: str) -> str:
        answer = await self.twin.get(f"/people/{who}/events/{quote(event, safe='')}")
        return answer.raise_for_status().json()["subject"]

    async def edit(self, who: str, event: str, subject: str) -> None:
        path = f"/people/{who}/events/{quote(event, safe='')}"
        (await self.twin.patch(path, json={"subject": subject})).raise_for_status()

    def heard(self, kind: str, since: int = 0) -> dict[str, float]:
        """When each subject came in a change of that kind; of an outcome, its appointment."""
        found: dict[str, float] = {}
        for got, moment in zip(self.receiver.got[since:], self.arrived[since:], strict=False):
            event = got.event
            if event["type"].endswith(kind):
                shown = event["data"].get("appointment", {}).get("subject")
                found.setdefault(shown or event["subject"], moment)
        return found

    async def at_rest(self) -> None:
        """No notification is under way and nothing new has been delivered for a while."""
        count = -1
        while count != len(self.receiver.got):
            count = len(self.receiver.got)
            await self.twin.get("/idle", params={"timeout": 5})
            await asyncio.sleep(random.uniform(0.3, 0.6))


async def until(look: Callable[[], Awaitable[bool]], what: str, every: float = 0.01) -> float:
    """When it was so, by the monotonic clock."""
    deadline = time.monotonic() + PATIENCE
    while not await look():
        if time.monotonic() > deadline:
            raise SystemExit(f"Not within {PATIENCE:.0f} s: {what}")
        await asyncio.sleep(every)
    return time.monotonic()


@asynccontextmanager
async def customer(stack: Stack, name: str, count: int) -> AsyncIterator[Customer]:
    trust = ssl.create_default_context(cafile=certs.ensure(ROOT / certs.FOLDER).bundle)
    key = settings.load(ROOT / settings.SAMPLE)["CALBRIDGE_API_KEYS"]
    arrived: list[float] = []

    async def answer(_nth: int) -> int:
        arrived.append(time.monotonic())
        return 204

    async with (
        receiving(answer) as receiver,
        httpx.AsyncClient(
            base_url=f"{stack.url}/v1",
            headers={"X-Api-Key": key},
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=None),
        ) as api,
        httpx.AsyncClient(
            base_url=f"{stack.twin_url}/_twin", verify=trust, timeout=PATIENCE
        ) as twin,
    ):
        people = [f"p{number}@{name}.example" for number in range(count)]
        made = Customer(name, api, twin, people, receiver, arrived)
        await _connect(made, trust)
        yield made


async def _connect(made: Customer, trust: ssl.SSLContext) -> None:
    domain, tenant = f"{made.name}.example", f"/tenants/{made.name}"
    entra = await _post(made.twin, "/tenants", domain=domain)
    for upn in (f"root@{domain}", *made.people):
        admin = upn.startswith("root@")
        await _post(made.twin, "/people", upn=upn, tenant=entra["id"], is_admin=admin)
    (await made.api.put(tenant, json={"name": made.name})).raise_for_status()
    link = await _post(made.api, f"{tenant}/consent-links", kind="organisation")
    await asyncio.to_thread(_consent, link["url"], f"root@{domain}", trust)
    ids = [await _post(made.api, f"{tenant}/calendars", mailbox=who) for who in made.people]
    for calendar in ids:

        async def active(path: str = f"{tenant}/calendars/{calendar['id']}") -> bool:
            return (await made.api.get(path)).json()["state"] == "active"

        await until(active, "a calendar is active", 0.1)
    await _post(made.api, f"{tenant}/webhook-endpoints", url=made.receiver.url)


async def _post(client: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    if not answer.is_success:
        raise RuntimeError(f"{path}: {answer.status_code}: {answer.text}")
    return answer.json()


def _consent(url: str, account: str, trust: ssl.SSLContext) -> None:
    with httpx.Client(verify=trust, timeout=PATIENCE) as client:
        browser = Browser(client).open(url)
        while True:
            if browser.page.is_redirect:
                browser.open(browser.page.headers["location"])
            elif browser.has("choices"):
                browser.begin()
            elif browser.has("accounts"):
                browser.choose(account)
            elif browser.has("accept"):
                browser.press("accept")
            else:
                browser.page.raise_for_status()
                return
