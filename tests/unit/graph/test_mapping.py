# ruff: noqa: DTZ001 - wall times are naive
"""Graph's JSON and the model say the same."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar.digest import differing
from shared.calendar.event import (
    FIELDS,
    AllDay,
    AttendeeKind,
    Body,
    BodyKind,
    Event,
    Response,
    Sensitivity,
    ShowAs,
    Timed,
    Zoned,
)
from shared.graph.mapping import (
    event_from_graph,
    graph_from_event,
    person_from_graph,
    seen_from_graph,
    subscription_from_graph,
)
from shared.graph.seen import Kind, Seen
from shared.graph.tag import TAG_ID
from tests.unit.calendar.strategies import events
from tests.unit.graph.samples import attendee, item, midnight


class TestRoundTrip:
    @given(events)
    def test_every_event(self, event: Event):
        """What is written and read back is canonically the event that was written."""
        assert differing(event, event_from_graph(graph_from_event(event))) == ()

    @given(events, st.sets(st.sampled_from(FIELDS)))
    def test_only_the_named_fields(self, event: Event, names: set[str]):
        """Writing some fields yields exactly their part of the whole."""
        whole = graph_from_event(event)
        parts = [graph_from_event(event, [name]) for name in FIELDS]

        part = graph_from_event(event, names)

        assert {k: whole[k] for k in part} == part
        assert {name for one in parts for name in one} == set(whole)


class TestTimes:
    def test_zone(self):
        """An event's zone is the one it was made in, its wall time is that zone's."""
        when = event_from_graph(item()).when

        assert (
            Timed(
                Zoned(datetime(2026, 11, 23, 10), "Europe/Berlin"),
                Zoned(datetime(2026, 11, 23, 11, 30), "Europe/Berlin"),
            )
            == when
        )

    @pytest.mark.parametrize("zone", ["tzone://Microsoft/Custom", "", None])
    def test_zone_of_a_mailbox_own(self, zone):
        """A zone nobody else knows is told in UTC."""
        when = event_from_graph(item(originalStartTimeZone=zone, originalEndTimeZone=zone)).when

        assert Zoned(datetime(2026, 11, 23, 9), "UTC") == when.start

    @pytest.mark.parametrize(
        ("start", "end", "zone"),
        [
            ("2026-11-23T00:00:00.0000000", "2026-11-24T00:00:00.0000000", "UTC"),
            (
                "2026-11-22T23:00:00.0000000",
                "2026-11-23T23:00:00.0000000",
                "W. Europe Standard Time",
            ),
            (
                "2026-11-23T05:00:00.0000000",
                "2026-11-24T05:00:00.0000000",
                "Eastern Standard Time",
            ),
            (
                "2026-11-22T11:00:00.0000000",
                "2026-11-23T11:00:00.0000000",
                "New Zealand Standard Time",
            ),
            (
                "2026-11-22T23:00:00.0000000",
                "2026-11-23T23:00:00.0000000",
                "tzone://Microsoft/Custom",
            ),
        ],
    )
    def test_dates_float(self, start, end, zone):
        """An all-day event keeps its date, even where a mailbox answers with converted times."""
        found = event_from_graph(
            item(
                isAllDay=True,
                originalStartTimeZone=zone,
                originalEndTimeZone=zone,
                start={"dateTime": start, "timeZone": "UTC"},
                end={"dateTime": end, "timeZone": "UTC"},
            )
        )

        assert AllDay(date(2026, 11, 23), date(2026, 11, 24)) == found.when

    def test_all_day_is_written_as_midnights(self):
        """Start and end of an all-day event are midnights of one zone, the end the day after."""
        event = Event("Fair", AllDay(date(2026, 11, 23), date(2026, 11, 25)))

        written = graph_from_event(event, ["when"])

        assert written == {
            "isAllDay": True,
            "start": {"dateTime": "2026-11-23T00:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-25T00:00:00", "timeZone": "UTC"},
        }

    def test_windows_names(self):
        """Zones are written by the names that Outlook knows."""
        start = Zoned(datetime(2026, 7, 1, 9), "Europe/Rome")
        event = Event("Call", Timed(start, start))

        assert graph_from_event(event)["start"] == {
            "dateTime": "2026-07-01T09:00:00",
            "timeZone": "W. Europe Standard Time",
        }


class TestFields:
    @pytest.mark.parametrize(
        ("word", "response"),
        [
            ("none", Response.NONE),
            ("notResponded", Response.NONE),
            ("organizer", Response.ORGANIZER),
            ("accepted", Response.ACCEPTED),
            ("tentativelyAccepted", Response.TENTATIVE),
            ("declined", Response.DECLINED),
        ],
    )
    def test_responses(self, word, response):
        """Every word of Graph's for an answer has one of ours."""
        found = event_from_graph(item(attendees=[attendee(word, "resource")])).attendees

        assert [(response, AttendeeKind.RESOURCE, "Ben@contoso.example")] == [
            (a.response, a.kind, a.address) for a in found
        ]

    @pytest.mark.parametrize(
        ("hour", "zone"), [(13, "UTC"), (14, "W. Europe Standard Time")], ids=["utc", "local"]
    )
    def test_a_proposed_time(self, hour, zone):
        """A timeSlot is the same proposal in whatever zone it comes."""
        slot = {
            name: {"dateTime": f"2026-11-24T{hour + n}:00:00.0000000", "timeZone": zone}
            for n, name in enumerate(("start", "end"))
        }
        guest = attendee("declined") | {"proposedNewTime": slot}
        (found,) = event_from_graph(item(attendees=[guest])).attendees

        assert found.proposed == Timed(
            Zoned(datetime(2026, 11, 24, 13), "UTC"), Zoned(datetime(2026, 11, 24, 14), "UTC")
        )

    def test_no_proposed_time(self):
        """Graph leaves it out, or sets it to null."""
        guests = [attendee("accepted"), attendee("declined") | {"proposedNewTime": None}]
        found = event_from_graph(item(attendees=guests)).attendees

        assert [guest.proposed for guest in found] == [None, None]

    def test_words_yet_unknown(self):
        """A word Graph may add later reads as the plain case."""
        found = event_from_graph(
            item(showAs="unknown", sensitivity="odd", attendees=[attendee("maybe", "observer")])
        )

        assert (found.show_as, found.sensitivity) == (ShowAs.BUSY, Sensitivity.NORMAL)
        assert (
            found.attendees[0].kind,
            found.attendees[0].response,
        ) == (AttendeeKind.REQUIRED, Response.NONE)

    def test_reminder_off(self):
        """The minutes say nothing while the reminder is off."""
        off = item(isReminderOn=False, reminderMinutesBeforeStart=15)

        assert event_from_graph(off).reminder is None
        assert graph_from_event(event_from_graph(off), ["reminder"]) == {"isReminderOn": False}

    def test_nulls(self):
        """Graph says null for what is not there."""
        bare = item(subject=None, body=None, location=None, attendees=None, categories=None)

        found = event_from_graph(bare)

        assert ("", Body("", BodyKind.TEXT), "", (), ()) == (
            found.subject,
            found.body,
            found.location,
            found.attendees,
            found.categories,
        )

    def test_answers_are_not_written(self):
        """Responses are Outlook's to say, so no write carries them."""
        found = event_from_graph(item(attendees=[attendee("accepted")]))

        assert graph_from_event(found, ["attendees"]) == {
            "attendees": [
                {
                    "emailAddress": {"address": "Ben@contoso.example", "name": "Ben"},
                    "type": "required",
                }
            ]
        }


