"""Which wishes for a conference are met, and when the host app hears of the link to join."""

from dataclasses import replace

import pytest

from shared.calendar.event import Conference
from shared.errors import Refused
from shared.graph.seen import Seen
from shared.store.records import Link
from shared.sync.conference import (
    join_url_for_app,
    join_url_of,
    news_of_joining,
    unmet,
    with_conference,
    without_conference,
)
from tests.unit.calendar.strategies import MEETING

TEAMS = replace(MEETING, conference=Conference.TEAMS)
URL = "https://teams.microsoft.com/l/meetup-join/1"


def link(app=TEAMS, outlook=TEAMS, url=URL):
    return Link("visit", 1, app, outlook=outlook, join_url=url)


class TestWishes:
    @pytest.mark.parametrize("event", [MEETING, TEAMS])
    def test_a_new_appointment_has_what_it_says(self, event):
        """Nothing is known of it yet."""
        assert with_conference(event, None, is_given=False) == event

    @pytest.mark.parametrize("known", [link(), link(outlook=MEETING), link(outlook=None)])
    def test_what_is_not_said_stays(self, known):
        """A host app that knows nothing of conferences ends none."""
        assert with_conference(MEETING, known, is_given=False) == TEAMS

    def test_it_cannot_end(self):
        """Graph keeps a meeting online for good."""
        with pytest.raises(Refused) as refused:
            with_conference(MEETING, link(), is_given=True)

        assert (refused.value.problem.code, refused.value.problem.pointer) == (
            "conference-fixed",
            "/conference",
        )

    @pytest.mark.parametrize(
        "known", [link(outlook=MEETING), link(outlook=None), link(app=MEETING), link(app=None)]
    )
    def test_what_is_not_there_can_be_unwished(self, known):
        """Neither can the host app be held to what it never had."""
        assert with_conference(MEETING, known, is_given=True) == MEETING


class TestUnmet:
    @pytest.mark.parametrize(
        ("app", "outlook", "yes"),
        [
            (TEAMS, None, True),
            (TEAMS, MEETING, True),
            (TEAMS, TEAMS, False),
            (MEETING, None, False),
            (MEETING, TEAMS, False),
            (None, None, False),
        ],
    )
    def test_only_where_teams_is_wanted_and_missing(self, app, outlook, yes):
        """And the wish is dropped without touching the rest."""
        assert unmet(link(app, outlook), outlook) is yes
        assert not unmet(without_conference(link(app, outlook)), outlook)


class TestLink:
    @pytest.mark.parametrize(
        ("was", "now", "news"),
        [
            (link(url=""), link(), ("conference",)),
            (link(), link(), ()),
            (link(), link(url=""), ()),
            (link(url="other"), link(), ("conference",)),
            (link(url=""), link(app=MEETING), ()),
            (link(url=""), link(app=None), ()),
        ],
    )
    def test_it_is_news_once(self, was, now, news):
        """When it comes, or comes anew, and the host app knows of the meeting."""
        assert news_of_joining(was, now) == news

    def test_it_is_hidden_with_the_conference(self):
        """Who may not know that a meeting is online does not get the key to it."""
        assert (join_url_for_app(link()), join_url_for_app(link(app=MEETING))) == (URL, "")

    @pytest.mark.parametrize(("event", "url"), [(TEAMS, URL), (MEETING, ""), (None, "")])
    def test_only_teams_counts(self, event, url):
        """Another provider's link is Outlook's own."""
        assert join_url_of(Seen("e", event=event, join_url=URL)) == url
