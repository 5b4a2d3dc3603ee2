"""Meridian Care in a browser: what repeats is one series on both sides."""

import pytest
from playwright.async_api import expect

from tests.browser.demo_page import DemoPage, Side

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

LAKESIDE = "lakeside"
AMIR = "amir@lakeside.example"
HANNA = "hanna@lakeside.example"
LENA = "lena@lakeside.example"
WEDNESDAY, THURSDAY = 2, 3


async def begin(demo: DemoPage, person: str, side: Side, title: str) -> None:
    await demo.connect(LAKESIDE, person)
    await demo.create(side, WEDNESDAY, "09:00", "10:00", title, repeats="weekly")


async def test_a_series_made_here_is_one_in_outlook(demo: DemoPage):
    """Each week shows its occurrence, and says that it is one of a series."""
    await begin(demo, AMIR, "app", "Pacing clinic")
    await demo.expect_shown("outlook", "Pacing clinic", "09:00 - 10:00")
    assert await demo.lag("Created “Pacing clinic”") > 0
    await demo.turn("next")
    await demo.expect_shown("outlook", "Pacing clinic", "09:00 - 10:00")
    await demo.item("outlook", "Pacing clinic").click()

    await expect(demo.page.locator("#details-facts")).to_contain_text("one of a series")


async def test_one_occurrence_moved_in_outlook_moves_here_alone(demo: DemoPage):
    """The week after stays as it was."""
    await begin(demo, HANNA, "outlook", "Triage")
    await demo.expect_shown("app", "Triage", "09:00 - 10:00")
    await demo.move("outlook", "Triage", THURSDAY, "14:00")
    await demo.expect_shown("app", "Triage", "14:00 - 15:00")
    await demo.turn("next")

    await demo.expect_shown("app", "Triage", "09:00 - 10:00")
    await demo.expect_shown("outlook", "Triage", "09:00 - 10:00")


async def test_one_occurrence_deleted_here_goes_from_outlook_alone(demo: DemoPage):
    """And all of it goes when all is deleted."""
    await begin(demo, LENA, "app", "Ward round")
    await demo.expect_shown("outlook", "Ward round")
    await demo.delete("app", "Ward round")
    await demo.expect_gone("outlook", "Ward round")
    await demo.turn("next")
    await demo.expect_shown("outlook", "Ward round", "09:00 - 10:00")
    await demo.delete("app", "Ward round", all_of_it=True)

    await demo.expect_gone("outlook", "Ward round")
