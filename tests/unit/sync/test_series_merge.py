"""Two sides edit one series."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import differing, same, same_field
from shared.calendar.event import Event, Series, Timed, Zoned
from shared.calendar.expansion import days_between
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import (
    normal,
    occurrence,
    override,
    plain,
    restored,
    with_cancelled,
    with_override,
)
from shared.policy.policy import Owner, Policy, Winner
from shared.sync.merge import Conflict, Merged, merge

START = datetime(2026, 3, 9, 10)  # noqa: DTZ001 - a wall time
MONDAYS = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=8)
WEEKLY = Event(
    "Jour fixe",
    Timed(Zoned(START, "Europe/Berlin"), Zoned(START + timedelta(hours=1), "Europe/Berlin")),
    series=Series(MONDAYS),
)
SOME = days_between(WEEKLY, date(2026, 1, 1), date(2026, 12, 31))
FIRST, SECOND, THIRD, *_ = SOME
OUTLOOK_WINS, APP_WINS = Policy(winner=Winner.OUTLOOK), Policy(winner=Winner.APP)
SWAPPED = {Winner.OUTLOOK: Winner.APP, Winner.APP: Winner.OUTLOOK}


def named(event: Event, day: date, subject: str) -> Event:
    return edited(event, day, subject=subject)


def moved(event: Event, day: date, hours: int) -> Event:
    return edited(event, day, when=later(occurrence(event, day), hours).when)


def edited(event: Event, day: date, **values) -> Event:
    base = event if day not in _cancelled(event) else restored(event, day)
    given = override(base, day, replace(occurrence(base, day), **values))
    return with_override(base, given) if given else restored(base, day)


def _cancelled(event: Event) -> tuple[date, ...]:
    return event.series.cancelled if event.series else ()


def later(event: Event, hours: int) -> Event:
    when = event.when
    assert isinstance(when, Timed)
    step = timedelta(hours=hours)
    return replace(
        event,
        when=Timed(
            Zoned(when.start.wall + step, when.start.zone),
            Zoned(when.end.wall + step, when.end.zone),
        ),
    )


def ruled(event: Event, **changes) -> Event:
    assert event.series is not None
    series = replace(event.series, rule=replace(event.series.rule, **changes))
    return normal(replace(event, series=series))


@st.composite
def edits(draw: st.DrawFn, base: Event) -> Event:
    """What a side may make of a series: days, the time, the subject, the rule."""
    event = base
    for day in draw(st.lists(st.sampled_from(SOME), max_size=3, unique=True)):
        kind = draw(st.sampled_from(("cancel", "restore", "name", "move")))
        match kind:
            case "cancel":
                event = with_cancelled(event, day)
            case "restore":
                event = restored(event, day)
            case "name":
                event = named(event, day, draw(st.sampled_from(("A", "B", "Jour fixe"))))
            case _:
                event = moved(event, day, draw(st.integers(1, 4)))
    match draw(st.sampled_from(("none", "none", "none", "subject", "time", "rule", "single"))):
        case "subject":
            event = replace(event, subject=draw(st.sampled_from(("A", "B"))))
        case "time":
            event = later(event, draw(st.integers(1, 3)))
        case "rule":
            event = ruled(event, count=draw(st.integers(1, 9)))
        case "single":
            event = replace(event, series=None)
        case _:
            pass
    return normal(event)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Event, Event, Event]:
    base = draw(edits(WEEKLY))
    if base.series is None:
        base = WEEKLY
    return base, draw(edits(base)), draw(edits(base))


policies = st.builds(
    Policy,
    owners=st.dictionaries(st.sampled_from(("series", "subject", "when")), st.sampled_from(Owner)),
    winner=st.sampled_from((Winner.OUTLOOK, Winner.APP)),
)
unowned = st.sampled_from((OUTLOOK_WINS, APP_WINS))


def swapped(policy: Policy) -> Policy:
    owners = {
        name: Owner.EITHER if owner is Owner.EITHER else Owner(SWAPPED[Winner(owner.value)].value)
        for name, owner in policy.owners.items()
    }
    return replace(policy, winner=SWAPPED[policy.winner], owners=owners)


@given(histories(), policies)
def test_it_does_not_matter_which_side_is_which(history, policy):
    base, outlook, app = history
    one = merge(base, outlook, app, policy)
    other = merge(base, app, outlook, swapped(policy))

    assert same(one.event, other.event)
    assert one.outlook_needs == other.app_needs
    assert {(c.field, c.winner, c.days) for c in one.conflicts} == {
        (c.field, SWAPPED[c.winner], c.days) for c in other.conflicts
    }


@given(histories(), policies)
def test_the_result_says_nothing_twice(history, policy):
    event = merge(*history, policy).event

    assert normal(event) == event


@given(histories(), policies)
def test_merging_again_changes_nothing(history, policy):
    event = merge(*history, policy).event
    again = merge(event, event, event, policy)

    assert again == Merged(event, (), (), ())


@given(histories(), policies)
def test_doing_what_is_needed_makes_both_sides_the_merged_event(history, policy):
    _, outlook, app = history
    merged = merge(*history, policy)

    assert merged.outlook_needs == differing(outlook, merged.event)
    assert merged.app_needs == differing(app, merged.event)


@given(histories(), unowned)
def test_every_edit_stands_or_is_reported(history, policy):
    """On each day of the result takes place what a side wanted there, unless a conflict names
    the day, or the rule's loser.
    """
    base, outlook, app = history
    merged = merge(*history, policy)
    if base.series is None or merged.event.series is None:
        return
    for side, loses_to in ((outlook, Winner.APP), (app, Winner.OUTLOOK)):
        if side.series is None:
            continue
        reported = _reported(merged.conflicts, loses_to)
        for day in _edited_days(base, side) - reported:
            assert _is_as_wanted(merged.event, side, base, day), day


def _reported(conflicts: tuple[Conflict, ...], winner: Winner) -> set[date]:
    return {day for c in conflicts if c.winner is winner for day in c.days}


def _states(event: Event) -> dict[date, object]:
    """What a series says of single days."""
    assert event.series is not None
    found: dict[date, object] = dict.fromkeys(event.series.cancelled, "cancelled")
    return found | {one.day: one.values for one in event.series.overrides}


def _edited_days(base: Event, side: Event) -> set[date]:
    """Days of both on which the side has otherwise what one of the two says of the day."""
    old, new = _states(base), _states(side)
    days = set(days_between(side, SOME[0], SOME[-1])) & set(days_between(base, SOME[0], SOME[-1]))
    return {day for day in {*old, *new} & days if not _is_alike(base, side, day)}


def _is_as_wanted(result: Event, side: Event, base: Event, day: date) -> bool:
    """Every field that the side changed on the day is as it left it."""
    if day in _cancelled(side):
        return day in _cancelled(result) or day not in days_between(result, day, day)
    if day not in days_between(result, day, day):
        return False
    if day in _cancelled(result):
        return False
    was, wanted, got = (occurrence(one, day) for one in (base, side, result))
    names = [n for n in _names(day, base, side) if not same_field(n, was, wanted)]
    return all(same_field(name, wanted, got) for name in names)


def _is_alike(one: Event, other: Event, day: date) -> bool:
    if day in {*_cancelled(one), *_cancelled(other)}:
        return day in _cancelled(one) and day in _cancelled(other)
    there, here = occurrence(one, day), occurrence(other, day)
    return all(same_field(name, there, here) for name in _names(day, one, other))


def _names(day: date, *events: Event) -> set[str]:
    """The fields that any of them has otherwise on the day."""
    return {
        name
        for event in events
        for one in (event.series.overrides if event.series else ())
        if one.day == day
        for name, _ in one.values
    }


def test_a_day_moved_on_one_side_and_another_cancelled_on_the_other_both_stand():
    outlook, app = moved(WEEKLY, FIRST, 3), with_cancelled(WEEKLY, SECOND)
    merged = merge(WEEKLY, outlook, app, OUTLOOK_WINS)

    assert same(with_cancelled(outlook, SECOND), merged.event)
    assert merged.conflicts == ()


def test_two_fields_of_one_occurrence_can_be_edited_on_two_sides():
    outlook, app = moved(WEEKLY, FIRST, 3), named(WEEKLY, FIRST, "Kickoff")
    merged = merge(WEEKLY, outlook, app, OUTLOOK_WINS)

    assert same(named(outlook, FIRST, "Kickoff"), merged.event)
    assert merged.conflicts == ()


def test_a_day_cancelled_on_one_side_and_edited_on_the_other_is_the_winners():
    outlook, app = with_cancelled(WEEKLY, FIRST), named(WEEKLY, FIRST, "Kickoff")

    won = merge(WEEKLY, outlook, app, OUTLOOK_WINS)
    lost = merge(WEEKLY, outlook, app, APP_WINS)

    assert same(outlook, won.event)
    assert same(app, lost.event)
    assert [(c.field, c.winner, c.days) for c in won.conflicts] == [
        ("series", Winner.OUTLOOK, (FIRST,))
    ]
    assert [(c.field, c.winner, c.days) for c in lost.conflicts] == [
        ("series", Winner.APP, (FIRST,))
    ]


def test_what_one_side_says_of_days_outlives_a_new_rule_of_the_other():
    """As far as these days still are of the rule."""
    outlook = ruled(WEEKLY, count=2)
    app = with_cancelled(named(WEEKLY, FIRST, "Kickoff"), THIRD)
    merged = merge(WEEKLY, outlook, app, OUTLOOK_WINS)

    assert same(named(outlook, FIRST, "Kickoff"), merged.event)
    assert merged.conflicts == ()


def test_an_edited_day_that_the_new_rule_has_not_is_reported():
    merged = merge(WEEKLY, ruled(WEEKLY, count=2), named(WEEKLY, THIRD, "Kickoff"), APP_WINS)

    assert [(c.field, c.days) for c in merged.conflicts] == [("series", (THIRD,))]


def test_a_new_time_of_the_series_leaves_the_days_alone_that_the_other_side_moved():
    app = moved(WEEKLY, FIRST, 5)
    merged = merge(WEEKLY, later(WEEKLY, 1), app, OUTLOOK_WINS)

    assert occurrence(app, FIRST).when == occurrence(merged.event, FIRST).when
    assert plain(later(WEEKLY, 1), SECOND).when == occurrence(merged.event, SECOND).when
    assert merged.conflicts == ()


def test_a_series_that_one_side_ends_and_the_other_edits_is_reported():
    single = replace(WEEKLY, series=None)
    merged = merge(WEEKLY, single, with_cancelled(WEEKLY, FIRST), OUTLOOK_WINS)

    assert merged.event.series is None
    assert merged.app_needs == ("series",)


def test_a_field_that_outlook_owns_is_its_on_every_day():
    policy = Policy(owners={"subject": Owner.OUTLOOK})
    merged = merge(WEEKLY, WEEKLY, named(WEEKLY, FIRST, "Mine"), policy)

    assert same(WEEKLY, merged.event)
    assert [(c.field, c.winner, c.days) for c in merged.conflicts] == [
        ("series", Winner.OUTLOOK, (FIRST,))
    ]
