"""Whether the app can do its work now: each thing it depends on, asked by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from shared.catalogue import problem_of
from shared.errors import CalbridgeError
from shared.observe import note

PATIENCE = 5.0
FRESH = 5.0
"""Seconds for which an answer stands, so that asking often asks nothing of others."""

Probe = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Part:
    """`code` is "" where all is well; `milliseconds` is how long the answer took."""

    name: str
    code: str = ""
    milliseconds: int = 0


SETTINGS_WRONG = (Part("settings", "settings-wrong"),)


@dataclass
class Readiness:
    """`probes` are by the name of what they ask; one that raises names what failed."""

    probes: Mapping[str, Probe]
    patience: float = PATIENCE
    clock: Callable[[], float] = monotonic
    _asked: float = field(default=float("-inf"), init=False)
    _running: asyncio.Task[tuple[Part, ...]] | None = field(default=None, init=False)

    async def parts(self) -> tuple[Part, ...]:
        """Who asks while others wait gets their answer. Nobody who hangs up spoils it."""
        if self._running is None or self._is_old():
            self._asked = self.clock()
            self._running = asyncio.create_task(self._ask())
        return await asyncio.shield(self._running)

    def _is_old(self) -> bool:
        return self.clock() - self._asked >= max(FRESH, self.patience)

    async def _ask(self) -> tuple[Part, ...]:
        asked = [self._part(name, probe) for name, probe in self.probes.items()]
        return (Part("settings"), *await asyncio.gather(*asked))

    async def _part(self, name: str, probe: Probe) -> Part:
        began = monotonic()
        code = ""
        try:
            async with asyncio.timeout(self.patience):
                await probe()
        except TimeoutError:
            code = f"{name}-not-answering"
        except CalbridgeError as error:
            told = problem_of(error).code
            code = f"{name}-not-answering" if told == "unavailable" else told
        took = round((monotonic() - began) * 1000)
        if code:
            note("not_ready", code=code, seconds=took / 1000)
        return Part(name, code, took)
