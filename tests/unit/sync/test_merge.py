from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import Answer, differing, responses, same, same_field, with_responses
from shared.calendar.event import FIELDS, Attendee, Body, BodyKind, Event, Response
from shared.policy.policy import Owner, Policy, Winner
from shared.sync.merge import Conflict, merge
from tests.unit.calendar.strategies import MEETING, events, rewritten, variants

owners = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(Owner))
policies = st.builds(Policy, owners=owners, winner=st.sampled_from([Winner.OUTLOOK, Winner.APP]))
unowned = st.builds(Policy, winner=st.sampled_from([Winner.OUTLOOK, Winner.APP]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Event, Event, Event]:
    """A base, and what each side made of it."""
    base = draw(events)
    return base, draw(variants(base)), draw(variants(base))


def take(target: Event, names: tuple[str, ...], source: Event) -> Event:
    return replace(target, **{name: getattr(source, name) for name in names})


@given(histories(), policies)
def test_doing_what_is_needed_makes_both_sides_the_merged_event(history, policy):
    """And each side needs no more than that."""
    _, outlook, app = history
    merged = merge(*history, policy)

    assert same(merged.event, take(outlook, merged.outlook_needs, merged.event))
    assert same(merged.event, take(app, merged.app_needs, merged.event))
    assert merged.outlook_needs == differing(outlook, merged.event)
    assert merged.app_needs == differing(app, merged.event)


@given(histories(), policies)
def test_merging_again_changes_nothing(history, policy):
    """Once both sides have the merged event, it is what they agree on."""
    event = merge(*history, policy).event
    again = merge(event, event, event, policy)

    assert again.event == event
    assert (again.outlook_needs, again.app_needs, again.conflicts) == ((), (), ())


@given(histories(), policies)
def test_no_value_comes_from_nowhere(history, policy):
    """Each field is exactly as one of the sides has it, answers of attendees aside."""
    _, outlook, app = history
    event = merge(*history, policy).event
    unanswered = [
        replace(e, attendees=with_responses(e.attendees, {})) for e in (event, outlook, app)
    ]

    for name in FIELDS:
        mine, *theirs = (getattr(e, name) for e in unanswered)
        assert mine in theirs


@given(histories(), unowned)
def test_what_one_side_changed_alone_crosses_as_it_is(history, policy):
    """Merging a one-sided change gives that side's event, and only the other side needs it."""
    base, outlook, app = history
    from_app = merge(base, base, app, policy)
    from_outlook = merge(base, outlook, base, policy)

    assert same(app, from_app.event)
    assert (from_app.app_needs, from_app.conflicts) == ((), ())
    assert same(outlook, from_outlook.event)
    assert (from_outlook.outlook_needs, from_outlook.conflicts) == ((), ())


@given(histories(), unowned)
def test_edits_of_different_fields_both_stand(history, policy):
    """Nobody's edit is lost as long as they did not touch the same field."""
    base, outlook, app = history
    edited = set(differing(base, app))
    apart = take(base, tuple(n for n in differing(base, outlook) if n not in edited), outlook)
    merged = merge(base, apart, app, policy)

    assert merged.conflicts == ()
    for name in FIELDS:
        source = app if name in edited else apart
        assert same_field(name, source, merged.event)


@given(histories(), st.sampled_from([Winner.OUTLOOK, Winner.APP]))
def test_the_same_field_changed_twice_goes_to_the_winner(history, winner):
    """Both values are reported, and nothing else is."""
    base, outlook, app = history
    merged = merge(base, outlook, app, Policy(winner=winner))
    both = set(differing(base, outlook)) & set(differing(base, app))
    fought = tuple(name for name in differing(outlook, app) if name in both)

    assert merged.conflicts == tuple(
        Conflict(name, getattr(app, name), getattr(outlook, name), winner) for name in fought
    )
    for name in fought:
        assert same_field(name, merged.event, outlook if winner is Winner.OUTLOOK else app)


@given(histories(), st.sampled_from([Owner.APP, Owner.OUTLOOK]), st.sampled_from(FIELDS))
def test_the_owner_of_a_field_has_its_way(history, owner, name):
    """An edit by the other side is undone there, and reported."""
    base, outlook, app = history
    merged = merge(base, outlook, app, Policy(owners={name: owner}))
    its, others = (app, outlook) if owner is Owner.APP else (outlook, app)
    overruled = name in differing(base, others) and name in differing(its, others)

    assert same_field(name, its, merged.event)
    assert overruled is (name in {conflict.field for conflict in merged.conflicts})


@given(histories(), policies)
def test_the_sides_are_treated_alike(history, policy):
    """With the sides, the owners and the winner swapped, the same event comes out."""
    base, outlook, app = history
    swap = {"app": "outlook", "outlook": "app", "either": "either", "latest": "latest"}
    swapped = Policy(
        owners={name: Owner(swap[owner]) for name, owner in policy.owners.items()},
        winner=Winner(swap[policy.winner]),
    )
    one, other = merge(base, outlook, app, policy), merge(base, app, outlook, swapped)

    assert same(one.event, other.event)
    assert (one.outlook_needs, one.app_needs) == (other.app_needs, other.outlook_needs)
    assert [c.field for c in one.conflicts] == [c.field for c in other.conflicts]


@given(events, st.data(), policies)
def test_what_exchange_rewrote_never_reaches_the_app(base, data, policy):
    """Nobody edited anything: no side needs anything and the app's exact values stand."""
    outlook = data.draw(rewritten(base))
    merged = merge(base, outlook, base, policy)

    assert (merged.outlook_needs, merged.app_needs, merged.conflicts) == ((), (), ())
    for name in set(FIELDS) - {"attendees"}:
        assert getattr(base, name) == getattr(merged.event, name)


@given(histories(), st.data(), unowned)
def test_a_side_that_only_respells_a_field_does_not_fight_for_it(history, data, policy):
    """The other side's exact value stands where one side's canonical value did not change."""
    base, _, app = history
    merged = merge(base, data.draw(rewritten(base)), app, policy)

    assert merged.conflicts == ()
    for name in set(differing(base, app)) - {"attendees"}:
        assert getattr(app, name) == getattr(merged.event, name)


@given(histories(), policies)
def test_answers_of_attendees_are_always_outlooks(history, policy):
    """Even where the app's list of attendees stands; who is new has not answered."""
    _, outlook, _ = history
    known = responses(outlook)
    merged = merge(*history, policy)

    for address, answer in responses(merged.event).items():
        assert known.get(address, Answer()) == answer


def test_a_host_app_that_moves_a_meeting_does_not_lose_an_answer():
    """The app changes the time while Ada declines: both are in the merged event."""
    app = replace(MEETING, subject="Moved")
    ada, ben = MEETING.attendees
    outlook = replace(MEETING, attendees=(replace(ada, response=Response.DECLINED), ben))
    merged = merge(MEETING, outlook, app, Policy())

    assert merged.event == replace(app, attendees=outlook.attendees)
    assert merged.outlook_needs == ("subject",)


@pytest.mark.parametrize("winner", Winner)
def test_the_same_edit_on_both_sides_is_no_conflict(winner):
    """Also when Outlook tells it in its own words; the app keeps its spelling."""
    app = replace(MEETING, body=Body("New plan"))
    outlook = replace(
        MEETING, body=Body("<html><body><p>New plan</p></body></html>", BodyKind.HTML)
    )
    merged = merge(MEETING, outlook, app, Policy(winner=winner))

    assert merged.event == app
    assert (merged.outlook_needs, merged.app_needs, merged.conflicts) == ((), (), ())


def test_attendees_are_one_field():
    """Lists changed on both sides are not mixed: the winner's list stands, both are reported."""
    mine = replace(MEETING, attendees=(Attendee("eve@contoso.example"),))
    theirs = replace(MEETING, attendees=(Attendee("kim@contoso.example"),))
    merged = merge(MEETING, theirs, mine, Policy())

    assert merged.event.attendees == theirs.attendees
    assert merged.app_needs == ("attendees",)
    assert merged.conflicts == (
        Conflict("attendees", mine.attendees, theirs.attendees, Winner.OUTLOOK),
    )
