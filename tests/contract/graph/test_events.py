"""Reading and writing single events, as the twin plays Graph."""

import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from shared.calendar.digest import differing, same
from shared.calendar.event import (
    AllDay,
    Attendee,
    AttendeeKind,
    Body,
    Event,
    Response,
    Sensitivity,
    ShowAs,
    Timed,
    Zoned,
)
from shared.errors import Contended, Reconnect, Rejected, Throttled, Unavailable
from shared.graph.writes import plan

EVENT = Event(
    subject="Fitting Müller",
    when=Timed(
        Zoned(datetime(2026, 11, 23, 10), "Europe/Rome"),  # noqa: DTZ001 - a wall time
        Zoned(datetime(2026, 11, 23, 11), "Europe/Rome"),  # noqa: DTZ001 - a wall time
    ),
    body=Body("Bring <the> papers\nand time"),
    location="Shop 5",
    show_as=ShowAs.TENTATIVE,
    sensitivity=Sensitivity.PRIVATE,
    reminder=30,
    categories=("Red", "Client visit"),
)
ALL_DAY = Event("Fair", AllDay(date(2026, 11, 23), date(2026, 11, 25)), reminder=None)
BEN = Attendee("ben@contoso.example", "Ben", AttendeeKind.OPTIONAL)


class TestCreate:
    @pytest.mark.parametrize("event", [EVENT, ALL_DAY, replace(EVENT, attendees=(BEN,))])
    async def test_comes_back(self, stage, event):
        """What is created reads back as the same event, tagged."""
        created = await stage.mailbox.create(event, "order-1")
        found = await stage.mailbox.event(created.event_id)

        assert differing(event, created.event) == ()
        assert same(event, found.event)
        assert (created.tag, found.tag) == ("order-1", "order-1")
        assert created.etag == found.etag != ""

    async def test_is_found_by_tag(self, stage):
        """The tag finds the event again, and no other."""
        created = await stage.mailbox.create(EVENT, "order-1")
        await stage.mailbox.create(EVENT, "order-11")

        found = await stage.mailbox.find_by_tag("order-1")

        assert [(one.event_id, one.tag) for one in found] == [(created.event_id, "order-1")]
        assert await stage.mailbox.find_by_tag("order-2") == []

    async def test_after_a_lost_answer(self, stage):
        """A create whose answer was lost is found by its tag."""
        stage.fault(status=504, match={"method": "POST"}, phase="after")

        with pytest.raises(Unavailable):
            await stage.mailbox.create(EVENT, "order-1")

        assert len(await stage.mailbox.find_by_tag("order-1")) == 1

    async def test_repeated(self, stage):
        """The same creation sent twice makes one event, a new version's makes another."""
        first = await stage.mailbox.create(EVENT, "order-1", 1)
        again = await stage.mailbox.create(EVENT, "order-1", 1)
        second = await stage.mailbox.create(EVENT, "order-1", 2)

        assert first.event_id == again.event_id != second.event_id

    async def test_in_another_calendar(self, stage):
        """A named calendar gets the event, the default one does not."""
        other = stage.outlook.create_calendar("Other")
        await stage.mailbox_of(stage.ada.id, other).create(EVENT, "order-1")

        assert (await stage.round())[0] == []

    async def test_id_is_the_round_s(self, stage):
        """Create, read and round all name the event by its immutable id."""
        created = await stage.mailbox.create(EVENT, "order-1")
        seen, _ = await stage.round()

        assert [one.event_id for one in seen] == [created.event_id]
        assert seen[0].etag == created.etag

    async def test_refused(self, stage):
        """Content Graph will never take is rejected, by Graph's code and without its text."""
        stage.fault(
            status=400,
            code="ErrorInvalidRecipients",
            message="ada@contoso.example",
            match={"method": "POST"},
        )

        with pytest.raises(Rejected) as rejected:
            await stage.mailbox.create(EVENT, "order-1")

        assert rejected.value.problem.code == "refused-by-microsoft"
        assert "ErrorInvalidRecipients" in rejected.value.problem.detail
        assert "ada" not in repr(rejected.value.problem)


class TestUpdate:
    async def test_only_what_changed(self, stage):
        """A plan sent as PATCH makes the new event, and mails nobody for a change of colour."""
        old = replace(EVENT, attendees=(BEN,))
        new = replace(old, categories=("Blue",), reminder=None)
        created = await stage.mailbox.create(old, "order-1")
        mails = len(stage.twin.exchange.outbox)

        updated = await stage.mailbox.update(created.event_id, plan(old, new), created.etag)

        assert differing(new, updated.event) == ()
        assert updated.etag != created.etag
        assert len(stage.twin.exchange.outbox) == mails

    async def test_behind_the_etag(self, stage):
        """An event somebody edited meanwhile is not overwritten."""
        created = await stage.mailbox.create(EVENT, "order-1")
        stage.outlook.update_event(created.event_id, {"subject": "Ada's"})

        with pytest.raises(Contended):
            await stage.mailbox.update(created.event_id, {"subject": "Ours"}, created.etag)

        assert (await stage.mailbox.event(created.event_id)).event.subject == "Ada's"

    async def test_gone(self, stage):
        """Updating what is gone is no error."""
        created = await stage.mailbox.create(EVENT, "order-1")
        stage.outlook.delete_event(created.event_id)

        assert await stage.mailbox.update(created.event_id, {"subject": "x"}) is None

    async def test_keeps_the_teams_block(self, stage):
        """A new body leaves an online meeting one."""
        online = stage.outlook.create_event(
            {
                "subject": "Call",
                "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "UTC"},
                "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "UTC"},
                "isOnlineMeeting": True,
                "onlineMeetingProvider": "teamsForBusiness",
            }
        )
        seen = await stage.mailbox.event(online["id"])
        new = replace(seen.event, body=Body("Agenda:\n1 < 2"))

        patch = plan(seen.event, new, seen.body_html)
        updated = await stage.mailbox.update(seen.event_id, patch, seen.etag)

        assert updated.join_url == seen.join_url != ""
        assert differing(new, updated.event) == ()


