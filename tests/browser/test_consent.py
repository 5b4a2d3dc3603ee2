"""Every situation on the way through a consent link, in a browser, to the page at its end."""

import re
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from local import certs
from local.run.requirements import ROOT
from local.situations import SITUATIONS, Reached, Situation
from shared.catalogue import cause_of
from tests.browser.conftest import PATIENCE_MS
from tests.browser.plays import PLAYS, shown
from tests.browser.stack import Stack
from tests.browser.walk import KEY, PATIENCE, Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAID_SHARPER = {
    "scopes-missing": "did not allow: Calendars.ReadWrite",
    "wrong-account": "k…@wrongaccount.example",
}
"""Where the page says more than the catalogue."""


@pytest_asyncio.fixture(loop_scope="module")
async def walk(
    stack: Stack, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Walk]:
    """Whatever a page of ours says on its console fails the test."""
    said: list[str] = []
    trust = ssl.create_default_context(cafile=certs.ensure(ROOT / certs.FOLDER).ca)
    name = re.sub(r"[^a-z0-9]", "", request.node.name.partition("[")[2]) or "walker"
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: said.append(message.text))
    async with (
        httpx.AsyncClient(base_url=stack.twin, verify=trust, timeout=PATIENCE) as twin,
        httpx.AsyncClient(
            base_url=stack.calbridge, headers=KEY, verify=trust, timeout=PATIENCE
        ) as api,
    ):
        yield Walk(stack, browser, page, name, twin, api)
    for opened in browser.contexts:
        await opened.close()
    assert [text for text in said if "Content Security Policy" in text] == []


# Every eighth in `make test`; all of them in `make long`.
SHOWN = [
    pytest.param(one, id=one.name, marks=[pytest.mark.long] if number % 8 else [])
    for number, one in enumerate(SITUATIONS)
]


async def played(walk: Walk, situation: Situation) -> Walk:
    if situation.name in PLAYS:
        walk = await PLAYS[situation.name](walk) or walk
    else:
        await shown(walk, situation.number)
    if situation.reached is Reached.HELP:
        assert await walk.ask() == situation.number
    return walk


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("situation", SHOWN)
async def test_every_situation_ends_on_a_page_that_helps(walk: Walk, situation: Situation):
    """It says what happened, who can fix it and how; link and log say the same to the app."""
    walk = await played(walk, situation)

    page = walk.page
    if situation.code:
        cause = cause_of(situation.code)
        await expect(page.locator("#code")).to_have_text(situation.code)
        await expect(page.get_by_role("heading", level=1)).to_have_text(cause.title)
        told = SAID_SHARPER.get(situation.code, cause.meaning)
        await expect(page.locator("#told")).to_contain_text(told)
        await expect(page.locator("#remedy")).to_have_text(situation.help)
    else:
        await expect(page.get_by_role("heading", level=1)).to_contain_text("is connected")
        await expect(page.locator("main")).to_contain_text("nobody gets a mail")
        notices = page.locator("#notice strong")
        titles = [f"{cause_of(situation.notice).title}."] if situation.notice else []
        await expect(notices).to_have_text(titles)
    link = await walk.state()
    assert link["state"] == situation.state
    if situation.code and situation.state in {"refused", "waiting"}:
        assert link["problem"]["code"] == situation.code
        assert (await walk.told())[-1] == (situation.state.value, situation.code)
    else:
        assert (await walk.told())[-1][0] == situation.state.value


def test_every_situation_is_played():
    """By a story of its own, or by the number Microsoft's page shows."""
    names = {one.name for one in SITUATIONS}

    assert len(names) == len(SITUATIONS) >= 25
    assert set(PLAYS) <= names
    assert [one.name for one in SITUATIONS if one.name not in PLAYS and not one.number] == []
