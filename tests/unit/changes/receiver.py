"""A host app's webhook receiver on a real socket: keeps what came, answers what it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[int], Awaitable[int]]


@dataclass
class Got:
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`answer` is asked for the status of the n-th request, n from 1."""

    answer: Answer
    port: int = 0
    got: list[Got] = field(default_factory=list)
    callers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def sequences(self) -> list[int]:
        return [int(got.event["sequence"]) for got in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._one(head.decode("latin-1"), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.callers.discard(writer)
            writer.close()

    def hang_up(self) -> None:
        """From Python 3.12 on a server ends only when its callers have gone."""
        for writer in self.callers:
            writer.close()

    async def _one(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = head.split("\r\n")[1:]
        headers = {k.lower(): v.strip() for k, _, v in (x.partition(":") for x in lines if x)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append(Got(headers, body.decode()))
        status = await self.answer(len(self.got))
        told = "\r\n" if status == 204 else "Content-Length: 2\r\n\r\nok"
        writer.write(f"HTTP/1.1 {status} Told\r\n{told}".encode())
        await writer.drain()


@asynccontextmanager
async def receiving(answer: Answer) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield receiver
        finally:
            receiver.hang_up()


def always(status: int) -> Answer:
    async def answer(_nth: int) -> int:
        return status

    return answer
