"""Our own notification URL, called before Graph calls it: a process that has to start first takes
longer than Graph waits (ten seconds).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from shared.errors import CalbridgeError

PATIENCE = 10.0
# So soon after a call that was answered the next process need not be woken.
WARM = timedelta(minutes=1)


@dataclass
class Warming:
    """Best effort: where our own URL cannot be reached from here, Graph may reach it all the
    same.
    """

    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    _answered: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def __call__(self, url: str) -> None:
        """With Graph's own handshake."""
        last, now = self._answered.get(url), self.clock()
        if last is not None and now - last < WARM:
            return
        with suppress(httpx.HTTPError, CalbridgeError):
            answer = await self.http.post(
                url, params={"validationToken": "warm"}, timeout=PATIENCE
            )
            if answer.is_success:
                self._answered[url] = now
