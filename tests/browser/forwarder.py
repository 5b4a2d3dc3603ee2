"""Stands between two, so that one of them can be away for a while."""

import asyncio
from contextlib import suppress

PART = 65_536


class Forwarder:
    """Carries connections on to `port` of this machine; `url` is where it listens."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._carried: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def open(self) -> None:
        """Again where it was before, if it was."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """What is being carried breaks off."""
        if self._server:
            self._server.close()
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._carried.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            with suppress(ConnectionError, asyncio.CancelledError):
                await asyncio.gather(_copy(reader, back), _copy(there, writer))
            back.close()
        finally:
            writer.close()
            self._carried.discard(task)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while part := await source.read(PART):
            sink.write(part)
            await sink.drain()
    finally:
        sink.close()
