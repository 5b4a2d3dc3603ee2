"""Meridian Care in a browser: what a person does on one side shows on the other."""

import ssl
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from local import certs
from local.run.requirements import ROOT
from tests.browser.demo_page import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

REFUSAL = {"status": 400, "code": "ErrorInvalidRequest", "message": "Your request is invalid."}

LAKESIDE = "lakeside"
HARBOUR = "harbour"
AMIR = "amir@lakeside.example"
CLARA = "clara@lakeside.example"
JONAS = "jonas@lakeside.example"
HANNA = "hanna@lakeside.example"
GRACE = "grace@harbour.example"
TOM = "tom@harbour.example"


async def test_a_person_connects_by_a_consent_link(demo: DemoPage):
    """After consent, each side shows what so far only the other had."""
    await demo.open(LAKESIDE, CLARA)
    await demo.expect_state(CLARA, "not_connected")
    await demo.connect(LAKESIDE, CLARA)

    await demo.expect_shown("outlook", "ECG: R. Hoffmann")
    await demo.expect_shown("app", "Echo training")
    await demo.expect_gone("app", "Payroll")


async def test_what_is_done_here_shows_in_outlook(demo: DemoPage):
    """Creating, dragging and deleting in the product's calendar each arrive, and are timed."""
    await demo.connect(LAKESIDE, AMIR)
    await demo.create("app", 3, "15:00", "16:00", "Ultrasound")
    await demo.expect_shown("outlook", "Ultrasound", "15:00 - 16:00")
    created = await demo.lag("Created “Ultrasound”")
    await demo.move("app", "Ultrasound", 4, "10:00")
    await demo.expect_shown("outlook", "Ultrasound", "10:00 - 11:00")
    moved = await demo.lag("Moved “Ultrasound”")
    await demo.delete("app", "Ultrasound")
    await demo.expect_gone("outlook", "Ultrasound")
    deleted = await demo.lag("Deleted “Ultrasound”")

    assert all(lag > 0 for lag in (created, moved, deleted))


async def test_what_is_done_in_outlook_shows_here(demo: DemoPage):
    """Creating, dragging and deleting in Outlook each arrive, and are timed."""
    await demo.connect(LAKESIDE, HANNA)
    await demo.create("outlook", 0, "15:00", "16:00", "Fire drill")
    await demo.expect_shown("app", "Fire drill", "15:00 - 16:00")
    created = await demo.lag("Created “Fire drill”")
    await demo.move("outlook", "Fire drill", 4, "09:00")
    await demo.expect_shown("app", "Fire drill", "09:00 - 10:00")
    moved = await demo.lag("Moved “Fire drill”")
    await demo.delete("outlook", "Fire drill")
    await demo.expect_gone("app", "Fire drill")
    deleted = await demo.lag("Deleted “Fire drill”")

    assert all(lag > 0 for lag in (created, moved, deleted))


async def test_a_tentative_appointment_is_confirmed(demo: DemoPage):
    """What comes from Outlook is tentative here until somebody confirms it."""
    await demo.connect(LAKESIDE, AMIR)
    item = demo.item("app", "Lab results")
    await expect(item).to_contain_class("tentative")
    await item.click()
    await demo.page.locator("#details-confirm").click()

    await expect(item).not_to_contain_class("tentative")


async def test_a_change_that_microsoft_refuses_is_said(demo: DemoPage):
    """The log and the appointment tell of it in words; Outlook stays as it was."""
    await demo.connect(LAKESIDE, AMIR)
    await demo.expect_shown("outlook", "First visit", "10:00")
    await spoil(demo, {"match": {"method": "PATCH", "user": AMIR}, "action": REFUSAL})
    await demo.move("app", "First visit", 0, "12:00")

    line = demo.page.locator("#log tr.refused", has_text="Moved “First visit")
    await expect(line).to_contain_text("Microsoft 365 refused the change", timeout=10_000)
    await expect(demo.item("app", "First visit")).to_contain_class("refused")
    await demo.expect_shown("outlook", "First visit", "10:00")


async def spoil(demo: DemoPage, fault: dict[str, Any]) -> None:
    trust = ssl.create_default_context(cafile=certs.ensure(ROOT / certs.FOLDER).ca)
    async with httpx.AsyncClient(verify=trust) as client:
        answer = await client.post(f"{demo.stack.twin}/_twin/faults", json=fault)
    answer.raise_for_status()


async def test_refused_consent_is_said(demo: DemoPage):
    """Who cancels is told so in plain words, and stays unconnected."""
    await demo.open(LAKESIDE, JONAS)
    await demo.card(JONAS).get_by_role("button", name="Connect").click()
    await demo.page.locator("#as-user").click()
    await demo.page.locator("#cancel").click()

    await expect(demo.page.get_by_role("heading", level=1)).to_contain_text("declined")
    await demo.open(LAKESIDE, JONAS)
    await demo.expect_state(JONAS, "not_connected")


async def test_who_is_not_connected_keeps_a_calendar(demo: DemoPage):
    """Without a connection the product works alone, and says that nothing crosses."""
    await demo.open(LAKESIDE, JONAS)
    await demo.create("app", 2, "10:00", "11:00", "Stocktaking")

    await demo.expect_shown("app", "Stocktaking")
    await expect(demo.page.locator("#log tr").first).to_contain_text("is not connected")
    await demo.expect_gone("outlook", "Stocktaking")


async def test_an_administrator_connects_the_organisation(demo: DemoPage):
    """One consent, and then each mailbox is switched on without any more pages."""
    await demo.open(HARBOUR, TOM)
    await demo.page.get_by_role("button", name="Connect whole organisation").click()
    await demo.page.locator("#as-organisation").click()
    await demo.page.locator(f'[data-account="{GRACE}"]').click()
    await demo.page.locator("#accept").click()
    # Signing in once more proves for which organisation she agreed.
    await demo.page.locator(f'[data-account="{GRACE}"]').click()
    await demo.page.wait_for_url(f"{demo.stack.demo}/**")
    await demo.open(HARBOUR, TOM)
    await demo.card(TOM).get_by_role("button", name="Switch on").click()
    await demo.expect_state(TOM, "active")

    await demo.expect_shown("outlook", "Shoulder: A. Fielding")
    await demo.expect_shown("app", "Supervision")
