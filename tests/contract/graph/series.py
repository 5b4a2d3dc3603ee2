"""A series in the twin, and a short engine that writes it."""

from datetime import UTC, date, datetime, timedelta

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Attendee, Body, Event, Override, Series, Timed, Zoned
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.graph.series_writes import outcomes, steps

MONDAY = date(2026, 10, 12)
"""Two weeks before the clocks change in Berlin."""
SECOND, THIRD, FOURTH = (MONDAY + timedelta(days=7 * n) for n in (1, 2, 3))
BOUND = 60
"""Requests of one write: it ends."""
MONDAYS = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=5)
READ, WRITE, LOOK = "GET /events/{id}", "PATCH /events/{id}", "GET /events/{id}/instances"
BEN = Attendee("ben@contoso.example", "Ben")


def at(day: date, hour: int, zone: str = "Europe/Berlin") -> Timed:
    start = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - a wall time
    return Timed(Zoned(start, zone), Zoned(start + timedelta(hours=1), zone))


WEEKLY = Event("Jour fixe", at(MONDAY, 10), body=Body("Agenda"), series=Series(MONDAYS))
SPECIAL = Override(THIRD, (("subject", "Special"),))
MOVED = Override(SECOND, (("when", at(SECOND + timedelta(days=2), 15)),))
DATES = Event("Fair", AllDay(MONDAY, MONDAY + timedelta(days=2)), series=Series(MONDAYS))


class Scene:
    """A series of the product's in Ada's calendar."""

    def __init__(self, stage, created) -> None:
        self.stage = stage
        self.id = created.event_id
        self.shown = created

    @classmethod
    async def begin(cls, stage, event=WEEKLY):
        return cls(stage, await stage.mailbox.create(event, "order-1"))

    async def write(self, new: Event, *, foreseen: bool = True) -> list[str]:
        """As the engine does: a step, a look, and the rest planned anew. The requests made."""
        self.shown = await self.look()
        before, tried = len(self.calls()), frozenset()
        while plan := steps(self.shown.event, new, self.shown.body_html, tried):
            may_be = outcomes(self.shown.event, plan[0], tuple(i[0] for i in self.shown.instances))
            tried |= set(getattr(plan[0], "restores", ()))
            assert await self.stage.mailbox.write_step(
                self.id, self.shown, plan[0], self.shown.etag
            )
            self.shown = await self.look()
            assert len(self.calls()) - before < BOUND
            same = [one for one in may_be if differing(one, self.shown.event) == ()]
            assert same or not foreseen
        return self.calls()[before:]

    async def look(self):
        return await self.stage.mailbox.event(self.id, series=True)

    def calls(self) -> list[str]:
        return [plain(one) for one in self.stage.asked()]

    def occurrences(self) -> list[dict]:
        """What Ada sees, by the days of the rule."""
        found = self.stage.outlook.list_events(*SEASON)
        return sorted(found, key=lambda one: one["originalStart"])

    def mails(self) -> list[tuple[str, str]]:
        return [(mail.kind, mail.to) for mail in self.stage.twin.exchange.outbox]


SEASON = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))


def plain(call: str) -> str:
    method, path = call.split(" ")
    parts = path.split("/")
    return f"{method} {'/'.join([*parts[:2], *(['{id}'] if parts[2:] else []), *parts[3:]])}"