class TestEnd:
    async def test_delete(self, stage):
        """Deleted once it is gone; a second time there is nothing to do."""
        created = await stage.mailbox.create(EVENT, "order-1")

        assert await stage.mailbox.delete(created.event_id)
        assert not await stage.mailbox.delete(created.event_id)
        assert await stage.mailbox.event(created.event_id) is None

    async def test_cancel(self, stage):
        """Cancelling tells the attendees and ends the event."""
        created = await stage.mailbox.create(replace(EVENT, attendees=(BEN,)), "order-1")

        assert await stage.mailbox.cancel(created.event_id, "No time")
        assert not await stage.mailbox.cancel(created.event_id)
        assert [mail.kind for mail in stage.twin.exchange.outbox] == ["invitation", "cancellation"]

    async def test_attendee_cannot_cancel(self, stage):
        """Cancelling is the organiser's; to an attendee it is refused for good."""
        await stage.mailbox.create(replace(EVENT, attendees=(BEN,)), "order-1")
        (copy,) = (await stage.round(mailbox=stage.mailbox_of(stage.ben.id)))[0]

        with pytest.raises(Rejected):
            await stage.mailbox_of(stage.ben.id).cancel(copy.event_id)

        assert (copy.is_organizer, copy.organizer) == (False, "ada@contoso.example")


async def test_answers_are_read(stage):
    """An attendee's answer shows at the organiser's event."""
    created = await stage.mailbox.create(replace(EVENT, attendees=(BEN,)), "order-1")
    (copy,) = (await stage.round(mailbox=stage.mailbox_of(stage.ben.id)))[0]
    stage.twin.exchange.act_as_person(stage.ben.tenant_id, stage.ben.id).respond(
        copy.event_id, "accept"
    )

    found = await stage.mailbox.event(created.event_id)

    assert [a.response for a in found.event.attendees] == [Response.ACCEPTED]
    assert copy.ical_uid == created.ical_uid != ""


class TestTrouble:
    async def test_throttled(self, stage):
        """The wait Graph asks for is passed on, and nothing is tried again here."""
        stage.fault(status=429, retry_after=17, times=None)

        with pytest.raises(Throttled) as throttled:
            await stage.mailbox.event("x")

        assert throttled.value.after == 17
        assert len(stage.asked()) == 1

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_away(self, stage, status):
        """Graph's own trouble is tried again later, by the queue."""
        stage.fault(status=status, times=None)

        with pytest.raises(Unavailable):
            await stage.mailbox.event("x")

        assert len(stage.asked()) == 1

    async def test_token_too_old(self, stage):
        """A token Graph no longer takes is dropped and the request made once more."""
        created = await stage.mailbox.create(EVENT, "order-1")
        stage.tokens.expired = 1

        assert (await stage.mailbox.event(created.event_id)).tag == "order-1"
        assert stage.tokens.dropped == 1

    async def test_token_refused(self, stage):
        """When a fresh token is refused too, somebody must act."""
        stage.tokens.expired = 2

        with pytest.raises(Reconnect) as refused:
            await stage.mailbox.event("x")

        assert refused.value.cause == "token-refused"
        assert refused.value.trace != ""

    async def test_permission_missing(self, stage):
        """A grant that does not reach the calendar is told as such."""
        stage.tokens.roles = frozenset()

        with pytest.raises(Reconnect) as refused:
            await stage.mailbox.event("x")

        assert refused.value.cause == "access-denied"


async def test_refusals_are_noted(stage, caplog):
    """The log says what Microsoft's support will ask for, and quotes nothing."""
    caplog.set_level("INFO", "calbridge")
    stage.fault(status=400, code="ErrorX", message="ada@contoso.example", match={"method": "POST"})

    with pytest.raises(Rejected):
        await stage.mailbox.create(EVENT, "order-1")

    (line,) = [one.getMessage() for one in caplog.records if one.name == "calbridge"]
    noted = json.loads(line)
    assert (noted["status"], noted["code"], noted["method"]) == (400, "ErrorX", "POST")
    assert noted["graph_request"]
    assert noted["client_request"]
    assert "ada@" not in line
    assert EVENT.subject not in line


async def test_each_request_names_itself(stage):
    """Every request carries an id of its own, by which Microsoft can find it."""
    sent = []

    async def note(request):
        sent.append(request)

    stage.graph._wire._client.event_hooks["request"].append(note)
    await stage.mailbox.event("x")
    await stage.mailbox.delta("", (datetime.fromisoformat("2026-11-01T00:00Z"),) * 2)

    assert len({one.headers["client-request-id"] for one in sent}) == 2
    assert [one.headers["prefer"] for one in sent] == [
        'IdType="ImmutableId", outlook.timezone="UTC"',
        'IdType="ImmutableId", outlook.timezone="UTC", odata.maxpagesize=200',
    ]
