import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.demo_page import DemoPage
from tests.browser.stack import Stack, free_shift, pinned_key

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TALL = {"width": 1280, "height": 1100}
PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all tests: they keep to people of their own."""
    running = Stack(tmp_path_factory.mktemp("stack"), free_shift())
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("The browser tests need Chromium: install the package 'chromium'.")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    flags = [*FLAGS, f"--ignore-certificate-errors-spki-list={pinned_key()}"]
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def demo(stack: Stack, browser: Browser, tmp_path: Path) -> AsyncIterator[DemoPage]:
    """A page with no cookies from before; whatever it says on its console fails the test."""
    said: list[str] = []
    context = await browser.new_context(viewport=TALL)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield DemoPage(page, stack, stack.demo)
    await page.screenshot(path=tmp_path / "last.png")
    await context.close()
    assert said == []
