"""Meridian Care while Calbridge is away, and to whom it listens."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from local.run import settings
from local.run.requirements import ROOT
from tests.browser.demo_page import DemoPage
from tests.browser.forwarder import Forwarder
from tests.browser.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

LAKESIDE = "lakeside"
AMIR = "amir@lakeside.example"


@pytest_asyncio.fixture(loop_scope="module")
async def forwarder(stack: Stack) -> AsyncIterator[Forwarder]:
    between = Forwarder(settings.STANDARD_PORTS["host"] + stack.shift)
    await between.open()
    yield between
    await between.close()


@contextmanager
def second_demo(stack: Stack, calbridge: str, state: Path) -> Iterator[str]:
    """Another Meridian Care with the same customers; the URL of its page."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "CALBRIDGE_PUBLIC_URL": calbridge,
        "CALBRIDGE_GRAPH_URL": f"{stack.twin}/v1.0",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "local.demo", "--port", str(port), "--state", str(state)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().startswith("READY")
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


async def test_the_calendar_works_on_while_calbridge_is_away(
    demo: DemoPage, forwarder: Forwarder, tmp_path: Path
):
    """Changes made meanwhile wait, the page says so, and they reach Outlook afterwards."""
    await demo.connect(LAKESIDE, AMIR)
    with second_demo(demo.stack, forwarder.url, tmp_path) as url:
        other = replace(demo, url=url)
        await other.open(LAKESIDE, AMIR)
        await other.expect_state(AMIR, "active")
        # Neither the week in Outlook nor the first one's appointments are there twice.
        await other.expect_shown("outlook", "Case conference")
        await other.expect_shown("outlook", "Follow-up: T. Okafor")
        await other.expect_shown("app", "Follow-up: T. Okafor")
        await forwarder.close()
        await expect(other.page.locator("#away")).to_contain_text("Your calendar works on")
        await other.create("app", 4, "13:00", "14:00", "Home visit")
        await other.expect_shown("app", "Home visit")
        await expect(other.page.locator("#away")).to_contain_text("1 change waits")
        await other.expect_gone("outlook", "Home visit")
        await forwarder.open()

        await other.expect_shown("outlook", "Home visit")
        await expect(other.page.locator("#away")).to_be_hidden()
        await other.page.goto("about:blank")


async def test_an_unsigned_delivery_is_refused(stack: Stack):
    """Who cannot sign is not listened to."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{stack.demo}/webhook/lakeside", json={"sequence": "1"})

    assert answer.status_code == 401
