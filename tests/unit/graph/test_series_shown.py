"""A master with its exceptions and cancelled days, made one event."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Override
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import with_cancelled, with_override
from shared.graph.mapping import seen_from_graph
from shared.graph.seen import Kind
from shared.graph.series_shown import SELECT, whole_from_graph
from tests.unit.graph.samples import Json, item, midnight

MASTER = "AAkALgBBBB="
BERLIN = "W. Europe Standard Time"
PATTERN = {
    "type": "weekly",
    "interval": 1,
    "month": 0,
    "dayOfMonth": 0,
    "daysOfWeek": ["monday"],
    "firstDayOfWeek": "sunday",
    "index": "first",
}
"""With all that Graph fills in where it means nothing."""


def master(zone: str = BERLIN, first: str = "2026-11-23", pattern: Json = PATTERN, **more) -> Json:
    span = {
        "type": "numbered",
        "startDate": first,
        "endDate": "0001-01-01",
        "recurrenceTimeZone": zone,
        "numberOfOccurrences": 5,
    }
    recurrence = {"pattern": pattern, "range": span}
    return item(id=MASTER, type="seriesMaster", recurrence=recurrence, **more)


def exception(original: str, **more) -> Json:
    """At its original time, an hour and a half long, if nothing else is said."""
    start = datetime.fromisoformat(original)
    times = {
        name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
        for name, at in (("start", start), ("end", start + timedelta(minutes=90)))
    }
    named = {"id": f"E{original}", "type": "exception", "originalStart": original}
    return item(**(named | times | more))


def cancelled(*days: str) -> list[str]:
    return [f"OID.{MASTER}.{day}" for day in days]


def test_a_master_is_a_series():
    """In the zone it repeats in; what Graph fills in is no part of the rule."""
    seen = whole_from_graph(master())

    rule = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), week_start=Weekday.SU, count=5)
    assert seen.kind is Kind.MASTER
    assert seen.event.series.rule == rule
    assert seen.event.when.start.zone == "Europe/Berlin"


def test_it_repeats_in_the_zone_of_its_range():
    """Wherever its start was given."""
    seen = whole_from_graph(master("Eastern Standard Time"))

    assert seen.event.when.start.zone == "America/New_York"
    assert seen.event.when.start.instant == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_exceptions_are_known_by_their_original_day():
    """Wherever they were moved to, and whatever their id is."""
    moved = exception(
        "2026-11-30T09:00:00Z",
        start={"dateTime": "2026-12-02T14:00:00.0000000", "timeZone": "UTC"},
        end={"dateTime": "2026-12-02T15:00:00.0000000", "timeZone": "UTC"},
    )

    seen = whole_from_graph(master(exceptionOccurrences=[moved]))

    (override,) = seen.event.series.overrides
    assert override.day == date(2026, 11, 30)
    assert [name for name, _ in override.values] == ["when"]
    assert seen.instances == ((date(2026, 11, 30), moved["id"], moved["@odata.etag"]),)


def test_an_exception_that_changes_nothing_is_none_of_the_event():
    """But it is still one in Outlook, with an id of its own."""
    seen = whole_from_graph(master(exceptionOccurrences=[exception("2026-11-30T09:00:00Z")]))

    assert seen.event.series.overrides == ()
    assert [day for day, _, _ in seen.instances] == [date(2026, 11, 30)]


def test_cancelled_days():
    names = cancelled("2026-12-07", "2026-12-14")

    seen = whole_from_graph(master(cancelledOccurrences=names))

    assert seen.event.series.cancelled == (date(2026, 12, 7), date(2026, 12, 14))


def test_a_cancelled_exception_of_an_attendee_s_copy_is_cancelled():
    """It stays there, marked, until the attendee removes it."""
    gone = exception("2026-11-30T09:00:00Z", isCancelled=True, subject="Canceled: Review")

    seen = whole_from_graph(master(exceptionOccurrences=[gone]))

    assert (
        differing(seen.event, with_cancelled(whole_from_graph(master()).event, date(2026, 11, 30)))
        == ()
    )
    assert seen.instances == ()


@pytest.mark.parametrize("told", [("2026-11-30", "2026-12-07"), ("2026-11-29", "2026-12-06")])
def test_cancelled_days_may_be_told_in_utc(told):
    """Half past midnight in Berlin is the day before in UTC: no day of the rule, so it is that."""
    early = {
        "start": {"dateTime": "2026-11-22T23:30:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T00:30:00.0000000", "timeZone": "UTC"},
    }

    seen = whole_from_graph(master(**early, cancelledOccurrences=cancelled(*told)))

    assert seen.event.series.cancelled == (date(2026, 11, 30), date(2026, 12, 7))


def test_days_nobody_can_place_are_left_out():
    """Of no day of the rule, or no date at all."""
    names = [*cancelled("2026-12-03"), "OID.X.someday", "nonsense"]
    lost = exception("2026-12-03T09:00:00Z")

    seen = whole_from_graph(master(cancelledOccurrences=names, exceptionOccurrences=[lost]))

    assert seen.event == whole_from_graph(master()).event
    assert seen.instances == ()


class TestDates:
    DATES = {  # noqa: RUF012 - a sample
        "isAllDay": True,
        "start": midnight("2026-11-23"),
        "end": midnight("2026-11-24"),
    }

    @pytest.mark.parametrize(
        ("zone", "original"),
        [
            ("UTC", "2026-11-30T00:00:00Z"),
            ("W. Europe Standard Time", "2026-11-29T23:00:00Z"),
            ("Pacific Standard Time", "2026-11-30T08:00:00Z"),
            ("Tonga Standard Time", "2026-11-29T11:00:00Z"),
            ("tzone://Microsoft/Custom", "2026-11-29T18:30:00Z"),
            ("Pacific Standard Time", "2026-11-30T00:00:00Z"),
        ],
    )
    def test_are_known_by_any_zone_s_midnight(self, zone, original):
        """As a floating date, or as the instant of the midnight where it was made."""
        changed = exception(
            original,
            isAllDay=True,
            originalStartTimeZone=zone,
            start=midnight("2026-11-30"),
            end=midnight("2026-12-02"),
        )

        seen = whole_from_graph(master(zone, **self.DATES, exceptionOccurrences=[changed]))

        longer = AllDay(date(2026, 11, 30), date(2026, 12, 2))
        assert seen.event.series.overrides == (Override(date(2026, 11, 30), (("when", longer),)),)


class TestUnknownZone:
    CUSTOM = "tzone://Microsoft/Custom"

    def test_keeps_the_time_in_utc(self):
        """Where the day is the same there."""
        shown = master(self.CUSTOM, originalStartTimeZone=self.CUSTOM)

        seen = whole_from_graph(shown)

        assert seen.event.when.start.zone == "UTC"
        assert seen.event.when.start.instant == datetime(2026, 11, 23, 9, tzinfo=UTC)

    def test_keeps_the_day(self):
        """Where it is another in UTC: days make a series, and its first start is what it was."""
        late = {
            "start": {"dateTime": "2026-11-22T20:30:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-22T22:00:00.0000000", "timeZone": "UTC"},
        }
        shown = master(self.CUSTOM, originalStartTimeZone=self.CUSTOM, **late)
        special = exception("2026-11-29T20:30:00Z", subject="Special")

        seen = whole_from_graph(shown | {"exceptionOccurrences": [special]})

        assert seen.event.when.start.instant == datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
        assert seen.event.when.start.wall.date() == date(2026, 11, 23)
        assert [one.day for one in seen.event.series.overrides] == [date(2026, 11, 30)]


def test_a_pattern_nobody_knows_makes_no_event():
    """It is there all the same: not gone, and not to be written."""
    seen = whole_from_graph(master(pattern=PATTERN | {"type": "hijriMonthly"}))

    assert (seen.kind, seen.event, seen.removed) == (Kind.MASTER, None, False)
    assert seen.etag != ""


def test_in_a_round_no_part_of_a_series_is_an_event():
    """Half a series must not be taken for a whole one."""
    shown = [
        seen_from_graph(one)
        for one in (master(), exception("2026-11-30T09:00:00Z"), item(type="occurrence"))
    ]

    assert [one.event for one in shown] == [None] * 3
    assert shown[1].original_start == datetime(2026, 11, 30, 9, tzinfo=UTC)


class Recording(dict):
    """Notes what is asked of it."""

    def __init__(self, given) -> None:
        super().__init__(given)
        self.asked: set[str] = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)


def test_all_that_is_read_is_asked_for():
    """A field that is not selected would look empty on a series, and full on a single event."""
    shown = Recording(master(exceptionOccurrences=[exception("2026-11-30T09:00:00Z")]))
    whole_from_graph(shown)
    unasked = {name for name in shown.asked if "." not in name} - {"singleValueExtendedProperties"}

    assert unasked - set(SELECT) == set()
    assert differing(whole_from_graph(dict(shown)).event, whole_from_graph(shown).event) == ()


def test_overrides_and_cancelled_days_together():
    """As one value, in order."""
    special = exception("2026-12-14T09:00:00Z", subject="Special")
    shown = master(exceptionOccurrences=[special], cancelledOccurrences=cancelled("2026-12-07"))

    expected = with_override(
        whole_from_graph(master()).event,
        Override(date(2026, 12, 14), (("subject", "Special"),)),
    )
    assert (
        differing(with_cancelled(expected, date(2026, 12, 7)), whole_from_graph(shown).event) == ()
    )
