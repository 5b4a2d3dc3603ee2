"""Measures how fast pages of a delta round become our values, and how much memory those hold.

Pages of 50 events (each with an HTML body of about two kilobytes and three attendees, as Graph
sends them) are answered from memory by an httpx transport; everything behind it is the product's
own path: request by the SDK, JSON, decoding. Reported are events a second of processor time, the
share of it that is `json` alone, and the bytes that the decoded events keep allocated.

    python -m bench.decode [--pages 100]
"""

import argparse
import asyncio
import json
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bench.figures import heading, table
from shared.custody.access import AccessToken
from shared.graph.client import Graph
from shared.graph.mailbox import Mailbox
from shared.graph.seen import Seen
from shared.settings import Secret, Settings
from shared.store.records import Calendar, CalendarKey, Connection, ConnectionKind, State
from tests.unit.graph.samples import attendee, item

PAGE = 50
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
WINDOW = (NOW, NOW + timedelta(days=90))
CONNECTION = Connection("c", "t", ConnectionKind.ORGANISATION, State.ACTIVE, NOW, "entra")


class Tokens:
    async def token(self, connection: Connection) -> AccessToken:
        del connection
        return AccessToken("token", NOW + timedelta(days=36_500))

    def drop(self, connection: Connection) -> None:
        raise RuntimeError(f"the token of {connection.id} was refused")


def page(number: int) -> bytes:
    events = [event(number * PAGE + index) for index in range(PAGE)]
    link = "https://graph.microsoft.com/v1.0/users/u/calendarView/delta?$skiptoken=next"
    return json.dumps({"value": events, "@odata.nextLink": link}).encode()


def event(number: int) -> dict[str, Any]:
    text = f"<p>Visit {number}: please be there in time.</p>" * 45
    body = {"contentType": "html", "content": f"<html><body>{text}</body></html>"}
    guests = [
        attendee("accepted") | {"emailAddress": {"name": name, "address": f"{name}@example.com"}}
        for name in ("ben", "cleo", "dora")
    ]
    return item(id=f"event-{number}", subject=f"Visit {number}", body=body, attendees=guests)


def mailbox(pages: list[bytes]) -> tuple[Graph, Mailbox]:
    waiting = iter(pages)

    def answer(_request: httpx.Request) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, content=next(waiting))

    settings = Settings("https://app.example", (), Secret("-" * 32), "https://v", "c", Secret("s"))
    graph = Graph(settings, Tokens(), httpx.MockTransport(answer))
    calendar = Calendar(CalendarKey("t", "k"), "c", "u", "", State.ACTIVE, NOW)
    return graph, graph.mailbox(calendar, CONNECTION)


async def decode(pages: list[bytes]) -> tuple[float, list[Seen]]:
    """Seconds of processor time, and what came of the pages."""
    graph, box = mailbox(pages)
    found: list[Seen] = []
    began = time.process_time()
    for _ in pages:
        found += (await box.delta("", WINDOW)).items
    used = time.process_time() - began
    await graph.close()
    return used, found


def json_alone(pages: list[bytes]) -> float:
    began = time.process_time()
    for content in pages:
        json.loads(content)
    return time.process_time() - began


def kept(pages: list[bytes]) -> float:
    """Bytes for each event."""
    asyncio.run(decode(pages[:1]))
    tracemalloc.start()
    _, found = asyncio.run(decode(pages))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    count = parser.parse_args().pages
    print(heading("bench.decode"))
    pages = [page(number) for number in range(count)]
    asyncio.run(decode(pages[:5]))
    used, found = asyncio.run(decode(pages))
    if not all(seen.event for seen in found):
        raise SystemExit("an event was not decoded")
    size = sum(map(len, pages)) / len(found)
    row = [
        f"{len(found)} events of {size:.0f} bytes",
        f"{len(found) / used:.0f}",
        f"{used / count * 1000:.1f}",
        f"{json_alone(pages) / used:.0%}",
        f"{kept(pages):.0f}",
    ]
    head = ["", "events a CPU second", "CPU ms a page", "json alone", "bytes kept an event"]
    print(f"\n{table(head, [row])}")


if __name__ == "__main__":
    main()
