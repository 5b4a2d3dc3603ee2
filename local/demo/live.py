"""Tells open pages that something changed; they are sent what differs."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Live:
    def __init__(self) -> None:
        self._pages: set[asyncio.Event] = set()
        self._looked_at: Counter[tuple[str, str]] = Counter()
        self.ended = False

    @property
    def looked_at(self) -> set[tuple[str, str]]:
        """Tenant and person that some page shows."""
        return set(self._looked_at)

    def poke(self) -> None:
        for page in self._pages:
            page.set()

    def end(self) -> None:
        """Pages hold their streams open; without this a server never comes to its end."""
        self.ended = True
        self.poke()

    @contextmanager
    def page(self, tenant: str, person: str) -> Iterator[asyncio.Event]:
        """The event is set whenever something may have changed; the page clears it."""
        changed = asyncio.Event()
        changed.set()
        self._pages.add(changed)
        self._looked_at[tenant, person] += 1
        try:
            yield changed
        finally:
            self._pages.discard(changed)
            self._looked_at[tenant, person] -= 1
            self._looked_at += Counter()
