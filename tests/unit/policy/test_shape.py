import json
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import canonical, differing, digest, same
from shared.calendar.event import (
    AllDay,
    Attendee,
    Body,
    Event,
    Override,
    Response,
    Sensitivity,
    Series,
)
from shared.calendar.event_json import event_to_json
from shared.calendar.recurrence import Frequency, Rule
from shared.policy.policy import Invitations, Policy, Privacy, SeriesIn
from shared.policy.shape import hidden_fields, outward, shape
from tests.unit.calendar.strategies import events

SECRET = "Kündigungsgespräch"
MONDAY = date(2026, 11, 23)
policies = st.builds(
    Policy,
    privacy=st.sampled_from(Privacy),
    private_events=st.sampled_from(Privacy),
    invitations=st.sampled_from(Invitations),
    series_in=st.sampled_from(SeriesIn),
)
TALK = Event(
    SECRET,
    AllDay(MONDAY, date(2026, 11, 24)),
    Body(SECRET),
    SECRET,
    (Attendee(f"{SECRET}@contoso.example", SECRET),),
    categories=(SECRET,),
    other_locations=(SECRET,),
    reminder=15,
)


def said_of(event: Event) -> str:
    return json.dumps([event_to_json(event), canonical(event)], ensure_ascii=False)


@given(events, policies)
def test_shaping_twice_is_shaping_once(event, policy):
    """Of an event made in Outlook, and of one the host app made."""
    shaped = shape(event, policy)
    own = shape(event, policy, (event,))

    assert shape(shaped, policy) == shaped
    assert shape(own, policy, (event,)) == own


@given(events, events, policies)
def test_what_is_hidden_of_the_host_apps_own_never_differs(shown, app, policy):
    """So that it is neither told nor written, whatever a person made of it in Outlook."""
    hidden = set(hidden_fields(shown.sensitivity, policy))

    assert hidden.isdisjoint(differing(shape(shown, policy, (app,)), app))


@given(events, events, policies)
def test_two_events_that_differ_in_hidden_fields_only_are_one(shown, other, policy):
    """No digest, no stored row and no change says which of them it was."""
    hidden = hidden_fields(shown.sensitivity, policy)
    twin = replace(shown, **{name: getattr(other, name) for name in hidden})

    assert shape(shown, policy) == shape(twin, policy)
    assert digest(shape(shown, policy)) == digest(shape(twin, policy))


@given(st.sampled_from([Sensitivity.PRIVATE, Sensitivity.CONFIDENTIAL]))
def test_a_private_event_is_a_busy_time_and_no_more(sensitivity):
    """By default, and neither as JSON nor in canonical form."""
    shaped = shape(replace(TALK, sensitivity=sensitivity), Policy())

    assert SECRET not in said_of(shaped)
    assert (TALK.when, TALK.show_as, sensitivity) == (
        shaped.when,
        shaped.show_as,
        shaped.sensitivity,
    )


def test_without_content_the_title_stays():
    """K13 has it either way: titles alone, or nothing at all."""
    shaped = shape(TALK, Policy(privacy=Privacy.NO_CONTENT))

    assert TALK.subject == shaped.subject
    assert (Body(), "", (), ()) == (
        shaped.body,
        shaped.location,
        shaped.attendees,
        shaped.other_locations,
    )
    assert SECRET not in said_of(shape(TALK, Policy(privacy=Privacy.BUSY_ONLY)))


def test_the_stricter_tier_counts_for_a_private_event():
    """Whichever of the two that is."""
    private = replace(TALK, sensitivity=Sensitivity.PRIVATE)
    opened = Policy(privacy=Privacy.BUSY_ONLY, private_events=Privacy.FULL)

    assert shape(private, Policy(private_events=Privacy.FULL)) == private
    assert SECRET not in said_of(shape(private, opened))


def test_an_occurrence_leaks_no_more_than_its_series():
    """Overrides keep when, and whether busy; one made private keeps nothing else."""
    moved = AllDay(date(2026, 12, 1), date(2026, 12, 2))
    values = (("subject", SECRET), ("when", moved))
    hushed = (("subject", SECRET), ("sensitivity", Sensitivity.PRIVATE))
    series = Series(
        Rule(Frequency.WEEKLY),
        overrides=(Override(date(2026, 11, 30), values), Override(date(2026, 12, 7), hushed)),
    )
    weekly = replace(TALK, subject="Talk", series=series)
    busy = shape(weekly, Policy(privacy=Privacy.BUSY_ONLY)).series
    full = shape(weekly, Policy()).series

    assert busy is not None
    assert full is not None
    assert [(("when", moved),), (("sensitivity", Sensitivity.PRIVATE),)] == [
        one.values for one in busy.overrides
    ]
    assert [values, (("sensitivity", Sensitivity.PRIVATE),)] == [o.values for o in full.overrides]


def test_an_occurrence_the_host_app_renamed_keeps_its_name():
    """Though Outlook's word on it may not be known."""
    day = date(2026, 11, 30)
    series = Series(Rule(Frequency.WEEKLY), overrides=(Override(day, (("subject", "Mine"),)),))
    own = Event("Talk", TALK.when, series=series)
    theirs = replace(
        own, series=replace(series, overrides=(Override(day, (("subject", SECRET),)),))
    )

    assert own == shape(theirs, Policy(privacy=Privacy.BUSY_ONLY), (own,))


def test_of_a_series_only_the_first_comes_in():
    """S23; a series of the host app's own stays one."""
    weekly = replace(TALK, series=Series(Rule(Frequency.WEEKLY)))
    policy = Policy(series_in=SeriesIn.FIRST_ONLY)

    assert shape(weekly, policy) == TALK
    assert shape(weekly, policy, (weekly,)) == weekly


def test_what_was_just_written_is_known_to_be_there():
    """The newest content of the host app that Outlook shows counts, else the agreed one."""
    agreed, wanted = replace(TALK, subject="Old"), replace(TALK, subject="New")
    policy = Policy(privacy=Privacy.BUSY_ONLY)

    for shown, expected in [("New", "New"), ("Old", "Old"), (SECRET, "Old")]:
        shaped = shape(replace(TALK, subject=shown), policy, (wanted, agreed))
        assert expected == shaped.subject


def test_whom_nobody_invites_is_not_missing_in_outlook():
    """Invitations none: the host app's guests stay its own, and one added in Outlook is told."""
    ada = Attendee("ada@contoso.example")
    ben = Attendee("ben@contoso.example", response=Response.ACCEPTED)
    mine = Event("Visit", TALK.when, attendees=(ada,))
    policy = Policy(invitations=Invitations.NONE)

    assert outward(mine, None, policy).attendees == ()
    assert same(mine, shape(replace(mine, attendees=()), policy, (mine,)))
    assert (ada, ben) == shape(replace(mine, attendees=(ben,)), policy, (mine,)).attendees


@given(events, events)
def test_guests_are_never_among_what_is_written(event, shown):
    """Under invitations none; under the default everything is."""
    policy = Policy(invitations=Invitations.NONE)

    assert "attendees" not in differing(outward(event, shown, policy), shown)
    assert outward(event, shown, Policy()) == event
