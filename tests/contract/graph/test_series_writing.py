"""Series written step by step, as the twin plays Graph."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Attendee, Body, Override, Series
from shared.calendar.recurrence import ByDay, Weekday
from shared.calendar.series import normal, occurrence, with_cancelled, with_override
from shared.errors import Contended, Rejected
from shared.graph.seen import Kind
from shared.graph.series_writes import CancelOccurrence, steps
from tests.contract.graph.series import (
    BEN,
    DATES,
    FOURTH,
    LOOK,
    MONDAY,
    MONDAYS,
    MOVED,
    READ,
    SEASON,
    SECOND,
    SPECIAL,
    THIRD,
    WEEKLY,
    WRITE,
    Scene,
    at,
)


async def test_a_new_subject_is_one_patch(stage):
    scene = await Scene.begin(stage)

    calls = await scene.write(replace(WEEKLY, subject="Weekly"))

    assert calls == [WRITE, READ]
    assert {one["subject"] for one in scene.occurrences()} == {"Weekly"}


async def test_an_occurrence_is_changed_by_its_own_id_of_the_moment(stage):
    """Looked up around its day, and known from then on as an exception."""
    scene = await Scene.begin(stage)

    first = await scene.write(with_override(WEEKLY, SPECIAL))
    again = await scene.write(
        with_override(WEEKLY, replace(SPECIAL, values=(("subject", "Again"),)))
    )

    assert first == [LOOK, WRITE, READ]
    assert again == [WRITE, READ]
    assert [one["subject"] for one in scene.occurrences()].count("Again") == 1


async def test_an_occurrence_goes_back_to_the_series(stage):
    """Its values are written back; that Outlook still has it as an exception means nothing."""
    scene = await Scene.begin(stage)
    await scene.write(with_override(with_override(WEEKLY, MOVED), SPECIAL))

    await scene.write(WEEKLY)

    assert differing(WEEKLY, scene.shown.event) == ()
    assert [one["start"]["dateTime"][:10] for one in scene.occurrences()][1] == SECOND.isoformat()


async def test_an_occurrence_is_cancelled(stage):
    scene = await Scene.begin(stage)

    calls = await scene.write(with_cancelled(WEEKLY, THIRD))

    assert calls == [LOOK, "DELETE /events/{id}", READ]
    assert len(scene.occurrences()) == 4


async def test_cancelling_what_is_cancelled_does_nothing(stage):
    """A step whose answer was lost is taken again."""
    scene = await Scene.begin(stage)
    await scene.write(with_cancelled(WEEKLY, THIRD))
    before = len(scene.calls())

    done = await stage.mailbox.write_step(scene.id, scene.shown, CancelOccurrence(THIRD))

    assert done
    assert scene.calls()[before:] == [LOOK]


@pytest.mark.parametrize("cancelled", ["dropped", "kept"])
@pytest.mark.parametrize("exceptions", ["dropped", "kept"])
@pytest.mark.parametrize("follow", [True, False])
class TestWhateverOutlookKeeps:
    """When it makes occurrences anew, or changes what they follow."""

    @pytest.fixture
    async def scene(self, stage, cancelled, exceptions, follow):
        stage.twin.switches.patch(
            {
                "reissued_cancelled": cancelled,
                "reissued_exceptions": exceptions,
                "exceptions_follow_master": follow,
            }
        )
        return await Scene.begin(stage)

    @pytest.fixture
    async def changed(self, scene):
        """With an occurrence moved, one renamed and one cancelled."""
        event = with_override(with_override(WEEKLY, MOVED), SPECIAL)
        await scene.write(with_cancelled(event, FOURTH))
        return scene

    async def test_another_time(self, changed):
        new = replace(changed.shown.event, when=at(MONDAY, 12))

        await changed.write(new)

        assert differing(normal(new), changed.shown.event) == ()

    async def test_another_rule(self, changed):
        event = changed.shown.event
        days = (ByDay(Weekday.MO), ByDay(Weekday.FR))
        new = replace(event, series=replace(event.series, rule=replace(MONDAYS, by_day=days)))

        await changed.write(new)

        assert differing(normal(new), changed.shown.event) == ()

    async def test_another_subject(self, changed):
        new = replace(changed.shown.event, subject="New", location="Room 5")

        await changed.write(new)

        assert differing(normal(new), changed.shown.event) == ()

    async def test_the_cancelled_day_back(self, changed):
        event = changed.shown.event
        new = replace(event, series=replace(event.series, cancelled=()))

        await changed.write(new)

        assert differing(new, changed.shown.event) == ()
        assert len(changed.occurrences()) == 5

    async def test_the_first_day_back(self, scene):
        await scene.write(with_cancelled(WEEKLY, MONDAY))

        await scene.write(WEEKLY)

        assert differing(WEEKLY, scene.shown.event) == ()

    async def test_another_day_of_the_week(self, changed):
        """Nothing is left of what was set on days that are none any more."""
        tuesday = MONDAY + timedelta(days=1)
        rule = replace(MONDAYS, by_day=(ByDay(Weekday.TU),))
        new = replace(changed.shown.event, when=at(tuesday, 10), series=Series(rule))

        await changed.write(new)

        assert differing(new, changed.shown.event) == ()


async def test_a_day_that_stays_cancelled_is_reported(stage):
    """Where Outlook never gives a cancelled day back."""
    stage.twin.switches.reissued_cancelled = "sticky"
    scene = await Scene.begin(stage)
    await scene.write(with_cancelled(WEEKLY, THIRD))

    with pytest.raises(Rejected) as rejected:
        await scene.write(WEEKLY, foreseen=False)

    assert rejected.value.problem.code == "occurrence-not-restorable"


async def test_an_occurrence_does_not_pass_its_neighbour(stage):
    """The host app is told which one, and where its limits are."""
    scene = await Scene.begin(stage)
    passing = Override(SECOND, (("when", at(THIRD, 15)),))

    with pytest.raises(Rejected) as rejected:
        await scene.write(with_override(WEEKLY, passing))

    assert rejected.value.problem.code == "occurrence-crosses-neighbour"
    assert SECOND.isoformat() in rejected.value.problem.detail


async def test_neighbours_that_move_one_after_the_other(stage):
    """In the order in which each finds its day free."""
    scene = await Scene.begin(stage)
    near, far = WEEKLY, WEEKLY
    for day in (SECOND, THIRD, FOURTH):
        near = with_override(near, Override(day, (("when", at(day + timedelta(days=3), 10)),)))
        far = with_override(far, Override(day, (("when", at(day + timedelta(days=6), 10)),)))
    await scene.write(near)

    await scene.write(far)
    await scene.write(near)

    assert differing(near, scene.shown.event) == ()


class TestDates:
    async def test_come_back(self, stage):
        """A series of whole days, in no zone that Graph refuses."""
        scene = await Scene.begin(stage, DATES)

        assert differing(DATES, (await scene.look()).event) == ()

    async def test_occurrences_change(self, stage):
        scene = await Scene.begin(stage, DATES)
        longer = AllDay(THIRD, THIRD + timedelta(days=3))
        new = with_override(DATES, Override(THIRD, (("when", longer),)))

        await scene.write(with_cancelled(new, FOURTH))

        assert differing(with_cancelled(new, FOURTH), scene.shown.event) == ()

    async def test_made_by_somebody_far_away(self, stage):
        """Their original starts are midnights of that zone, told in UTC."""
        zone = "Tonga Standard Time"
        recurrence = {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": "2026-10-12", "numberOfOccurrences": 5},
        }
        made = stage.outlook.create_event(
            {
                "subject": "Away",
                "isAllDay": True,
                "start": {"dateTime": "2026-10-12T00:00:00", "timeZone": zone},
                "end": {"dateTime": "2026-10-13T00:00:00", "timeZone": zone},
                "recurrence": recurrence,
            }
        )
        days = stage.outlook.list_events(*SEASON)
        stage.outlook.update_event(days[1]["id"], {"subject": "Still away"})
        stage.outlook.delete_event(days[3]["id"])

        seen = await stage.mailbox.event(made["id"])

        assert [one.day for one in seen.event.series.overrides] == [date(2026, 10, 13)]
        assert seen.event.series.cancelled == (date(2026, 10, 15),)

    async def test_a_series_becomes_one_of_dates(self, stage):
        scene = await Scene.begin(stage)
        new = replace(WEEKLY, when=DATES.when)

        await scene.write(new)

        assert differing(new, scene.shown.event) == ()


class TestAttendees:
    """Who gets which mail: one for each call that concerns a guest, and no other."""

    @pytest.fixture
    async def scene(self, stage):
        scene = await Scene.begin(stage, replace(WEEKLY, attendees=(BEN,)))
        stage.twin.exchange.outbox.clear()
        return scene

    @property
    def event(self):
        return replace(WEEKLY, attendees=(BEN,))

    async def test_a_change_of_the_series(self, scene):
        await scene.write(replace(self.event, subject="New"))

        assert scene.mails() == [("update", BEN.address)]

    async def test_an_own_field_mails_nobody(self, scene):
        await scene.write(replace(self.event, categories=("Blue",), reminder=5))

        assert scene.mails() == []

    async def test_a_change_of_one_occurrence(self, scene):
        await scene.write(with_override(self.event, MOVED))

        assert scene.mails() == [("update", BEN.address)]

    async def test_one_mail_more_for_each_exception(self, scene):
        await scene.write(with_override(with_override(self.event, MOVED), SPECIAL))
        scene.stage.twin.exchange.outbox.clear()

        await scene.write(replace(scene.shown.event, location="Room 5"))

        assert scene.mails() == [("update", BEN.address)] * 3

    async def test_a_cancelled_occurrence(self, scene):
        """The organiser's is cancelled, not only deleted."""
        calls = await scene.write(with_cancelled(self.event, THIRD))

        assert calls == [LOOK, "POST /events/{id}/cancel", READ]
        assert scene.mails() == [("cancellation", BEN.address)]

    async def test_somebody_more_at_one_occurrence(self, scene):
        """Is invited to that one; who is there already hears nothing."""
        eve = Attendee("eve@elsewhere.example")
        there = Override(THIRD, (("attendees", (BEN, eve)),))

        await scene.write(with_override(self.event, there))

        assert scene.mails() == [("invitation", eve.address)]
        assert [one.address for one in occurrence(scene.shown.event, THIRD).attendees] == [
            BEN.address,
            eve.address,
        ]

    async def test_ben_s_answer_to_one_occurrence_is_no_edit(self, scene):
        """What he answers is his; the series is as it was."""
        ben = scene.stage.twin.exchange.act_as_person(
            scene.stage.ben.tenant_id, scene.stage.ben.id
        )
        copy = ben.list_events(*SEASON)[2]
        ben.respond(copy["id"], "tentativelyAccept")

        assert differing(self.event, (await scene.look()).event) == ()

    async def test_ben_s_copy_lacks_what_was_cancelled(self, scene):
        await scene.write(with_cancelled(with_override(self.event, SPECIAL), FOURTH))
        ben = scene.stage.mailbox_of(scene.stage.ben.id)
        (master,) = [
            one for one in (await scene.stage.round(mailbox=ben))[0] if one.kind is Kind.MASTER
        ]

        seen = await ben.event(master.event_id)

        assert not seen.is_organizer
        assert seen.event.series.cancelled == (FOURTH,)
        assert [one.day for one in seen.event.series.overrides] == [THIRD]


