"""From the moment somebody acts on one side to the moment the other side shows it."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from local.demo.store import Store
from local.demo.times import Content

PATIENCE = 120.0


@dataclass(frozen=True)
class Wait:
    """`side` must come to show `wanted` more than `before` times; or, of what is `gone`, less.

    `item` names what was acted on: a second act on it makes the first wait pointless.
    """

    line: int
    tenant: str
    person: str
    side: str
    item: str
    wanted: Content
    before: int
    gone: bool = False
    began: float = field(default_factory=time.monotonic)

    def met(self, contents: Counter[Content]) -> bool:
        now = contents[self.wanted]
        return now < self.before if self.gone else now > self.before


class Stopwatch:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waits: list[Wait] = []

    def start(self, wait: Wait) -> None:
        for older in [one for one in self._waits if one.item == wait.item]:
            self._waits.remove(older)
            self._store.amend(older.line, state="note", detail="Replaced by a later change.")
        self._waits.append(wait)

    def waiting(self, side: str) -> set[tuple[str, str]]:
        """Tenant and person of all that wait for that side."""
        return {(wait.tenant, wait.person) for wait in self._waits if wait.side == side}

    def give_up(self) -> int:
        """On those that wait too long; how many that were."""
        late = [wait for wait in self._waits if time.monotonic() - wait.began > PATIENCE]
        for wait in late:
            self._waits.remove(wait)
            detail = "Not seen within two minutes."
            self._store.amend(wait.line, state="note", detail=detail)
        return len(late)

    def forget(self, line: int) -> None:
        self._waits = [wait for wait in self._waits if wait.line != line]

    def shown(self, side: str, tenant: str, person: str, contents: Iterable[Content]) -> int:
        """Stops what was waited for; how many that were."""
        counted = Counter(contents)
        met = [
            wait
            for wait in self._waits
            if (wait.side, wait.tenant, wait.person) == (side, tenant, person)
            and wait.met(counted)
        ]
        for wait in met:
            lag = round((time.monotonic() - wait.began) * 1000)
            self._store.amend(wait.line, state="done", lag=lag)
            self._waits.remove(wait)
        return len(met)
