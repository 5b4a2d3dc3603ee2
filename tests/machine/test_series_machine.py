"""The machine with series: their days, times and rules are edited at random on both sides.

All that goes wrong, and what must hold at rest, is as for single events.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from shared.calendar.event import Event, Timed, Zoned
from shared.calendar.series import normal, restored
from tests.machine.series_telling import (
    DAYS,
    WEEKLY,
    cancelled,
    cancels_day,
    edits_day,
    in_outlook,
    named,
    ruled,
    value_of,
)
from tests.machine.test_machine import SHRINK, TwoSides

# All of them are days of the rule, whatever it is changed to.
EDITED = DAYS[:4]
COUNTS = st.integers(4, 8)
HOURS = st.integers(7, 18)
named_days = st.sampled_from(EDITED)


def at_hour(event: Event, hour: int) -> Event:
    assert isinstance(event.when, Timed)
    zone = event.when.start.zone
    start = event.when.start.wall.replace(hour=hour)
    return replace(event, when=Timed(Zoned(start, zone), Zoned(start + timedelta(hours=1), zone)))


class Series(TwoSides):
    known = TwoSides.known

    @initialize(
        manners=st.fixed_dictionaries(
            {
                "reissued_exceptions": st.sampled_from(["dropped", "kept"]),
                "reissued_cancelled": st.sampled_from(["dropped", "kept"]),
                "same_recurrence_reissues": st.booleans(),
                "exception_bumps_master": st.booleans(),
                "cancelled_day_zone": st.sampled_from(["series", "utc"]),
            }
        )
    )
    def manner(self, manners: dict[str, Any]) -> None:
        self.stage.twin.switches.patch(manners)

    # The host app.

    @rule(target=known, days=st.lists(named_days, max_size=2, unique=True), cancel=named_days)
    def app_creates_series(self, days: list[Any], cancel: Any) -> str:
        name = f"app-{self.word()}"
        event = replace(WEEKLY, subject=self.word())
        self._app_puts(name, event)
        self.note(name, "app", subject=event.subject, location="", hour="10", count="6")
        for day in days:
            self._app_writes(name, {str(day): self.word()})
        self._app_writes(name, {str(cancel): "cancelled"})
        return name

    @rule(name=known, day=named_days, kind=st.sampled_from(["name", "name", "cancel", "restore"]))
    def app_edits_day(self, name: str, day: Any, kind: str) -> None:
        words = {"name": self.word(), "cancel": "cancelled", "restore": "plain"}
        self._app_writes(name, {str(day): words[kind]})

    @rule(name=known, hour=HOURS)
    def app_changes_hour(self, name: str, hour: int) -> None:
        self._app_writes(name, {"hour": str(hour)})

    @rule(name=known, count=COUNTS)
    def app_changes_rule(self, name: str, count: int) -> None:
        self._app_writes(name, {"count": str(count)})

    def _app_writes(self, name: str, words: dict[str, str]) -> None:
        held = self.run(self.held(name))
        if held is None or held.series is None:
            return
        event = held
        for field, word in words.items():
            event = normal(_with(event, field, word))
        if self._app_puts(name, event):
            self.note(name, "app", **words)

    # The person in Outlook.

    @rule(name=known, day=named_days, kind=st.sampled_from(["name", "cancel"]))
    def outlook_edits_day(self, name: str, day: Any, kind: str) -> None:
        event_id = self.run(self.series_id(name))
        if not event_id or value_of(in_outlook(self.stage, event_id), str(day)) == "cancelled":
            return
        word = self.word() if kind == "name" else "cancelled"
        if kind == "name":
            edits_day(self.stage, event_id, day, {"subject": word})
        else:
            cancels_day(self.stage, event_id, day)
        self._outlook_wrote(name, {str(day): word})

    @rule(name=known, hour=HOURS)
    def outlook_changes_hour(self, name: str, hour: int) -> None:
        event_id = self.run(self.series_id(name))
        if event_id:
            event = at_hour(in_outlook(self.stage, event_id), hour)
            self._outlook_writes(name, event_id, _times(event), {"hour": str(hour)})

    @rule(name=known, count=COUNTS)
    def outlook_changes_rule(self, name: str, count: int) -> None:
        event_id = self.run(self.series_id(name))
        if event_id:
            recurrence = self.stage.outlook("anna").get_event(event_id)["recurrence"]
            recurrence["range"] |= {"type": "numbered", "numberOfOccurrences": count}
            patch = {"recurrence": recurrence}
            self._outlook_writes(name, event_id, patch, {"count": str(count)})

    def _outlook_writes(
        self, name: str, event_id: str, patch: dict[str, Any], words: dict[str, str]
    ) -> None:
        """Exchange makes the occurrences anew: what it drops of them, the person dropped."""
        before = in_outlook(self.stage, event_id)
        self.stage.outlook("anna").update_event(event_id, patch)
        after = in_outlook(self.stage, event_id)
        dropped = {
            str(day): value_of(after, str(day))
            for day in EDITED
            if value_of(before, str(day)) != value_of(after, str(day))
        }
        self._outlook_wrote(name, {**words, **dropped})

    def _outlook_wrote(self, name: str, words: dict[str, str]) -> None:
        self.note(name, "outlook", **words)
        if self.run(self.held(name)) is None:
            self.overruled.add(name)

    async def series_id(self, name: str) -> str:
        event_id = await self.event_id(name)
        return event_id if event_id and in_outlook(self.stage, event_id).series else ""


def _with(event: Event, field: str, word: str) -> Event:
    if field == "hour":
        return at_hour(event, int(word))
    if field == "count":
        return ruled(event, count=int(word))
    day = datetime.fromisoformat(field).date()
    if word == "cancelled":
        return cancelled(event, day)
    return restored(event, day) if word == "plain" else named(event, day, word)


def _times(event: Event) -> dict[str, Any]:
    assert isinstance(event.when, Timed)
    return {
        name: {"dateTime": moment.wall.isoformat(), "timeZone": moment.zone}
        for name, moment in (("start", event.when.start), ("end", event.when.end))
    }


Series.TestCase.settings = settings(
    max_examples=int(os.environ.get("MACHINE_EXAMPLES", "25")),
    stateful_step_count=30,
    database=None,
    phases=(Phase.explicit, Phase.generate, *SHRINK),
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSeries = Series.TestCase
