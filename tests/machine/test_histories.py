"""Stories that once ended badly, told from the first edit to the rest that follows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.calendar.event import Event
from shared.errors import Refused
from shared.store.records import (
    AppointmentStatus,
    OperationState,
)
from shared.sync.timers import catch_up
from tests.machine.stage import Crash, Stage, as_told
from tests.machine.telling import (
    COFFEE,
    LUNCH,
    WITH_BEN,
    begun,
    delete,
    link_of,
    outcome,
    put,
    set_policy,
    shown,
    told,
)

# Directions.


async def test_nothing_made_in_outlook_reaches_the_app_when_all_goes_to_outlook():
    stage = await begun("anna", direction="to_outlook")
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    assert stage.host.appointments == {}


@pytest.mark.parametrize("cancel", [False, True])
async def test_a_deletion_comes_to_an_end_when_all_goes_to_outlook(cancel: bool):
    stage = await begun("anna", "ben", direction="to_outlook")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    deletion = await delete(stage, cancel=cancel)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.APPLIED
    assert shown(stage) == []


async def test_a_deletion_of_what_outlook_deleted_ends_when_all_goes_to_outlook():
    stage = await begun("anna", direction="to_outlook")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.outlook("anna").delete_event((await link_of(stage)).event_id)
    deletion = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.APPLIED


async def test_no_deletion_is_accepted_when_all_goes_to_the_app():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    await set_policy(stage, direction="to_app")
    with pytest.raises(Refused):
        await delete(stage)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]


@pytest.mark.parametrize("edit", ["put", "delete"])
async def test_what_waits_when_the_direction_turns_to_the_app_is_refused(edit: str):
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    if edit == "put":
        accepted = await put(stage, replace(LUNCH, subject="Late lunch"))
    else:
        accepted = await delete(stage)
    await set_policy(stage, direction="to_app")
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, accepted) is OperationState.REFUSED


# Owners.


async def test_an_edit_of_a_field_that_outlook_owns_does_not_cross():
    stage = await begun("anna", owners={"subject": "outlook"})
    await put(stage, LUNCH)
    await stage.settle_down()
    edit = await put(stage, replace(LUNCH, subject="Mine", location="Canteen"))
    await stage.settle_down()
    link = await link_of(stage)
    assert shown(stage) == ["Lunch"]
    assert link.outlook is not None
    assert link.outlook.location == "Canteen"
    assert stage.host.appointments["lunch"]["subject"] == "Lunch"
    assert await outcome(stage, edit) is OperationState.APPLIED
    assert any(change.data.get("conflicts") for change in await told(stage))


async def test_every_edit_of_a_field_that_the_app_owns_is_reported():
    stage = await begun("anna", owners={"subject": "app"})
    await put(stage, LUNCH)
    await stage.settle_down()
    for subject in ("Brunch", "Dinner"):
        stage.outlook("anna").update_event((await link_of(stage)).event_id, {"subject": subject})
        await stage.settle_down()
    reported = [c["outlook"] for x in await told(stage) for c in x.data.get("conflicts", ())]
    assert reported == ["Brunch", "Dinner"]


# Deleting and wanting it back.


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("event", [WITH_BEN, replace(WITH_BEN, location="Canteen")])
async def test_what_was_deleted_by_a_dead_worker_and_put_again_is_back(event: Event, cancel: bool):
    """The worker died between Graph's answer and the settling."""
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN)
    await stage.settle_down()
    stage.queues.sent.clear()
    await delete(stage, cancel=cancel)
    await worker_dies_once_deleted(stage)
    assert shown(stage) == []
    again = await put(stage, event)
    await stage.settle_down()
    assert shown(stage) == ["Lunch"]
    assert await outcome(stage, again) is OperationState.APPLIED
    assert stage.host.appointments["lunch"] == as_told(await link_of(stage))


