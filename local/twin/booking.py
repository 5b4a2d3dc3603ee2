"""The attendant that answers for rooms by what their calendars hold."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local.twin.series import instances
from local.twin.world import Person, Stamp, StoredEvent

if TYPE_CHECKING:
    from local.twin.exchange import Exchange

BOOKING_WINDOW = timedelta(days=180)  # Set-CalendarProcessing BookingWindowInDays


class RoomAttendant:
    """Answers a moment later, as Exchange does: the request that invited a room ends first."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._asked: dict[tuple[str, str], datetime] = {}
        self._running: set[asyncio.Task[None]] = set()

    def asked(self, room: Person, booking: StoredEvent) -> None:
        if room.kind != "room":
            return
        twin = self._exchange.twin
        due = twin.clock.now() + timedelta(seconds=twin.switches.room_delay_seconds)
        self._asked[room.id, booking.id] = due
        try:
            task = asyncio.get_running_loop().create_task(self._answer_at(due))
        except RuntimeError:  # no loop: a script that seeds the world
            self.answer_due(due)
            return
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def answer_due(self, now: datetime) -> None:
        for key in [key for key, due in self._asked.items() if due <= now]:
            del self._asked[key]
            self._answer(*key)

    async def _answer_at(self, due: datetime) -> None:
        clock = self._exchange.twin.clock
        if clock.now() < due:
            await clock.sleep_until(due)
        await asyncio.sleep(0)
        self.answer_due(due)

    def _answer(self, room_id: str, booking_id: str) -> None:
        room = self._exchange.twin.world.people.get(room_id)
        booking = room and self._exchange.mailbox(room).events.get(booking_id)
        if room is None or booking is None or booking.is_cancelled:
            return
        answer = "declined" if self._conflicts(room, booking) else "accepted"
        self._exchange.respond(room, booking, answer, "room")

    def _conflicts(self, room: Person, booking: StoredEvent) -> bool:
        return any(
            other.ical_uid[40:] != booking.ical_uid[40:]
            and not other.is_cancelled
            and other.response != "notResponded"
            and other.show_as not in ("free", "workingElsewhere")
            for start, end in self._spans(booking)
            for other, _, _ in self._exchange.busy(room, start.utc, end.utc)
        )

    def _spans(self, booking: StoredEvent) -> list[tuple[Stamp, Stamp]]:
        if booking.series is None:
            return [(booking.start, booking.end)]
        now = self._exchange.twin.clock.now()
        found = instances(booking, now, now + BOOKING_WINDOW)
        return [(one.start, one.end) for one in found]
