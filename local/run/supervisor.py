"""Starts services in order, watches them, stops them in reverse."""

import asyncio
import signal
from pathlib import Path

from local.run.child import Child
from local.run.log import Log
from local.run.service import Service


class Died(Exception):
    """A service ended, or never became ready, though nobody asked it to end."""

    def __init__(self, child: Child, why: str) -> None:
        super().__init__(f"{child.name} {why}")
        self.child = child


class Supervisor:
    """Runs `services` until a signal (0) or until one of them dies (1)."""

    def __init__(self, services: list[Service], folder: Path, log: Log) -> None:
        self._log = log
        self._children = [Child(service, log, folder) for service in services]
        self._started: list[Child] = []
        self._ready = {child.name: asyncio.Event() for child in self._children}
        self._stop = asyncio.Event()
        self._death: Died | None = None

    async def run(self, welcome: str) -> int:
        self._listen_to_signals()
        try:
            await self._until_stopped(welcome)
            if self._death is not None:
                self._report(self._death)
        finally:
            await self._stop_all()
        return 0 if self._death is None else 1

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self._stop.is_set():  # asked twice: whoever still cleans up is cut short
            for child in self._started:
                child.kill()
        self._stop.set()

    async def _until_stopped(self, welcome: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            lives = [tasks.create_task(self._watch(child)) for child in self._children]
            welcoming = tasks.create_task(self._welcome(welcome))
            await self._stop.wait()
            for task in (*lives, welcoming):
                task.cancel()

    async def _watch(self, child: Child) -> None:
        try:
            await self._live(child)
        except Died as death:
            # The first to die is the cause; others may follow it.
            self._death = self._death or death
            self._stop.set()

    async def _live(self, child: Child) -> None:
        """From its turn to its death; a cancelled life goes on until `_stop_all`."""
        for name in child.service.after:
            if name in self._ready:
                await self._ready[name].wait()
        self._log.say(f"starting {child.name}")
        self._started.append(child)
        try:
            await child.start()
        except OSError as error:
            raise Died(child, f"cannot be started: {error.strerror or error}") from error
        ended = asyncio.create_task(child.ended())
        try:
            await self._await_ready(child, ended)
            raise Died(child, f"died ({_status(await ended)})")
        finally:
            ended.cancel()

    async def _await_ready(self, child: Child, ended: asyncio.Task[int]) -> None:
        ready = asyncio.create_task(child.ready())
        limit = child.service.ready_within
        await asyncio.wait({ready, ended}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        done, _ = ready.done(), ready.cancel()
        if done and not ended.done():
            self._log.say(f"{child.name} is ready")
            self._ready[child.name].set()
        elif not ended.done():
            raise Died(child, f"was not ready within {limit:g} seconds")

    async def _welcome(self, welcome: str) -> None:
        for event in self._ready.values():
            await event.wait()
        self._log.say(welcome)

    def _report(self, death: Died) -> None:
        self._log.fail(f"{death}. Its last lines:")
        for line in death.child.last_lines or ["(it said nothing)"]:
            self._log.fail(f"  {line}")

    async def _stop_all(self) -> None:
        self._stop.set()
        for child in reversed(self._started):
            if child.running:
                self._log.say(f"stopping {child.name}")
            await child.stop()
        self._log.say("all is stopped")


def _status(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return f"signal {signal.Signals(-status).name}"
