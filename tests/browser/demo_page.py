"""The demo's page in a user's words."""

from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Locator, Page, expect

from tests.browser.stack import Stack

Side = Literal["app", "outlook"]

# A busy machine is slow; how fast it is otherwise, the page itself measures.
PATIENCE_MS = 10_000


@dataclass
class DemoPage:
    page: Page
    stack: Stack
    url: str

    async def open(self, tenant: str, person: str) -> None:
        await self.page.goto(f"{self.url}/?tenant={tenant}&person={person}")
        await expect(self.card(person)).to_have_class("person chosen")

    def card(self, person: str) -> Locator:
        return self.page.locator(f'.person[data-address="{person}"]')

    async def expect_state(self, person: str, state: str) -> None:
        await expect(self.card(person)).to_have_attribute("data-state", state, timeout=20_000)

    async def connect(self, tenant: str, person: str) -> None:
        """With the consent of the person, unless it was given before."""
        await self.open(tenant, person)
        if await self.card(person).get_attribute("data-state") == "active":
            return
        await self.card(person).get_by_role("button", name="Connect").click()
        await self.page.locator("#as-user").click()
        await self.page.locator("#accept").click()
        await self.expect_state(person, "active")

    def calendar(self, side: Side) -> Locator:
        return self.page.locator(f"#{side}-calendar")

    def item(self, side: Side, title: str) -> Locator:
        return self.calendar(side).locator(".fc-event", has_text=title)

    async def place(self, side: Side, day: int, time: str) -> tuple[float, float]:
        """Where on the screen that is; `day` counts from Monday, `time` is "09:30"."""
        column = self.calendar(side).locator("td.fc-timegrid-col[data-date]").nth(day)
        slot = self.calendar(side).locator(f'td.fc-timegrid-slot-lane[data-time="{time}:00"]')
        await slot.scroll_into_view_if_needed()
        across, down = await column.bounding_box(), await slot.bounding_box()
        assert across
        assert down
        return across["x"] + across["width"] / 2, down["y"] + 3

    async def create(
        self, side: Side, day: int, start: str, end: str, title: str, *, repeats: str = ""
    ) -> None:
        across, down = await self.place(side, day, end)
        # The end is where the slot before it ends.
        await self._drag(await self.place(side, day, start), (across, down - 5))
        await self.page.locator("#editor-subject").fill(title)
        await self.page.locator("#editor-repeats").select_option(repeats)
        await self.page.locator("#editor-save").click()

    async def move(self, side: Side, title: str, day: int, time: str) -> None:
        box = await self.item(side, title).bounding_box()
        assert box
        # Below the edge, which would resize it, and still in its first quarter of an hour.
        grip = box["x"] + box["width"] / 2, box["y"] + 8
        await self._drag(grip, await self.place(side, day, time))

    async def _drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        await mouse.move(*start)
        await mouse.down()
        await mouse.move(start[0] + 3, start[1] + 6, steps=3)
        await mouse.move(*end, steps=8)
        await mouse.up()

    async def turn(self, way: Literal["previous", "next"]) -> None:
        """By a week."""
        await self.page.locator(f"#{way}").click()

    async def delete(self, side: Side, title: str, *, all_of_it: bool = False) -> None:
        """Of a series one occurrence, unless all are meant."""
        await self.item(side, title).click()
        await self.page.locator("#details-delete-all" if all_of_it else "#details-delete").click()

    async def expect_shown(self, side: Side, title: str, time: str = "") -> None:
        where = self.item(side, title)
        await expect(where).to_have_count(1, timeout=PATIENCE_MS)
        if time:
            await expect(where).to_contain_text(time, timeout=PATIENCE_MS)

    async def expect_gone(self, side: Side, title: str) -> None:
        await expect(self.item(side, title)).to_have_count(0, timeout=PATIENCE_MS)

    async def lag(self, text: str) -> int:
        """In milliseconds, as the page's log tells it beside the newest line with that text."""
        line = self.page.locator("#log tr[data-lag]", has_text=text).first
        await expect(line).to_be_visible(timeout=PATIENCE_MS)
        measured = int(await line.get_attribute("data-lag") or "-1")
        print(f"{text}: {measured} ms")  # noqa: T201 who runs the tests wants to know
        return measured
