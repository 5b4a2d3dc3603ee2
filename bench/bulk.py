"""Measures a rollout: everybody of a tenant connected, through the function app itself.

Starts Azurite, the twin, the vault and the functions, each a process of its own, fills a tenant
with people who have events, and lets a rollout connect them all. With `--kills` the function app
is killed (as a machine dies) that often, at random points of the way, and started again. At the
end every mailbox must be live and have exactly one subscription.

Prints how long it took, how fast it was in between, and the processor time that each process used.

    python -m bench.bulk [--people 1000] [--events 300] [--kills 3] [--backfill window]
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.figures import heading, table
from tests.azurite import Azurite
from tests.journeys.scene import Customer, Scene, opened
from tests.stack import Stack

PATIENCE = 3600.0
LOOK_EVERY = 1.0


class LongLease(Stack):
    """With the product's own lease and polling interval, and a minute for a large world."""

    @property
    def values(self) -> dict[str, str]:
        return super().values | {"CALBRIDGE_LEASE_SECONDS": "60", "CALBRIDGE_POLL_SECONDS": "300"}

    def used(self) -> dict[str, float]:
        """Seconds of processor time, by process; of those that were killed no more is known."""
        return {name: _used(process.pid) for name, process in self._processes.items()}


def _used(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    own = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return own + sum(_used(int(child)) for child in children)


async def prepared(scene: Scene, given: argparse.Namespace) -> Customer:
    customer = await scene.customer(policy={"backfill": given.backfill})
    await scene.control(
        "POST",
        "/population",
        {"tenant": customer.entra, "people": given.people, "events": given.events},
    )
    link = await scene.consent_link(customer, "organisation")
    page = await scene.consent(link["url"], customer.address("root"))
    if page.status_code != 200:
        raise SystemExit(page.text)
    return customer


async def rolled_out(stack: Stack, customer: Customer, given: argparse.Namespace) -> None:
    """Prints a line whenever another tenth is live."""
    answer = await customer.api("POST", "/rollouts", json={"source": {"all": True}})
    name = answer.json()["id"]
    kills = sorted(random.uniform(0.05, 0.9) for _ in range(given.kills))
    began, told = time.monotonic(), 0
    while time.monotonic() - began < PATIENCE:
        await asyncio.sleep(LOOK_EVERY)
        shown: dict[str, Any] = (await customer.api("GET", f"/rollouts/{name}")).json()
        stages = shown["mailboxes"]["by_stage"]
        done = stages["live"] / (given.people + 1)
        while kills and done >= kills[0]:
            kills.pop(0)
            await asyncio.to_thread(stack.kill_app)
            await asyncio.to_thread(stack.start_app)
            print(f"{time.monotonic() - began:6.0f} s  killed at {stages}", flush=True)
        if int(done * 10) > told:
            told = int(done * 10)
            left = shown["seconds_left"]
            now = time.monotonic() - began
            print(f"{now:6.0f} s  {stages['live']} live, {left} s left", flush=True)
        if shown["state"] == "done":
            print(f"{time.monotonic() - began:6.0f} s  done: {shown['mailboxes']}", flush=True)
            return
    raise SystemExit(f"not done within {PATIENCE:.0f} s")


async def checked(scene: Scene, customer: Customer, given: argparse.Namespace) -> None:
    found = await scene.control("GET", f"/subscriptions?tenant={customer.entra}")
    watched = Counter(one["userId"] for one in found["value"])
    twice = sum(count > 1 for count in watched.values())
    print(f"subscriptions: {len(watched)} mailboxes, {twice} of them twice")
    if twice or len(watched) != given.people + 1:
        raise SystemExit("a mailbox has no subscription, or more than one")


async def measure(stack: LongLease, emulator: Azurite, given: argparse.Namespace) -> None:
    async with opened(stack) as scene:
        customer = await prepared(scene, given)
        before, azurite = stack.used(), _used(emulator.process)
        await rolled_out(stack, customer, given)
        used = {name: seconds - before.get(name, 0) for name, seconds in stack.used().items()}
        used["azurite"] = _used(emulator.process) - azurite
        rows = [[name, f"{max(seconds, 0):.0f}"] for name, seconds in used.items()]
        print(table(["process", "CPU s (since its last start)"], rows))
        await checked(scene, customer, given)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures a rollout.")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--backfill", default="none", choices=["none", "future", "window"])
    given = parser.parse_args()
    print(heading("bulk"), f"{given.people} mailboxes x {given.events} events", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        emulator = Azurite(Path(folder))
        if not emulator.listens():
            raise SystemExit("Azurite does not start")
        stack = LongLease(emulator.fresh(), Path(folder))
        try:
            stack.start()
            asyncio.run(measure(stack, emulator, given))
        finally:
            stack.stop()
            emulator.stop()


if __name__ == "__main__":
    main()