class TestSeen:
    def test_whole(self):
        """A full item yields identity, organiser and content."""
        seen = seen_from_graph(item(onlineMeeting={"joinUrl": "https://teams.example/j"}))

        assert (
            seen.event_id,
            seen.etag,
            seen.kind,
            seen.organizer,
            seen.is_organizer,
        ) == ("AAkALgAAAA=", 'W/"abc"', Kind.SINGLE, "ada@contoso.example", True)
        assert seen.join_url == "https://teams.example/j"
        assert datetime(2026, 11, 20, 8, 15, 30, tzinfo=UTC) == seen.last_modified
        assert seen.event.subject == "Review"
        assert seen.body_html == "<html><body>Bring notes</body></html>"

    def test_removed(self):
        """A removed item has an id and nothing else."""
        gone = {
            "@odata.type": "#microsoft.graph.event",
            "id": "x",
            "@removed": {"reason": "deleted"},
        }

        assert Seen("x", removed=True) == seen_from_graph(gone)

    def test_bare_occurrence(self):
        """The occurrences of a round carry no content, so none is made up."""
        bare = {
            "@odata.etag": 'W/"o"',
            "id": "o1",
            "seriesMasterId": "m1",
            "type": "occurrence",
            "start": midnight("2026-11-23"),
            "end": midnight("2026-11-24"),
        }

        seen = seen_from_graph(bare)

        assert (seen.kind, seen.series_master, seen.event) == (Kind.OCCURRENCE, "m1", None)

    @pytest.mark.parametrize(
        ("value", "tag"),
        [("acme/order-1", "order-1"), ("other/order-1", ""), ("acme", ""), ("", "")],
    )
    def test_tag(self, value, tag):
        """The tag counts only where it is this tenant's."""
        tagged = item(singleValueExtendedProperties=[{"id": TAG_ID.upper(), "value": value}])

        assert tag == seen_from_graph(tagged, "acme").tag


def test_person():
    """A person's addresses are gathered once, in lower case, without other protocols."""
    person = person_from_graph(
        {
            "id": "u1",
            "mail": "Ada@contoso.example",
            "userPrincipalName": "ada@contoso.example",
            "displayName": "Ada",
            "proxyAddresses": ["SMTP:Ada@contoso.example", "smtp:a@contoso.example", "SIP:ada@x"],
        }
    )

    assert person.aliases == ("a@contoso.example", "ada@contoso.example")
    assert person.address == "Ada@contoso.example"


def test_subscription():
    """What Graph answers as the end counts, not what was asked for."""
    found = subscription_from_graph({"id": "s", "expirationDateTime": "2026-11-28T07:00:00.5Z"})

    assert datetime(2026, 11, 28, 7, tzinfo=UTC) == found.expires
