"""The store on Azure Table Storage."""

from typing import Self

from shared.settings import Settings
from shared.store.account import Place, Tables
from shared.store.receipts import Receipts


class TableStore(Receipts):
    """`place` is a connection string, or endpoints with a credential. Close it, or use it as
    an async context manager; it belongs to the event loop that first used it.
    """

    def __init__(self, place: Place | str) -> None:
        self._tables = Tables(Place.parse(place) if isinstance(place, str) else place)
        super().__init__(self._tables)

    async def close(self) -> None:
        await self._tables.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def open_store(settings: Settings) -> TableStore:
    return TableStore(Place.of(settings))
