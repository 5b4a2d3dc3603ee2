"""What a round shows of series, against what is known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from shared.calendar.event import AllDay, Event, Series, Timed, Zoned
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import occurrence, override, with_cancelled, with_override
from shared.graph.seen import Kind, Seen
from shared.store.records import Copy, Link
from shared.sync.series_window import (
    Touched,
    apart,
    continues,
    instants,
    is_in,
    is_known,
    marks,
    shown_ids,
    starts,
)

START = datetime(2026, 3, 23, 10)  # noqa: DTZ001 - a wall time
WEEKLY = Event(
    "Jour fixe",
    Timed(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin")),
    series=Series(Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=4)),
)
FIRST, SECOND = date(2026, 3, 23), date(2026, 3, 30)
ALL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MASTER = Seen("m", "e1", kind=Kind.MASTER)
LINK = Link("a", 1, WEEKLY, outlook=WEEKLY, event_id="m", outlook_etag="e1")


def pieces(event: Event) -> tuple[Seen, ...]:
    return tuple(
        Seen(f"o{n}", kind=Kind.OCCURRENCE, series_master="m", start=start)
        for n, start in enumerate(starts(event, ALL))
    )


def moved(event: Event, day: date, hours: int) -> Event:
    when = occurrence(event, day).when
    assert isinstance(when, Timed)
    step = timedelta(hours=hours)
    times = (Zoned(at.wall + step, at.zone) for at in (when.start, when.end))
    given = override(event, day, replace(occurrence(event, day), when=Timed(*times)))
    assert given is not None
    return with_override(event, given)


def test_a_series_that_shows_all_its_days_under_known_etags_is_known():
    assert is_known(Touched("m", MASTER, pieces(WEEKLY)), LINK, None, ALL)


def test_a_day_that_is_missing_makes_a_series_worth_reading():
    """Though its etag is the known one."""
    assert not is_known(Touched("m", MASTER, pieces(WEEKLY)[1:]), LINK, None, ALL)


def test_a_day_that_is_elsewhere_makes_a_series_worth_reading():
    shown = pieces(moved(WEEKLY, SECOND, 2))

    assert not is_known(Touched("m", MASTER, shown), LINK, None, ALL)


def test_a_new_etag_of_the_master_or_of_an_exception_makes_a_series_worth_reading():
    shown = pieces(WEEKLY)
    exception = replace(shown[0], kind=Kind.EXCEPTION, etag="x1")
    link = replace(LINK, exceptions=tuple(marks(["x1"])))

    assert not is_known(Touched("m", replace(MASTER, etag="e2"), shown), LINK, None, ALL)
    assert not is_known(Touched("m", MASTER, (exception, *shown[1:])), LINK, None, ALL)
    assert is_known(Touched("m", MASTER, (exception, *shown[1:])), link, None, ALL)


def test_a_series_without_its_master_is_worth_reading():
    assert not is_known(Touched("m", None, pieces(WEEKLY)), LINK, None, ALL)


def test_a_single_event_that_became_a_series_is_worth_reading():
    link = replace(LINK, outlook=replace(WEEKLY, series=None))

    assert not is_known(Touched("m", MASTER, pieces(WEEKLY)), link, None, ALL)


def test_a_series_that_is_left_alone_is_known_by_its_masters_etag():
    copy = Copy("m", "uid", "", "e1")

    assert is_known(Touched("m", MASTER, ()), None, copy, ALL)
    assert not is_known(Touched("m", replace(MASTER, etag="e2"), ()), None, copy, ALL)
    assert not is_known(Touched("m", MASTER, ()), None, None, ALL)


def test_pieces_come_apart_by_series():
    """A removed master goes with its pieces; one that was read whole needs no more."""
    single, shown = Seen("s", event=WEEKLY), pieces(WEEKLY)
    removed = Seen("m", removed=True)
    whole = replace(MASTER, event=WEEKLY)

    assert apart([single, MASTER, *shown]) == ([single], [Touched("m", MASTER, shown)])
    assert apart([*shown, single]) == ([single], [Touched("m", None, shown)])
    assert apart([removed, *shown]) == ([], [Touched("m", None, shown)])
    assert apart([whole, *shown]) == ([whole], [])
    assert apart([removed]) == ([removed], [])


def test_occurrences_keep_their_time_of_day_when_clocks_change():
    expected = [datetime(2026, 3, 23, 9, tzinfo=UTC), datetime(2026, 3, 30, 8, tzinfo=UTC)]

    assert expected == starts(WEEKLY, ALL)[:2]


def test_cancelled_days_do_not_begin_and_moved_ones_begin_elsewhere():
    event = moved(with_cancelled(WEEKLY, FIRST), SECOND, 2)

    assert datetime(2026, 3, 30, 10, tzinfo=UTC) == starts(event, ALL)[0]
    assert len(starts(event, ALL)) == 3


def test_only_what_touches_the_window_is_in_it():
    gap = datetime(2026, 3, 24, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)
    single = replace(WEEKLY, series=None)

    assert is_in(WEEKLY, ALL)
    assert not is_in(WEEKLY, gap)
    assert is_in(single, ALL)
    assert not is_in(single, gap)


def test_dates_that_repeat_begin_at_midnight_wherever_they_are_shown():
    """A mailbox may tell a date as its own midnight."""
    days = replace(WEEKLY, when=AllDay(FIRST, FIRST + timedelta(days=1)))
    link = replace(LINK, app=days, outlook=days)
    shown = tuple(
        replace(piece, start=piece.start - timedelta(hours=1))
        for piece in pieces(days)
        if piece.start
    )

    assert is_known(Touched("m", MASTER, shown), link, None, ALL)
    assert instants(days.when)[0] == datetime(2026, 3, 23, tzinfo=UTC)


def test_a_round_shows_a_series_by_any_of_its_pieces():
    assert {"m", "s"} <= shown_ids([Seen("s"), *pieces(WEEKLY)])


def test_a_series_continues_one_that_was_cut_before_its_first_day():
    assert WEEKLY.series is not None
    head = replace(WEEKLY, series=Series(replace(WEEKLY.series.rule, count=1)))
    tail = replace(WEEKLY, when=occurrence(WEEKLY, SECOND).when)
    other = replace(tail, when=occurrence(WEEKLY, SECOND + timedelta(days=70)).when)

    assert continues(tail, WEEKLY, head)
    assert not continues(tail, WEEKLY, WEEKLY)
    assert not continues(other, WEEKLY, head)
