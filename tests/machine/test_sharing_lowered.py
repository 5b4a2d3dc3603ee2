"""An account that acts for others, where a calendar is shared with it for reading only by now."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.twin.caller import Caller
from local.twin.graph.permissions import grant
from shared.calendar.event import Attendee
from shared.store.records import Calendar, ConnectionKind, OperationState, State
from shared.sync.checking import check
from shared.sync.timers import sweep
from tests.machine.stage import APP, ENTRA, TENANT, Stage, crash_points
from tests.machine.telling import COFFEE, LUNCH, outcome, put, shown, told

LOWERED = ("degraded", "sharing-lowered")
WELL = ("active", "")
# Of a worker that finds it passed; one that meets it has fewer.
EFFECTS = 17


class Sharing(Stage):
    """Carol's grant, with whom Anna shares her calendar."""

    def caller(self) -> Caller:
        scopes = frozenset({"Calendars.ReadWrite.Shared", "User.ReadBasic.All"})
        return Caller(ENTRA, APP, self.people["carol"].id, scopes, frozenset())

    def share(self, role: str, owner: str = "anna") -> None:
        calendar = self.twin.world.mailboxes[self.people[owner].id].default_calendar
        grant(self.twin, calendar, "carol@contoso.test", role)

    async def connect(self, *names: str, policy: dict[str, Any] | None = None) -> None:
        await super().connect(policy=policy)
        connection = await self.memory.connection(TENANT, "grant")
        assert connection is not None
        carol = self.people["carol"].id
        await self.memory.put_connection(
            replace(connection, kind=ConnectionKind.SERVICE_ACCOUNT, user_id=carol)
        )
        for name in names:
            self.share("write", name)
            await self.memory.put_calendar(self._calendar(name))
            await self.wake.dirty(self.key(name), self.now)
        await self.settle_down()

    async def calendar(self) -> Calendar:
        found = await self.memory.calendar(self.key("anna"))
        assert found is not None
        return found

    async def standing(self) -> tuple[str, str]:
        found = await self.calendar()
        return found.state.value, found.cause

    async def states(self) -> list[tuple[str, str]]:
        """Told of the calendar."""
        kind = "calbridge.calendar.state"
        found = [one for one in await told(self) if one.type == kind]
        return [(one.data["state"], one.data["cause"]) for one in found]

    async def look(self) -> None:
        """What waits in the queues is done; no timer runs."""
        while self.queues.sent:
            await self.take_message()


