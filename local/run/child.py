"""One running service: its process group, its lines, whether it is ready."""

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.run.log import Log
from local.run.service import Service

LAST_LINES = 12
PROBE_SECONDS = 0.05
LAST_WORDS_SECONDS = 1.0


class Output(asyncio.SubprocessProtocol):
    """Cuts what a process says into lines, and tells when it exited.

    asyncio's own Process.wait() also waits for the pipe's end, which a grandchild may hold open.
    """

    def __init__(self, said: Callable[[str], None]) -> None:
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()
        self._said = said
        self._rest = b""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        del fd
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._said(line.decode(errors="replace").rstrip())

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        del fd, exc
        if self._rest:
            self.pipe_data_received(1, b"\n")
        self.silent.set()

    def process_exited(self) -> None:
        self.exited.set()


class Child:
    """Started by `start`; its process leads a group, so that its own children end with it."""

    def __init__(self, service: Service, log: Log, folder: Path) -> None:
        self.service = service
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._log = log
        self._folder = folder
        self._said_ready = asyncio.Event()
        self._output = Output(self._said)
        self._process: asyncio.SubprocessTransport | None = None

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def running(self) -> bool:
        return self._process is not None and not self._output.exited.is_set()

    async def start(self) -> None:
        """Raises OSError when the command cannot be run."""
        self._process, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: self._output,
            *self.service.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env=os.environ | self.service.environment,
            start_new_session=True,
        )

    def _said(self, line: str) -> None:
        self.last_lines.append(line)
        self._log.child(self.name, line)
        if line.startswith("READY"):
            self._said_ready.set()

    async def ready(self) -> None:
        """Ends when the service is ready; never when it dies before."""
        waiting: set[asyncio.Task[Any]] = {asyncio.create_task(self._said_ready.wait())}
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
        """The exit status, once its last words are logged; negative for a signal."""
        await self._output.exited.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._output.silent.wait(), LAST_WORDS_SECONDS)
        status = self._process.get_returncode() if self._process else None
        return status or 0

    async def stop(self) -> None:
        """SIGTERM to the group, then SIGKILL to whatever of it is left."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._output.exited.wait(), self.service.stop_within)
        self.kill()
        await self.ended()
        self._process.close()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.get_pid(), number)


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
