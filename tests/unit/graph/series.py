"""Series to plan with: small, so that they often meet."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from shared.calendar.event import (
    AllDay,
    Attendee,
    Body,
    Event,
    Override,
    Series,
    ShowAs,
    Timed,
    When,
    Zoned,
)
from shared.calendar.expansion import days
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import normal

MONDAY = date(2026, 11, 23)
ZONES = ("Europe/Berlin", "America/New_York", "UTC")
RULES = (
    Rule(Frequency.DAILY),
    Rule(Frequency.DAILY, interval=3),
    Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),)),
    Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO), ByDay(Weekday.WE))),
    Rule(Frequency.MONTHLY, by_month_day=(23,)),
)
ANN = Attendee("ann@contoso.example")
BEN = Attendee("ben@contoso.example")


def at(day: date, hour: int = 10, zone: str = "Europe/Berlin", length: int = 1) -> Timed:
    start = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - a wall time
    return Timed(Zoned(start, zone), Zoned(start + timedelta(hours=length), zone))


def weekly(**changes) -> Event:
    """Ten Mondays at ten in Berlin."""
    rule = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=10)
    return replace(Event("Jour fixe", at(MONDAY), series=Series(rule)), **changes)


def nth(event: Event, n: int) -> date:
    """The n-th day of the rule, from 0."""
    return list(zip(range(n + 1), days(event.series.rule, MONDAY), strict=False))[n][1]


@st.composite
def masters(draw: st.DrawFn) -> Event:
    rule = draw(st.sampled_from(RULES))
    limit = draw(st.sampled_from(("count", "until", "none")))
    if limit == "count":
        rule = replace(rule, count=draw(st.integers(2, 8)))
    if limit == "until":
        rule = replace(rule, until=MONDAY + timedelta(days=draw(st.integers(10, 90))))
    hour = draw(st.integers(0, 22))
    all_day = draw(st.booleans())
    when = at(MONDAY, hour, draw(st.sampled_from(ZONES)))
    return Event(
        subject=draw(st.sampled_from(("A", "B"))),
        when=AllDay(MONDAY, MONDAY + timedelta(days=1)) if all_day else when,
        body=Body(draw(st.sampled_from(("", "Agenda")))),
        attendees=draw(st.sampled_from(((), (ANN,), (ANN, BEN)))),
        show_as=draw(st.sampled_from((ShowAs.BUSY, ShowAs.FREE))),
        series=Series(rule),
    )


@st.composite
def series(draw: st.DrawFn) -> Event:
    master = draw(masters())
    known = [day for day, _ in zip(days(master.series.rule, MONDAY), range(6), strict=False)]
    fates = {day: draw(st.sampled_from(("", "", "cancelled", "changed"))) for day in known}
    if all(fate == "cancelled" for fate in fates.values()):
        fates[known[-1]] = ""
    given = tuple(
        Override(day, draw(overridden(day, master.when)))
        for day, fate in fates.items()
        if fate == "changed"
    )
    cancelled = tuple(day for day, fate in fates.items() if fate == "cancelled")
    return normal(replace(master, series=Series(master.series.rule, cancelled, given)))


@st.composite
def overridden(draw: st.DrawFn, day: date, when: When) -> tuple:
    values = {"subject": draw(st.sampled_from(("A", "B", "C")))}
    if draw(st.booleans()):
        values["when"] = draw(times(day, when))
    if draw(st.booleans()):
        values["attendees"] = draw(st.sampled_from(((), (ANN,), (BEN,))))
    return tuple(sorted(values.items()))


def times(day: date, when: When) -> st.SearchStrategy[When]:
    """On that day, as Outlook sees days: in the zone of the series."""
    if isinstance(when, AllDay):
        return st.just(AllDay(day, day + timedelta(days=2)))
    return st.integers(0, 22).map(lambda hour: at(day, hour, when.start.zone))


def singles() -> st.SearchStrategy[Event]:
    return masters().map(lambda event: replace(event, series=None))
