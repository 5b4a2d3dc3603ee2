"""One running service: its process group, its lines, whether it is ready."""

import asyncio
import os
import signal
from collections import deque
from contextlib import suppress
from pathlib import Path

from local.run.log import Log
from local.run.service import Service

LAST_LINES = 12
PROBE_SECONDS = 0.05
LONGEST_LINE = 1 << 20


class Child:
    """Started by `start`; its process leads a group, so that its own children end with it."""

    def __init__(self, service: Service, log: Log, folder: Path) -> None:
        self.service = service
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._log = log
        self._folder = folder
        self._said_ready = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.service.name

    async def start(self) -> None:
        """Raises OSError when the command cannot be run."""
        self._process = await asyncio.create_subprocess_exec(
            *self.service.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            cwd=self._folder,
            env=os.environ | self.service.environment,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line over the limit: its rest follows
                continue
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            self.last_lines.append(line)
            self._log.child(self.name, line)
            if line.startswith("READY"):
                self._said_ready.set()

    async def ready(self) -> None:
        """Ends when the service is ready; never when it dies before."""
        waiting = {asyncio.create_task(self._said_ready.wait())}
        if self.service.ports:
            waiting.add(asyncio.create_task(self._listening()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _listening(self) -> None:
        for port in self.service.ports:
            while not await _accepts(port):  # noqa: ASYNC110 another process's port has no event
                await asyncio.sleep(PROBE_SECONDS)

    async def ended(self) -> int:
        """The exit status, once all it said has been logged; negative for a signal."""
        if self._process is None or self._reading is None:
            return 0
        status = await self._process.wait()
        # A grandchild may hold the pipe open.
        await asyncio.wait({self._reading}, timeout=1)
        return status

    async def stop(self) -> None:
        """SIGTERM to the group, then SIGKILL to whatever of it is left."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), self.service.stop_within)
        self.kill()
        await self.ended()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
