"""Series, read as a whole and written step by step, as the twin plays Graph."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.calendar.digest import differing
from shared.calendar.event import AllDay, Attendee, Body, Event, Override, Series, Timed, Zoned
from shared.calendar.recurrence import ByDay, Frequency, Rule, Weekday
from shared.calendar.series import normal, occurrence, with_cancelled, with_override
from shared.errors import Contended, Rejected
from shared.graph.seen import Kind
from shared.graph.series_writes import CancelOccurrence, outcomes, steps

MONDAY = date(2026, 10, 12)
"""Two weeks before the clocks change in Berlin."""
SECOND, THIRD, FOURTH = (MONDAY + timedelta(days=7 * n) for n in (1, 2, 3))
MONDAYS = Rule(Frequency.WEEKLY, by_day=(ByDay(Weekday.MO),), count=5)
READ, WRITE, LOOK = "GET /events/{id}", "PATCH /events/{id}", "GET /events/{id}/instances"
BEN = Attendee("ben@contoso.example", "Ben")


def at(day: date, hour: int, zone: str = "Europe/Berlin") -> Timed:
    start = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - a wall time
    return Timed(Zoned(start, zone), Zoned(start + timedelta(hours=1), zone))


WEEKLY = Event("Jour fixe", at(MONDAY, 10), body=Body("Agenda"), series=Series(MONDAYS))
SPECIAL = Override(THIRD, (("subject", "Special"),))
MOVED = Override(SECOND, (("when", at(SECOND + timedelta(days=2), 15)),))
DATES = Event("Fair", AllDay(MONDAY, MONDAY + timedelta(days=2)), series=Series(MONDAYS))


class Scene:
    """A series of the product's in Ada's calendar."""

    def __init__(self, stage, created) -> None:
        self.stage = stage
        self.id = created.event_id
        self.shown = created

    @classmethod
    async def begin(cls, stage, event=WEEKLY):
        return cls(stage, await stage.mailbox.create(event, "order-1"))

    async def write(self, new: Event, *, foreseen: bool = True) -> list[str]:
        """As the engine does: a step, a look, and the rest planned anew. The requests made."""
        self.shown = await self.look()
        before, tried = len(self.calls()), frozenset()
        while plan := steps(self.shown.event, new, self.shown.body_html, tried):
            may_be = outcomes(self.shown.event, plan[0], tuple(i[0] for i in self.shown.instances))
            tried |= set(getattr(plan[0], "restores", ()))
            assert await self.stage.mailbox.write_step(
                self.id, self.shown, plan[0], self.shown.etag
            )
            self.shown = await self.look()
            same = [one for one in may_be if differing(one, self.shown.event) == ()]
            assert same or not foreseen
        return self.calls()[before:]

    async def look(self):
        return await self.stage.mailbox.event(self.id, series=True)

    def calls(self) -> list[str]:
        return [plain(one) for one in self.stage.asked()]

    def occurrences(self) -> list[dict]:
        """What Ada sees, by the days of the rule."""
        found = self.stage.outlook.list_events(*SEASON)
        return sorted(found, key=lambda one: one["originalStart"])

    def mails(self) -> list[tuple[str, str]]:
        return [(mail.kind, mail.to) for mail in self.stage.twin.exchange.outbox]


SEASON = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))


def plain(call: str) -> str:
    method, path = call.split(" ")
    parts = path.split("/")
    return f"{method} {'/'.join([*parts[:2], *(['{id}'] if parts[2:] else []), *parts[3:]])}"


async def test_a_series_comes_back_whole(stage):
    """With its rule, in its zone, across the change of the clocks."""
    scene = await Scene.begin(stage)

    seen = await scene.look()

    assert (seen.kind, seen.tag) == (Kind.MASTER, "order-1")
    assert differing(WEEKLY, seen.event) == ()
    assert seen.event.when.start.zone == "Europe/Berlin"
    starts = [one["start"]["dateTime"][:16] for one in scene.occurrences()]
    assert starts == [
        "2026-10-12T08:00",
        "2026-10-19T08:00",
        "2026-10-26T09:00",
        "2026-11-02T09:00",
        "2026-11-09T09:00",
    ]


async def test_what_creating_answers_is_the_series(stage):
    """One request; its answer can be settled with."""
    scene = await Scene.begin(stage)

    assert scene.calls() == ["POST /events"]
    assert differing(WEEKLY, scene.shown.event) == ()
    assert scene.shown.etag == (await scene.look()).etag


async def test_reading_by_id_takes_a_second_look_at_a_series(stage):
    """Unless it is known to be one."""
    scene = await Scene.begin(stage)

    seen = await stage.mailbox.event(scene.id)

    assert differing(WEEKLY, seen.event) == ()
    assert scene.calls()[1:] == [READ, READ]


async def test_a_single_event_may_be_read_as_a_series(stage):
    """It may have been one."""
    single = replace(WEEKLY, series=None)
    created = await stage.mailbox.create(single, "order-1")

    seen = await stage.mailbox.event(created.event_id, series=True)

    assert differing(single, seen.event) == ()
    assert (seen.kind, seen.tag, seen.etag) == (Kind.SINGLE, "order-1", created.etag)


async def test_an_occurrence_read_by_id_names_its_series(stage):
    """It is no event of its own."""
    scene = await Scene.begin(stage)

    seen = await stage.mailbox.event(scene.occurrences()[1]["id"])

    assert (seen.kind, seen.event) == (Kind.OCCURRENCE, None)
    assert seen.series_master == scene.id


async def test_what_ada_does_to_occurrences_is_read(stage):
    """One moved, one renamed, one deleted: by the day the rule has them."""
    scene = await Scene.begin(stage)
    _, second, third, fourth, _ = scene.occurrences()
    when = {"dateTime": "2026-10-21T15:00:00", "timeZone": "W. Europe Standard Time"}
    end = when | {"dateTime": "2026-10-21T16:00:00"}
    stage.outlook.update_event(second["id"], {"start": when, "end": end})
    stage.outlook.update_event(third["id"], {"subject": "Special"})
    stage.outlook.delete_event(fourth["id"])

    seen = await scene.look()

    expected = with_cancelled(with_override(with_override(WEEKLY, MOVED), SPECIAL), FOURTH)
    assert differing(expected, seen.event) == ()
    assert [day for day, _, _ in seen.instances] == [SECOND, THIRD]


@pytest.mark.parametrize("zone", ["series", "utc"])
@pytest.mark.parametrize("hour", [0, 10, 23])
async def test_a_cancelled_day_is_known_in_whatever_zone_it_is_told(stage, zone, hour):
    """A late evening in New York is the next day in UTC."""
    stage.twin.switches.cancelled_day_zone = zone
    for place in ("America/New_York", "Europe/Berlin", "Australia/Sydney"):
        event = replace(WEEKLY, when=at(MONDAY, hour, place))
        created = await stage.mailbox.create(event, place)
        shown = await stage.mailbox.event(created.event_id)
        assert await stage.mailbox.write_step(created.event_id, shown, CancelOccurrence(SECOND))

        seen = await stage.mailbox.event(created.event_id)

        assert differing(with_cancelled(event, SECOND), seen.event) == ()


async def test_a_series_in_a_zone_of_its_own_keeps_its_days(stage):
    """Nobody can tell its times in winter, but its days and its first start."""
    scene = await Scene.begin(stage, replace(WEEKLY, when=at(MONDAY, 1)))
    (master,) = stage.twin.world.mailboxes[stage.ada.id].events.values()
    master.original_start_zone = master.original_end_zone = "tzone://Microsoft/Custom"
    master.series.recurrence["range"]["recurrenceTimeZone"] = "tzone://Microsoft/Custom"

    seen = await scene.look()

    assert seen.event.when.start.instant == WEEKLY.when.start.instant - timedelta(hours=9)
    assert seen.event.when.start.wall.date() == MONDAY
    assert steps(seen.event, seen.event) == ()


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


async def test_a_series_is_found_by_its_tag_whole(stage):
    """A create whose answer was lost is settled by what it has become."""
    scene = await Scene.begin(stage)
    stage.outlook.update_event(scene.occurrences()[2]["id"], {"subject": "Special"})

    (found,) = await stage.mailbox.find_by_tag("order-1")

    assert differing(with_override(WEEKLY, SPECIAL), found.event) == ()
    assert found.tag == "order-1"


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
