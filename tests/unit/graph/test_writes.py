"""A PATCH holds what changed and nothing else."""

import time
from dataclasses import replace
from datetime import date

from hypothesis import given

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Attendee, Body, BodyKind, Event
from shared.graph.mapping import event_from_graph, graph_from_event
from shared.graph.writes import Manner, plan, teams_block, with_block
from tests.unit.calendar.strategies import events

RULE = "_" * 80
BLOCK = (
    f'<div style="width:100%"><span>{RULE}</span></div>\r\n'
    '<div class="me-email-text"><div>Microsoft Teams meeting</div>'
    '<div><a href="https://teams.microsoft.com/l/meetup-join/19%3a">Join now</a></div></div>\r\n'
    f"<div>{RULE}</div>"
)
ONLINE = f"<html>\r\n<body>\r\nAgenda<br>{BLOCK}\r\n</body>\r\n</html>"


def event(**changes) -> Event:
    plain = Event("Review", AllDay(date(2026, 11, 23), date(2026, 11, 24)))
    return replace(plain, **changes)


class TestPlan:
    @given(events, events)
    def test_turns_old_into_new(self, old: Event, new: Event):
        """Applied to what was written of the old event, the plan makes the new one."""
        written = graph_from_event(old)

        patched = {**written, **plan(old, new)}

        assert differing(event_from_graph(patched), new) == ()

    @given(events)
    def test_nothing_changed(self, same: Event):
        """No difference, no field."""
        assert plan(same, same) == {}

    def test_spares_the_attendees(self):
        """A change of the subject does not carry attendees: each write of them may mail."""
        ben = (Attendee("ben@contoso.example"),)

        assert plan(event(attendees=ben), event(subject="New", attendees=ben)) == {
            "subject": "New"
        }

    def test_date_fields_stay_together(self):
        """Graph refuses isAllDay without both ends."""
        moved = event(when=AllDay(date(2026, 11, 24), date(2026, 11, 25)))

        assert {"isAllDay", "start", "end"} == plan(event(), moved).keys()

    def test_create(self):
        """Without an old event the plan is the whole one."""
        assert graph_from_event(event()) == plan(None, event())


class TestTeamsBlock:
    def test_is_kept(self):
        """A new body takes the block of the body that stands in Outlook with it, whole."""
        patch = plan(
            event(body=Body(ONLINE, BodyKind.HTML)),
            event(body=Body("Other\n<plan>")),
            ONLINE,
            Manner(section=False),
        )

        assert {"contentType": "html", "content": f"Other<br>&lt;plan&gt;<br>{BLOCK}"} == patch[
            "body"
        ]

    def test_is_taken_from_the_old_event(self):
        """The old event's own body is the one that stands in Outlook, if no other is given."""
        old = event(body=Body(ONLINE, BodyKind.HTML))

        assert BLOCK in plan(old, event(body=Body("Other")))["body"]["content"]

    def test_goes_inside_the_body(self):
        """In a document the block stands before the end of the body element."""
        wanted = Body("<html><body>Other</body></html>", BodyKind.HTML)

        assert f"<html><body>Other<br>{BLOCK}</body></html>" == with_block(wanted, BLOCK)

    def test_is_not_doubled(self):
        """A body that has the block already stays as it is."""
        assert with_block(Body(ONLINE, BodyKind.HTML), BLOCK) == ONLINE

    def test_needs_a_link(self):
        """Two rules with other text between them are a person's own drawing."""
        assert teams_block(f"{RULE} minutes {RULE}") == ""

    def test_hostile_markup_is_quick(self):
        """A body of nothing but open tags takes no noticeable time."""

        hostile = "<div>" * 12_000 + RULE + "https://teams.microsoft.com/" + RULE
        begun = time.monotonic()

        teams_block(hostile)

        assert time.monotonic() - begun < 2

    def test_other_fields_leave_it_alone(self):
        """A change elsewhere does not write the body at all."""
        online = Body(ONLINE, BodyKind.HTML)

        assert plan(event(body=online), event(subject="New", body=online), ONLINE) == {
            "subject": "New"
        }