class TestEnds:
    async def test_a_single_event_becomes_a_series(self, stage):
        """Under the id it has."""
        single = replace(WEEKLY, series=None)
        scene = await Scene.begin(stage, single)

        calls = await scene.write(WEEKLY)

        assert calls == [WRITE, READ]
        assert scene.shown.kind is Kind.MASTER

    async def test_a_series_becomes_a_single_event(self, stage):
        scene = await Scene.begin(stage)

        await scene.write(replace(WEEKLY, series=None, subject="Once"))

        assert (scene.shown.kind, scene.shown.event.subject) == (Kind.SINGLE, "Once")

    @pytest.mark.parametrize("manner", ["ignored", "refused"])
    async def test_a_series_that_stays_one_is_reported(self, stage, manner):
        """Whether Graph says so or keeps quiet about it."""
        stage.twin.switches.recurrence_null = manner
        scene = await Scene.begin(stage)

        with pytest.raises(Rejected) as rejected:
            await scene.write(replace(WEEKLY, series=None))

        assert rejected.value.problem.code == "series-not-ended"

    async def test_gone(self, stage):
        """No step of a series that is gone does anything."""
        scene = await Scene.begin(stage)
        new = with_cancelled(with_override(replace(WEEKLY, subject="New"), SPECIAL), FOURTH)
        plan = steps(WEEKLY, new)
        stage.outlook.delete_event(scene.id)

        done = [await stage.mailbox.write_step(scene.id, scene.shown, step) for step in plan]

        assert done == [False] * 3
        assert await scene.look() is None


