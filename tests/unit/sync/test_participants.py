"""Which copies an appointment wants, and what is in them."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Attendee, Conference, Event
from shared.policy.document import Document
from shared.policy.policy import Invitations
from shared.store.records import AppointmentStatus, CalendarKey, Link
from shared.sync.home import has_news
from shared.sync.participants import alone, copies, copy, has_copies
from tests.unit.calendar.strategies import events

HOME = CalendarKey("acme", "home")
POLICY = Document.from_json({"participants": "copies"}).policy_for()
NAMES = ("ann", "ben", "carol", "dora")
KEYS = {f"{name}@x.org": CalendarKey("acme", name) for name in NAMES}
connected = st.sets(st.sampled_from(sorted(KEYS)))
invited = st.lists(st.sampled_from(sorted(KEYS)), unique=True)


def link(event: Event, guests: list[str]) -> Link:
    attendees = tuple(Attendee(guest.title()) for guest in guests)
    return Link("a1", 4, replace(event, attendees=attendees), event_id="e1")


@given(events, invited, connected)
def test_every_connected_attendee_gets_one_copy_and_nobody_else(
    event: Event, guests: list[str], at: set[str]
):
    wanted = copies(link(event, guests), POLICY, {one: KEYS[one] for one in at})
    assert set(wanted) == {(KEYS[guest], "a1") for guest in guests if guest in at}


@given(events, invited)
def test_a_copy_names_nobody_and_is_else_the_same(event: Event, guests: list[str]):
    whole = link(event, guests).app
    assert whole is not None
    shown = alone(whole)
    assert shown.attendees == ()
    assert shown.conference is Conference.NONE
    assert set(differing(whole, shown)) <= {"attendees", "conference", "hide_attendees", "series"}


@given(events, invited)
def test_what_is_cancelled_or_not_in_outlook_has_no_copies(event: Event, guests: list[str]):
    home = link(event, guests)
    for none in (
        replace(home, status=AppointmentStatus.CANCELLED),
        replace(home, event_id=""),
        replace(home, app=None),
    ):
        assert copies(none, POLICY, KEYS) == {}


@given(events, events)
def test_a_copy_that_is_right_is_left_alone(event: Event, other: Event):
    """And one that shows what a person wrote is not, until it is what the home has."""
    home = link(event, ["ben@x.org"])
    made = copy(home, HOME, "a1", None, alone(event))
    assert made is not None
    shown = replace(made, event_id="e2", base=made.app, outlook=made.app, etag="1")
    assert copy(home, HOME, "a1", shown, alone(event)) is None
    edited = replace(shown, outlook=alone(other))
    again = copy(home, HOME, "a1", edited, alone(event))
    assert (again is not None) == has_news(edited)
    assert again is None or not has_news(again)


def test_whom_somebody_invited_to_their_own_copy_stays():
    event = Event("Lunch", AllDay(date(2026, 3, 1), date(2026, 3, 2)))
    home = link(event, ["ben@x.org"])
    guest = (Attendee("guest@y.org"),)
    shown = Link("a1", 4, alone(event), outlook=replace(alone(event), attendees=guest))
    again = copy(home, HOME, "a1", replace(shown, event_id="e2"), alone(event))
    assert again is not None
    assert again.app is not None
    assert again.app.attendees == guest


def test_whoever_has_a_copy_is_not_invited_as_well():
    assert POLICY.invitations is Invitations.NONE
    assert not has_copies(Link("a1", 1, None), POLICY)


def test_a_document_knows_whether_any_policy_of_it_gives_copies():
    assert Document.from_json({"projects": {"p": {"participants": "copies"}}}).has_copies
    assert not Document.from_json({"types": {"t": {"participants": "invite"}}}).has_copies