async def worker_dies_once_deleted(stage: Stage) -> None:
    """Right behind the request that removes the event, before anything is settled."""
    mailbox = stage.twin.world.mailboxes[stage.people["anna"].id]
    before = stage.fuse.afterwards

    def dies() -> None:
        if not mailbox.events:
            stage.fuse.blown = True
            raise Crash
        before()

    stage.fuse.afterwards = dies  # type: ignore[method-assign]
    await stage.take_message()


async def test_a_deletion_that_microsoft_refused_can_be_followed_by_an_edit():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.twin.faults.add(
        {"match": {"method": "DELETE"}, "action": {"status": 400, "code": "ErrorInvalidRequest"}}
    )
    deletion = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, deletion) is OperationState.REFUSED
    stage.outlook("anna").update_event((await link_of(stage)).event_id, {"subject": "Brunch"})
    await stage.settle_down()
    assert stage.host.appointments["lunch"]["subject"] == "Brunch"


async def test_a_deletion_that_microsoft_refused_can_be_asked_for_again():
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    stage.twin.faults.add(
        {"match": {"method": "DELETE"}, "action": {"status": 400, "code": "ErrorInvalidRequest"}}
    )
    await delete(stage)
    await stage.settle_down()
    again = await delete(stage)
    await stage.settle_down()
    assert await outcome(stage, again) is OperationState.APPLIED
    assert shown(stage) == []


# One id, one home.


async def test_a_refused_first_put_does_not_bind_the_appointment_to_a_mailbox():
    stage = await begun("anna", "ben")
    with pytest.raises(Refused):
        await put(stage, LUNCH, if_version=3)
    await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert shown(stage, "ben") == ["Lunch"]


async def test_what_was_deleted_in_one_mailbox_can_be_put_in_another():
    stage = await begun("anna", "ben")
    await put(stage, LUNCH)
    await stage.settle_down()
    deletion = await delete(stage)
    await stage.settle_down()
    moved = await put(stage, LUNCH, mailbox="ben")
    await stage.settle_down()
    assert moved.link.version > deletion.link.version
    assert (shown(stage), shown(stage, "ben")) == ([], ["Lunch"])
    ids = [change.id for change in await told(stage)]
    assert f"{moved.operation.id}.applied" in ids


async def test_an_older_revision_is_refused_even_if_the_newer_one_changed_nothing():
    stage = await begun("anna")
    await put(stage, LUNCH, revision=1)
    await stage.settle_down()
    await put(stage, LUNCH, revision=3)
    with pytest.raises(Refused):
        await put(stage, replace(LUNCH, subject="Late lunch"), revision=2)


async def test_a_new_status_alone_reaches_outlook_in_no_way():
    stage = await begun("anna", "ben")
    await put(stage, WITH_BEN, status=AppointmentStatus.TENTATIVE)
    await stage.settle_down()
    mails = len(stage.twin.exchange.outbox)
    accepted = await put(stage, WITH_BEN)
    await stage.settle_down()
    assert await outcome(stage, accepted) is OperationState.APPLIED
    assert len(stage.twin.exchange.outbox) == mails


# Rounds.


async def test_an_event_of_another_calendar_of_the_mailbox_is_left_alone():
    """A subscription is the whole mailbox's, so its events are named by notifications."""
    stage = await begun("anna")
    other = stage.outlook("anna").create_calendar("Private")
    stage.outlook("anna").create_event(COFFEE, other)
    await stage.settle_down()
    assert stage.host.appointments == {}


async def test_what_delta_shows_late_is_told_within_two_minutes():
    stage = await begun("anna")
    stage.twin.switches.delta_lag_rounds = 1
    stage.outlook("anna").create_event(COFFEE)
    await stage.notify()
    await stage.take_message()
    assert await told_of_appointments(stage) == []
    for _ in range(2):
        stage.now += timedelta(minutes=1)
        await catch_up(stage.engine, stage.now)
    while stage.queues.sent:
        await stage.take_message()
    assert await told_of_appointments(stage) == ["calbridge.appointment.created"]