class TestMeanwhile:
    """Somebody else was faster: what is not as shown is not overwritten."""

    async def test_the_master(self, stage):
        scene = await Scene.begin(stage)
        (step,) = steps(WEEKLY, replace(WEEKLY, subject="Ours"))
        stage.outlook.update_event(scene.id, {"subject": "Ada's"})

        with pytest.raises(Contended):
            await stage.mailbox.write_step(scene.id, scene.shown, step, scene.shown.etag)

        assert (await scene.look()).event.subject == "Ada's"

    @pytest.mark.parametrize("known", [True, False])
    async def test_an_occurrence(self, stage, known):
        """Whether it was an exception before or was made one."""
        scene = await Scene.begin(stage)
        if known:
            await scene.write(with_override(WEEKLY, SPECIAL))
        ours = with_override(WEEKLY, replace(SPECIAL, values=(("subject", "Ours"),)))
        (step,) = steps(scene.shown.event, ours)
        stage.outlook.update_event(scene.occurrences()[2]["id"], {"subject": "Ada's"})

        with pytest.raises(Contended):
            await stage.mailbox.write_step(scene.id, scene.shown, step, scene.shown.etag)

        assert occurrence((await scene.look()).event, THIRD).subject == "Ada's"

    async def test_an_occurrence_that_was_deleted(self, stage):
        scene = await Scene.begin(stage)
        (step,) = steps(WEEKLY, with_override(WEEKLY, SPECIAL))
        stage.outlook.delete_event(scene.occurrences()[2]["id"])

        with pytest.raises(Contended):
            await stage.mailbox.write_step(scene.id, scene.shown, step, scene.shown.etag)

    async def test_a_series_that_became_a_single_event(self, stage):
        scene = await Scene.begin(stage)
        (step,) = steps(WEEKLY, with_override(WEEKLY, SPECIAL))
        stage.outlook.update_event(scene.id, {"recurrence": None})

        with pytest.raises(Contended):
            await stage.mailbox.write_step(scene.id, scene.shown, step, scene.shown.etag)


async def test_a_teams_meeting_stays_one(stage):
    """The block of its body is kept in the master's and in an occurrence's."""
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "numbered", "startDate": "2026-10-12", "numberOfOccurrences": 5},
    }
    made = stage.outlook.create_event(
        {
            "subject": "Call",
            "start": {"dateTime": "2026-10-12T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2026-10-12T11:00:00", "timeZone": "UTC"},
            "isOnlineMeeting": True,
            "onlineMeetingProvider": "teamsForBusiness",
            "recurrence": recurrence,
        }
    )
    scene = Scene(stage, await stage.mailbox.event(made["id"]))
    new = replace(scene.shown.event, body=Body("Agenda"))
    new = with_override(new, Override(THIRD, (("body", Body("Guests")),)))

    await scene.write(new)

    assert differing(new, scene.shown.event) == ()
    assert all(one["onlineMeeting"]["joinUrl"] for one in scene.occurrences())
    assert all("meetup-join" in one["body"]["content"] for one in scene.occurrences())