async def begun() -> Sharing:
    stage = Sharing()
    await stage.connect("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    return stage


async def test_it_is_told_once_and_what_is_written_waits():
    """With the first write that is denied, by its worker, of this calendar alone. Of what is in
    the calendar all still arrives; shared as before, what waited is written.
    """
    stage = await begun()
    before = len(await stage.states())
    stage.share("read")
    edit = await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    at_once = await stage.standing()
    new = await put(stage, replace(LUNCH, subject="Walk"), "walk")
    theirs = await put(stage, replace(LUNCH, subject="Ben's"), "bens", mailbox="ben")
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    meanwhile = [await outcome(stage, one) for one in (edit, new)]
    heard = sorted(one["subject"] for one in stage.host.appointments.values())
    in_between = await stage.standing()
    stage.share("write")
    await stage.settle_down()

    assert (at_once, in_between) == (LOWERED, LOWERED)
    assert meanwhile == [OperationState.PENDING, OperationState.PENDING]
    assert await outcome(stage, theirs, "ben") is OperationState.APPLIED
    assert heard == ["Ben's", "Coffee", "Late lunch", "Walk"]
    assert (await stage.states())[before:] == [LOWERED, WELL]
    assert shown(stage) == ["Coffee", "Late lunch", "Walk"]
    assert stage.host.refused == stage.host.echoes == []


async def test_an_edit_in_outlook_meanwhile_is_merged_with_what_waits():
    """Field by field, as with any write that is late."""
    stage = await begun()
    link = await stage.memory.link(stage.key("anna"), "lunch")
    assert link is not None
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    stage.outlook("anna").update_event(link.event_id, {"location": {"displayName": "Canteen"}})
    await stage.settle_down()
    stage.share("write")
    await stage.settle_down()

    event = stage.outlook("anna").get_event(link.event_id)
    assert (event["subject"], event["location"]["displayName"]) == ("Late lunch", "Canteen")
    assert stage.host.echoes == []


async def test_who_waits_is_not_woken_every_minute():
    """Nor is each poll more than one question."""
    stage = await begun()
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    woken = 0
    for _ in range(30):
        stage.now += timedelta(minutes=1)
        woken += await sweep(stage.engine, stage.now)
        await stage.look()
    stage.twin.requests.clear()
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.look()

    asked = [f"{one.method} {one.path.rpartition('/')[2]}" for one in stage.twin.requests]
    assert (woken, asked) == (0, ["GET calendar", "GET delta()"])
    assert await stage.standing() == LOWERED


async def test_a_check_that_is_asked_for_finds_it_shared_again():
    stage = await begun()
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    stage.share("write")
    connection = await stage.memory.connection(TENANT, "grant")
    assert connection is not None
    await check(stage.engine, connection)
    await stage.look()

    assert await stage.standing() == WELL
    assert shown(stage) == ["Late lunch"]


async def test_from_lowered_to_withdrawn_and_back():
    """Each is told once; what waits waits through all of it."""
    stage = await begun()
    before = len(await stage.states())
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Late lunch"))
    for role in ("none", "read", "write"):
        await stage.settle_down()
        stage.share(role)
    await stage.settle_down()

    withdrawn = ("action_required", "sharing-withdrawn")
    assert (await stage.states())[before:] == [LOWERED, withdrawn, LOWERED, WELL]
    assert shown(stage) == ["Late lunch"]


async def test_a_busy_microsoft_is_not_what_it_waits_for():
    """However old the write is that waits."""
    stage = await begun()
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    stage.now += timedelta(minutes=20)
    stage.twin.faults.add({"match": {"path": "/delta"}, "action": {"status": 503}, "times": 1})
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.take_message()

    assert len(stage.queues.sent) == 1
    assert await stage.standing() == LOWERED


async def test_one_that_was_lowered_before_its_first_round_is_read_like_any_other():
    """It gets its copies of what takes place elsewhere once it can be written to."""
    stage = Sharing()
    await stage.connect("ben", policy={"backfill": "window", "participants": "copies"})
    await put(stage, replace(LUNCH, attendees=(Attendee("anna@contoso.test"),)), mailbox="ben")
    await stage.settle_down()
    await stage.memory.put_calendar(stage._calendar("anna"))  # pyright: ignore[reportPrivateUsage]
    stage.share("read")
    await put(stage, replace(LUNCH, subject="Walk"), "walk")
    await stage.wake.dirty(stage.key("anna"), stage.now)
    await stage.look()
    lowered = await stage.standing()
    stage.share("write")
    await stage.settle_down()

    assert lowered == LOWERED
    assert shown(stage) == ["Lunch", "Walk"]


async def test_what_waits_when_it_is_disconnected_gets_an_outcome():
    stage = await begun()
    stage.share("read")
    edit = await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()
    await stage.engine.end(await stage.calendar())
    await stage.settle_down()

    assert await outcome(stage, edit) is OperationState.REFUSED
    assert (await stage.calendar()).state is State.DISCONNECTED


async def test_a_write_that_is_denied_alone_is_refused_alone():
    """Graph says that the calendar can be written to: then it is about the event."""
    stage = await begun()
    stage.twin.faults.add(
        {
            "match": {"method": "PATCH"},
            "action": {"status": 403, "code": "ErrorAccessDenied"},
            "times": None,
        }
    )
    edit = await put(stage, replace(LUNCH, subject="Late lunch"))
    await stage.look()

    assert await outcome(stage, edit) is OperationState.REFUSED
    assert await stage.standing() == WELL


async def dies_at(stage: Stage, effect: int, *, after: bool) -> None:
    fuse = stage.fuse
    fuse.left, fuse.after = effect, after
    await stage.take_message()
    fuse.left = None


@pytest.mark.parametrize("after", [False, True])
async def test_it_is_told_once_whenever_the_worker_dies(after: bool):
    """As it is met, and as it has passed."""
    for effect in crash_points(EFFECTS):
        stage = Sharing()
        await stage.connect("anna")
        await put(stage, LUNCH)
        stage.share("read")
        await dies_at(stage, effect, after=after)
        await stage.settle_down()
        assert (await stage.states())[1:] == [LOWERED], effect
        stage.share("write")
        await stage.wake.dirty(stage.key("anna"), stage.now)
        await dies_at(stage, effect, after=after)
        await stage.settle_down()
        assert (await stage.states())[1:] == [LOWERED, WELL], effect
        assert shown(stage) == ["Lunch"], effect
