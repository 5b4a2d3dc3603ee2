"""The twin's time: real time plus an offset, or standing still."""

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen_at: datetime | None = None
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._frozen_at or datetime.now(UTC) + self._offset

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def awaited(self) -> bool:
        """Something sleeps until a later time of this clock."""
        return bool(self._sleepers)

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)
        if self._frozen_at is not None:
            self._frozen_at += timedelta(seconds=seconds)
        self._wake()

    def freeze(self, at: datetime | None = None) -> None:
        self._frozen_at = at or self.now()
        self._wake()

    def resume(self) -> None:
        """Time goes on from where it stood."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - datetime.now(UTC)
            self._frozen_at = None
        self._wake()

    async def sleep_until(self, when: datetime) -> None:
        """Returns as soon as the clock, real or advanced, has reached `when`."""
        moved = asyncio.Event()
        self._sleepers.add(moved)
        try:
            while (left := (when - self.now()).total_seconds()) > 0:
                moved.clear()
                await self._moved_or_after(moved, None if self.frozen else left)
        finally:
            self._sleepers.discard(moved)

    @staticmethod
    async def _moved_or_after(moved: asyncio.Event, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(moved.wait(), seconds)
        except TimeoutError:
            return

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            sleeper.set()

    def to_json(self) -> dict[str, object]:
        return {
            "offset": self._offset.total_seconds(),
            "frozen_at": self._frozen_at.isoformat() if self._frozen_at else None,
        }

    def load(self, data: dict[str, object]) -> None:
        self._offset = timedelta(seconds=float(str(data.get("offset", 0))))
        frozen = data.get("frozen_at")
        self._frozen_at = datetime.fromisoformat(str(frozen)) if frozen else None
        self._wake()
