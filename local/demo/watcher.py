"""Looks at the Outlook calendars that somebody looks at, or waits for."""

import asyncio

from local.demo.outlook import OutlookRefused, OutlookUnreachable
from local.demo.product import Product

PAUSE = 0.3
PAUSE_WHILE_MEASURING = 0.1


class Watcher:
    def __init__(self, product: Product) -> None:
        self._product = product

    async def run(self) -> None:
        while True:
            if self._product.stopwatch.give_up():
                self._product.live.poke()
            measuring = self._product.stopwatch.waiting("outlook")
            for tenant, person in measuring | self._product.live.looked_at:
                await self.look(tenant, person)
            await asyncio.sleep(PAUSE_WHILE_MEASURING if measuring else PAUSE)

    async def look(self, tenant: str, person: str) -> None:
        product = self._product
        try:
            view = await product.outlook.view(person)
        except (OutlookUnreachable, OutlookRefused) as error:
            self._answers(isinstance(error, OutlookRefused))
            return
        self._answers(True)
        if view != product.views.get((tenant, person)):
            product.views[tenant, person] = view
            product.settle_waits("outlook", tenant, person)
            product.live.poke()

    def _answers(self, answers: bool) -> None:
        if answers != self._product.outlook_answers:
            self._product.outlook_answers = answers
            self._product.live.poke()