async def told_of_appointments(stage: Stage) -> list[str]:
    return [change.type for change in await told(stage) if ".appointment." in change.type]


async def test_a_calendar_is_read_while_subscriptions_fail():
    stage = await begun("anna")
    calendar = await stage.memory.calendar(stage.key("anna"))
    assert calendar is not None
    await stage.memory.put_calendar(replace(calendar, subscription="", subscription_expires=None))
    stage.twin.faults.add(
        {"match": {"path": "subscriptions"}, "action": {"status": 503}, "times": None}
    )
    stage.outlook("anna").create_event(COFFEE)
    await stage.settle_down()
    assert [a["subject"] for a in stage.host.appointments.values()] == ["Coffee"]


async def test_an_answer_that_came_with_a_lost_create_is_told():
    stage = await begun("anna")
    await put(stage, WITH_BEN)
    stage.fuse.lost_answers = 1
    await stage.take_message()
    mailbox = stage.twin.world.mailboxes[stage.people["ben"].id]
    stage.outlook("ben").respond(next(iter(mailbox.events)), "accept")
    await stage.settle_down()
    link = await link_of(stage)
    assert link.app is not None
    assert [a.response.value for a in link.app.attendees] == ["accepted"]
    answers = [
        a["response"]
        for change in await told(stage)
        for a in change.data.get("appointment", {}).get("attendees", ())
    ]
    assert answers == ["accepted"]


# Notifications.


async def test_a_late_notification_does_not_hide_a_newer_one():
    """An old etag that comes after a newer one would make the mark look like our own echo."""
    stage = await begun("anna")
    await put(stage, LUNCH)
    await stage.settle_down()
    link = await link_of(stage)
    stage.outlook("anna").update_event(link.event_id, {"subject": "Brunch"})
    await stage.notify()
    await stage.wake.dirty(stage.key("anna"), stage.now, ((link.event_id, link.outlook_etag),))

    await stage.settle_down(polls=False)

    assert stage.host.appointments["lunch"]["subject"] == "Brunch"


# What we may have written.


@pytest.mark.parametrize("after", [False, True])
async def test_a_half_told_write_is_no_edit_of_the_person_who_edits_another_field(after: bool):
    """The worker dies around its write of one subject; the host app wants another by then, and
    a person has moved the meeting. Both last words stand.
    """
    for effect in range(60):
        stage = await begun("anna")
        await put(stage, LUNCH)
        await stage.settle_down()
        await put(stage, replace(LUNCH, subject="renamed 1"))
        fuse = stage.fuse
        fuse.left, fuse.after = effect, after
        await stage.take_message()
        over, fuse.left = not fuse.blown, None
        stage.outlook("anna").update_event(
            (await link_of(stage)).event_id, {"location": {"displayName": "Garden"}}
        )
        await put(stage, replace(LUNCH, subject="renamed 2"))
        await stage.settle_down()
        held = stage.host.appointments["lunch"]
        assert (held["subject"], held["location"]) == ("renamed 2", "Garden"), effect
        if over:
            return
    raise AssertionError("writing one subject has no end")


@pytest.mark.parametrize("effect", range(4))
async def test_a_half_told_create_is_no_edit_of_the_person_who_edits_another_field(effect: int):
    stage = await begun("anna")
    await put(stage, replace(LUNCH, subject="first"))
    fuse = stage.fuse
    fuse.left, fuse.after = effect, True
    await stage.take_message()
    fuse.left = None
    for event in list(stage.twin.world.mailboxes[stage.people["anna"].id].events.values()):
        stage.outlook("anna").update_event(event.id, {"location": {"displayName": "Garden"}})
    made = len(shown(stage))
    await put(stage, replace(LUNCH, subject="second"))
    await stage.settle_down()
    held = stage.host.appointments["lunch"]
    assert (held["subject"], held["location"]) == ("second", "Garden" if made else "")
